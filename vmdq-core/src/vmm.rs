//! A virtual machine's memory, as the I/O container reaches it (paper sections 2.3.2 and 3.7).
//!
//! What a virtual machine shares is an address and a length, never a Rust slice: the machine can
//! write it at any time. It is reached through the one trait that a hypervisor implements, [`Vmm`].

use core::fmt;

use crate::dma::DmaSpace;

/// Names a virtual machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct VmId(pub u16);

/// A range of a virtual machine's memory: where it begins in the machine's own addresses, and how
/// many bytes it has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GuestRange {
    /// The first byte, as the virtual machine counts.
    pub at: u64,
    /// The length in bytes.
    pub len: u32,
}

impl GuestRange {
    /// Returns the address behind the last byte, or `None` if the range runs out of the address
    /// space.
    #[must_use]
    pub const fn end(self) -> Option<u64> {
        self.at.checked_add(self.len as u64)
    }

    /// Tells whether the ranges have a byte in common. A range that runs out of the address space
    /// reaches to its end.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        let (end, other_end) =
            (self.at.saturating_add(self.len as u64), other.at.saturating_add(other.len as u64));
        self.at < other_end && other.at < end
    }
}

/// The range is not the virtual machine's memory, or no longer: drop what it was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NotOwned;

impl fmt::Display for NotOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the range is not the virtual machine's memory: drop what it was for")
    }
}
impl core::error::Error for NotOwned {}

/// Reaches the memory of virtual machines, for the I/O container.
///
/// # Safety
///
/// - A range that [`validate`](Self::validate) accepts is wholly memory of that virtual machine and
///   of nobody else (no other machine's, not the hypervisor's, not the I/O container's).
/// - From [`map`](Self::map) to [`unmap`](Self::unmap) the bus addresses `[a, a + len)` reach exactly
///   that memory from controllers behind `dma`, whatever the machine does meanwhile, its death
///   included: the pages stay pinned.
/// - [`read`](Self::read) and [`write`](Self::write) touch memory of that machine alone, and not as
///   Rust references: the machine writes it at the same time.
pub unsafe trait Vmm {
    /// Checks that a range is wholly the virtual machine's own memory, which it may share.
    ///
    /// # Errors
    ///
    /// [`NotOwned`] if any byte of it is not.
    fn validate(&self, vm: VmId, range: GuestRange) -> Result<(), NotOwned>;

    /// Pins a range that was validated and lets the controllers behind `dma` (the I/O container's
    /// map, with an IOMMU or without) write it; returns its bus address, or `None` if that is not
    /// possible.
    fn map<D: DmaSpace>(&self, vm: VmId, range: GuestRange, dma: &D) -> Option<u64>;

    /// Ends what [`map`](Self::map) began. No controller has the range any more (the caller saw to it).
    fn unmap<D: DmaSpace>(&self, vm: VmId, range: GuestRange, bus: u64, dma: &D);

    /// Copies from the virtual machine's memory.
    ///
    /// # Errors
    ///
    /// [`NotOwned`] if any byte is not the machine's; `into` then holds anything.
    fn read(&self, vm: VmId, at: u64, into: &mut [u8]) -> Result<(), NotOwned>;

    /// Copies to the virtual machine's memory.
    ///
    /// # Errors
    ///
    /// [`NotOwned`] if any byte is not the machine's; nothing of others is written.
    fn write(&self, vm: VmId, at: u64, from: &[u8]) -> Result<(), NotOwned>;

    /// Wakes the virtual machine's driver: its I/O channel has something for it.
    fn notify(&self, vm: VmId);
}
