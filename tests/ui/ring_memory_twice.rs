//! Ring memory serves one ring.

use vmdq::igb::I82576;
use vmdq::ring::{BufferSize, RingMemory};
use vmdq::{Idle, Platform, Pool, Port, Vmdq};

fn twice<P: Platform>(
    port: &Port<I82576, P, Vmdq>,
    [p0, p1]: [Pool<I82576, P, Idle>; 2],
    rx: &'static mut RingMemory<64>,
    [tx0, tx1]: [&'static mut RingMemory<64>; 2],
    size: BufferSize,
) {
    let _ = port.start(p0, rx, tx0, size);
    let _ = port.start(p1, rx, tx1, size);
}

fn main() {}
