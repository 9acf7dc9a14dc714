//! Ring memory serves one ring.

use embedded_hal::delay::DelayNs;
use vmdq::Queue;
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::ring::{BufferSize, RingMemory};

fn twice(
    queues: [Queue<I82576, Mmio>; 2],
    rx: &'static mut RingMemory<64>,
    tx: [&'static mut RingMemory<64>; 2],
    size: BufferSize,
    dma: Identity,
    delay: &mut impl DelayNs,
) {
    let ([q0, q1], [tx0, tx1]) = (queues, tx);
    let _ = q0.start(rx, tx0, size, dma, delay);
    let _ = q1.start(rx, tx1, size, dma, delay);
}

fn main() {}
