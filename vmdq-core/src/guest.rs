//! A virtual machine's memory, as the I/O container accesses it (paper sections 2.3.2 and 3.7).
//!
//! A virtual machine shares an address and a length, never a Rust slice, because the machine can write the
//! memory at any time. It is accessed through a trait that the hypervisor implements, [`GuestMemory`].
#![forbid(unsafe_code)]

use core::fmt;

/// The id of a virtual machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct VmId(pub u16);

/// A range of a virtual machine's memory, in the machine's own addresses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GuestRange {
    /// The address of the first byte.
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

/// The range is not the virtual machine's memory (any more): drop the frame or buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NotOwned;

impl fmt::Display for NotOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the range is not the virtual machine's memory: drop the frame or buffer")
    }
}
impl core::error::Error for NotOwned {}

/// Access to the memory of virtual machines, for the I/O container.
///
/// Memory that a controller writes is mapped by the hypervisor's `Vmm` of `vmdq-hal`, which builds on this
/// trait.
pub trait GuestMemory {
    /// Checks that all of a range is the virtual machine's own memory, which it may share.
    ///
    /// # Errors
    ///
    /// [`NotOwned`] if any byte of it is not.
    fn validate(&self, vm: VmId, range: GuestRange) -> Result<(), NotOwned>;

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

    /// Notifies the virtual machine's driver that its I/O channel has something for it.
    fn notify(&self, vm: VmId);
}

impl<G: GuestMemory + ?Sized> GuestMemory for &G {
    fn validate(&self, vm: VmId, range: GuestRange) -> Result<(), NotOwned> {
        (**self).validate(vm, range)
    }

    fn read(&self, vm: VmId, at: u64, into: &mut [u8]) -> Result<(), NotOwned> {
        (**self).read(vm, at, into)
    }

    fn write(&self, vm: VmId, at: u64, from: &[u8]) -> Result<(), NotOwned> {
        (**self).write(vm, at, from)
    }

    fn notify(&self, vm: VmId) {
        (**self).notify(vm);
    }
}
