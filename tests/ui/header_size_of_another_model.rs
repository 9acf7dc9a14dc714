//! A size of header buffers is one that the model has.

use embedded_hal::delay::DelayNs;
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::ixgbe::I82598;
use vmdq::ring::{BufferSize, RingSpace};
use vmdq::targeted::TargetedSpace;
use vmdq::vmm::VmId;
use vmdq::{HeaderSize, Queue};

fn mixed(
    queue: Queue<I82576, Mmio>,
    rx: TargetedSpace,
    tx: RingSpace,
    size: BufferSize,
    headers: HeaderSize<I82598>,
    dma: Identity,
    delay: &mut impl DelayNs,
) {
    let _ = queue.start_targeted(rx, tx, VmId(1), size, headers, dma, delay);
}

fn main() {}
