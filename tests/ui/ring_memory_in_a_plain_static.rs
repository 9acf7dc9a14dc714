//! A plain `static` is shared with all of the program.

use vmdq::igb::I82576;
use vmdq::ring::{BufferPool, RingMemory};
use vmdq::{Idle, Platform, Pool, Port, Vmdq};

static RX: RingMemory<64> = RingMemory::new();
static TX: RingMemory<64> = RingMemory::new();

fn start<P: Platform>(
    port: &Port<I82576, P, Vmdq>,
    pool: Pool<I82576, P, Idle>,
    buffers: &mut BufferPool,
) {
    let _ = port.start_with(pool, &RX, &TX, buffers);
}

fn main() {}
