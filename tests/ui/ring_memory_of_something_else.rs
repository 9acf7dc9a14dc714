//! Bytes are not ring memory.

use embedded_hal::delay::DelayNs;
use vmdq::Queue;
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::ring::{BufferSize, RingSpace};

fn bytes(
    queue: Queue<I82576, Mmio>,
    rx: &'static mut [u8; 1024],
    tx: RingSpace,
    size: BufferSize,
    dma: Identity,
    delay: &mut impl DelayNs,
) {
    let _ = queue.start(rx, tx, size, dma, delay);
}

fn main() {}
