//! Bytes are not ring memory.

use vmdq::igb::I82576;
use vmdq::ring::{BufferSize, RingSpace};
use vmdq::{Idle, Platform, Pool, Port, Vmdq};

fn bytes<P: Platform>(
    port: &Port<I82576, P, Vmdq>,
    pool: Pool<I82576, P, Idle>,
    rx: &'static mut [u8; 1024],
    tx: RingSpace,
    size: BufferSize,
) {
    let _ = port.start(pool, rx, tx, size);
}

fn main() {}
