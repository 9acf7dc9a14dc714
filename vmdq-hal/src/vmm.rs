//! The DMA half of a hypervisor: mapping a virtual machine's memory for the controller (paper
//! section 3.7).
//!
//! Memory that a virtual machine shares is checked, read and written through [`GuestMemory`]. Memory that a
//! controller writes is also mapped, through the trait here.

pub use vmdq_core::guest::{GuestMemory, GuestRange, NotOwned, VmId};

use crate::dma::DmaSpace;

/// Maps the memory of virtual machines for controllers.
///
/// # Safety
///
/// - A range that [`validate`](GuestMemory::validate) accepts is memory of that virtual machine
///   only: of no other machine, not the hypervisor's, not the I/O container's.
/// - From [`map`](Self::map) to [`unmap`](Self::unmap) the bus addresses `[a, a + len)` reach exactly
///   that memory from controllers behind `dma`, no matter what the machine does meanwhile, even if it is
///   destroyed: the pages stay pinned.
/// - Two rings of one machine may ask for the same bytes. Then [`map`](Self::map) refuses, or maps them once
///   more: each [`unmap`](Self::unmap) ends the one `map` that returned its address, and what the others
///   returned reaches the memory still.
/// - [`read`](GuestMemory::read) and [`write`](GuestMemory::write) touch memory of that machine alone,
///   and not as Rust references: the machine writes it at the same time.
pub unsafe trait Vmm: GuestMemory {
    /// Pins a range that was validated and lets the controllers behind `dma` (the I/O container's
    /// map, with an IOMMU or without) write it; returns its bus address, or `None` if that is not
    /// possible, such as for bytes that are mapped already.
    fn map<D: DmaSpace>(&self, vm: VmId, range: GuestRange, dma: &D) -> Option<u64>;

    /// Ends what [`map`](Self::map) began.
    ///
    /// # Safety
    ///
    /// `map` of the same hypervisor returned `bus` for this range, it was not unmapped since, and no
    /// controller uses it any more.
    unsafe fn unmap<D: DmaSpace>(&self, vm: VmId, range: GuestRange, bus: u64, dma: &D);
}

// SAFETY: it is the one behind the reference.
unsafe impl<V: Vmm> Vmm for &V {
    fn map<D: DmaSpace>(&self, vm: VmId, range: GuestRange, dma: &D) -> Option<u64> {
        (**self).map(vm, range, dma)
    }

    unsafe fn unmap<D: DmaSpace>(&self, vm: VmId, range: GuestRange, bus: u64, dma: &D) {
        // SAFETY: the caller's promise.
        unsafe { (**self).unmap(vm, range, bus, dma) };
    }
}
