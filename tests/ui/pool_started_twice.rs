//! A pool runs once.

use vmdq::igb::I82576;
use vmdq::ring::{BufferSize, RingSpace};
use vmdq::{Idle, Platform, Pool, Port, Vmdq};

fn twice<P: Platform>(
    port: &Port<I82576, P, Vmdq>,
    pool: Pool<I82576, P, Idle>,
    [rx0, rx1, tx0, tx1]: [RingSpace; 4],
    size: BufferSize,
) {
    let _ = port.start(pool, rx0, tx0, size);
    let _ = port.start(pool, rx1, tx1, size);
}

fn main() {}
