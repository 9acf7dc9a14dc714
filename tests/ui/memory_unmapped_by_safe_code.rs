//! Memory may be a ring's: nobody unmaps or synchronises it without `unsafe`.

use core::ptr::NonNull;

use vmdq::dma::{Direction, DmaSpace};
use vmdq::vmm::{GuestRange, VmId, Vmm};

fn unmap(dma: impl DmaSpace, at: NonNull<u8>, vmm: impl Vmm, range: GuestRange) {
    dma.unmap(0x1000, 64, Direction::Both);
    dma.for_device(at, 64);
    dma.for_cpu(at, 64);
    vmm.unmap(VmId(1), range, 0x1000, &dma);
}

fn main() {}
