//! A queue runs once.

use embedded_hal::delay::DelayNs;
use vmdq::Queue;
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::ring::{BufferSize, RingSpace};

fn twice(
    queue: Queue<I82576, Mmio>,
    rx: [RingSpace; 2],
    tx: [RingSpace; 2],
    size: BufferSize,
    dma: Identity,
    delay: &mut impl DelayNs,
) {
    let ([rx0, rx1], [tx0, tx1]) = (rx, tx);
    let _ = queue.start(rx0, tx0, size, dma, delay);
    let _ = queue.start(rx1, tx1, size, dma, delay);
}

fn main() {}
