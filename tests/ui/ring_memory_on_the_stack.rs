//! Ring memory lives for good.

use embedded_hal::delay::DelayNs;
use vmdq::Queue;
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::ring::{BufferSize, RingMemory};

fn local(queue: Queue<I82576, Mmio>, size: BufferSize, dma: Identity, delay: &mut impl DelayNs) {
    let mut rx = RingMemory::<64>::new();
    let mut tx = RingMemory::<64>::new();
    let _ = queue.start(&mut rx, &mut tx, size, dma, delay);
}

fn main() {}
