//! Ring memory lives for good.

use vmdq::igb::I82576;
use vmdq::ring::{BufferSize, RingMemory};
use vmdq::{Idle, Platform, Pool, Port, Vmdq};

fn local<P: Platform>(port: &Port<I82576, P, Vmdq>, pool: Pool<I82576, P, Idle>, size: BufferSize) {
    let mut rx = RingMemory::<64>::new();
    let mut tx = RingMemory::<64>::new();
    let _ = port.start(pool, &mut rx, &mut tx, size);
}

fn main() {}
