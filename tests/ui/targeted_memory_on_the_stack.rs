//! The memory of a targeted ring lives for good, the table of shared buffers included.

use embedded_hal::delay::DelayNs;
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::ring::{BufferSize, RingSpace};
use vmdq::targeted::TargetedMemory;
use vmdq::vmm::VmId;
use vmdq::{HeaderSize, Queue};

fn local(
    queue: Queue<I82576, Mmio>,
    tx: RingSpace,
    size: BufferSize,
    headers: HeaderSize<I82576>,
    dma: Identity,
    delay: &mut impl DelayNs,
) {
    let mut rx = TargetedMemory::<64, 64>::new();
    let _ = queue.start_targeted(&mut rx, tx, VmId(1), size, headers, dma, delay);
}

fn main() {}
