//! The table of a virtual machine's shared buffers, and the state of each.

use core::fmt;

use crate::dma::DmaSpace;
use crate::vmm::{GuestRange, VmId, Vmm};

/// Alignment of a shared buffer's address, in the virtual machine and for the device.
///
/// Buffers share no cache line, and the devices use bit 0 of an address.
const ALIGN: u64 = 64;

/// No buffer, as a link.
const NONE: u16 = u16::MAX;

/// The state of a shared buffer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ShareState {
    /// The I/O container holds it; no descriptor names it.
    Held,
    /// A descriptor names it: the device may write it.
    Posted,
    /// The virtual machine has it, with a frame.
    Delivered,
}

/// A place in the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    range: GuestRange,
    bus: u64,
    /// `None`: nothing is shared under this id.
    state: Option<ShareState>,
    /// Held: the id that is held next.
    next: u16,
}

impl Entry {
    pub(super) const EMPTY: Self =
        Self { range: GuestRange { at: 0, len: 0 }, bus: 0, state: None, next: NONE };
}

/// The shared buffers of one virtual machine.
#[derive(Debug)]
pub(super) struct Shares {
    vm: VmId,
    entries: &'static mut [Entry],
    /// The held buffers are linked, the last one first: it is warm in the virtual machine's cache.
    first_held: u16,
    held: u16,
    delivered: u16,
}

impl Shares {
    /// Begins a table in which nothing is shared.
    pub(super) fn new(vm: VmId, entries: &'static mut [Entry]) -> Self {
        entries.fill(Entry::EMPTY);
        Self { vm, entries, first_held: NONE, held: 0, delivered: 0 }
    }

    pub(super) const fn vm(&self) -> VmId {
        self.vm
    }

    pub(super) const fn held(&self) -> usize {
        self.held as usize
    }

    pub(super) const fn delivered(&self) -> usize {
        self.delivered as usize
    }

    pub(super) fn find(&self, id: u16) -> Option<(GuestRange, ShareState)> {
        let entry = self.entries.get(usize::from(id))?;
        Some((entry.range, entry.state?))
    }

    /// Returns the bus address of a shared buffer.
    pub(super) fn bus(&self, id: u16) -> u64 {
        self.entries[usize::from(id)].bus
    }

    /// Checks and maps a range, of which the device needs `least` bytes; then it is held.
    pub(super) fn share<V: Vmm, D: DmaSpace>(
        &mut self,
        vmm: &V,
        dma: &D,
        id: u16,
        range: GuestRange,
        least: usize,
    ) -> Result<(), ShareError> {
        match self.entries.get(usize::from(id)) {
            None => return Err(ShareError::NoSuchId { ids: self.entries.len() as u16 }),
            Some(entry) if entry.state.is_some() => return Err(ShareError::IdInUse),
            Some(_) => {}
        }
        if (range.len as usize) < least {
            return Err(ShareError::TooShort { least: least as u32 });
        }
        if !range.at.is_multiple_of(ALIGN) {
            return Err(ShareError::NotAligned);
        }
        if range.end().is_none() {
            return Err(ShareError::NotOwned);
        }
        if self.entries.iter().any(|other| other.state.is_some() && other.range.overlaps(range)) {
            return Err(ShareError::Overlaps);
        }
        vmm.validate(self.vm, range).map_err(|_| ShareError::NotOwned)?;
        let bus = vmm.map(self.vm, range, dma).ok_or(ShareError::NotMapped)?;
        if !bus.is_multiple_of(ALIGN) {
            // SAFETY: just mapped, and not yet given to the controller.
            unsafe { vmm.unmap(self.vm, range, bus, dma) };
            return Err(ShareError::NotMapped);
        }
        let entry = &mut self.entries[usize::from(id)];
        (entry.range, entry.bus) = (range, bus);
        self.hold(id);
        Ok(())
    }

    /// Ends what `share` began.
    pub(super) fn unshare<V: Vmm, D: DmaSpace>(
        &mut self,
        vmm: &V,
        dma: &D,
        id: u16,
    ) -> Result<(), UnshareError> {
        match self.find(id) {
            None => return Err(UnshareError::NotShared),
            Some((_, ShareState::Posted)) => return Err(UnshareError::Posted),
            Some((_, ShareState::Delivered)) => self.delivered -= 1,
            Some((_, ShareState::Held)) => self.unlink(id),
        }
        self.forget(vmm, dma, usize::from(id));
        Ok(())
    }

    /// Unmaps every buffer in any state.
    ///
    /// The device has been seen to have stopped (caller): no posted buffer is in use.
    pub(super) fn unshare_all<V: Vmm, D: DmaSpace>(mut self, vmm: &V, dma: &D) -> &'static mut [Entry] {
        for id in 0..self.entries.len() {
            if self.entries[id].state.is_some() {
                self.forget(vmm, dma, id);
            }
        }
        self.entries
    }

    /// Unmaps a buffer that the device does not use: it is not posted, or the queue was seen stopped
    /// (callers).
    fn forget<V: Vmm, D: DmaSpace>(&mut self, vmm: &V, dma: &D, id: usize) {
        let entry = core::mem::replace(&mut self.entries[id], Entry::EMPTY);
        // SAFETY: mapped by `share`, taken out of the table just now, and not the device's (callers).
        unsafe { vmm.unmap(self.vm, entry.range, entry.bus, dma) };
    }

    /// Takes a held buffer.
    pub(super) fn take_held(&mut self, to: ShareState) -> Option<u16> {
        let id = self.first_held;
        let entry = self.entries.get_mut(usize::from(id))?;
        entry.state = Some(to);
        self.first_held = entry.next;
        self.held -= 1;
        self.delivered += u16::from(to == ShareState::Delivered);
        Some(id)
    }

    /// Holds a buffer that no list has.
    fn hold(&mut self, id: u16) {
        let entry = &mut self.entries[usize::from(id)];
        (entry.state, entry.next) = (Some(ShareState::Held), self.first_held);
        self.first_held = id;
        self.held += 1;
    }

    /// Takes a certain buffer out of the list of those that are held.
    fn unlink(&mut self, id: u16) {
        let after = self.entries[usize::from(id)].next;
        let before =
            self.entries.iter_mut().find(|entry| entry.state == Some(ShareState::Held) && entry.next == id);
        match before {
            Some(entry) => entry.next = after,
            None => self.first_held = after,
        }
        self.held -= 1;
    }

    /// Says that a posted buffer has a frame.
    pub(super) fn deliver(&mut self, id: u16) -> GuestRange {
        self.delivered += 1;
        let entry = &mut self.entries[usize::from(id)];
        entry.state = Some(ShareState::Delivered);
        entry.range
    }

    /// Takes back what was delivered.
    pub(super) fn give_back(&mut self, id: u16) -> Result<(), GiveBackError> {
        match self.find(id) {
            Some((_, ShareState::Delivered)) => {
                self.delivered -= 1;
                self.hold(id);
                Ok(())
            }
            _ => Err(GiveBackError),
        }
    }
}

/// Why a buffer was not shared. Nothing of it reached a descriptor.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ShareError {
    /// There is no such id: use a lower one.
    NoSuchId {
        /// How many there are.
        ids: u16,
    },
    /// A buffer is shared under this id already: unshare it first.
    IdInUse,
    /// The buffer is shorter than what the device writes: share a longer one.
    TooShort {
        /// The least length in bytes.
        least: u32,
    },
    /// The buffer does not begin at a multiple of 64 bytes: move it.
    NotAligned,
    /// A byte of it is shared already: share each once.
    Overlaps,
    /// Not all of it is memory of the virtual machine: share one that is.
    NotOwned,
    /// The hypervisor can't map it for the controller: share another one.
    NotMapped,
}

impl fmt::Display for ShareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchId { ids } => write!(f, "there are {ids} ids: use a lower one"),
            Self::IdInUse => f.write_str("the id has a buffer already: unshare it first"),
            Self::TooShort { least } => {
                write!(f, "the device writes up to {least} bytes: share a longer buffer")
            }
            Self::NotAligned => f.write_str("the buffer does not begin at a multiple of 64 bytes: move it"),
            Self::Overlaps => f.write_str("a byte of the buffer is shared already: share each once"),
            Self::NotOwned => {
                f.write_str("not all of the buffer is the virtual machine's memory: share one that is")
            }
            Self::NotMapped => {
                f.write_str("the buffer can't be mapped for the controller: share another one")
            }
        }
    }
}
impl core::error::Error for ShareError {}

/// Why a buffer was not taken out of sharing.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum UnshareError {
    /// No buffer is shared under this id: do nothing.
    NotShared,
    /// The device may write it: try again when it holds a frame, or stop the queue.
    Posted,
}

impl fmt::Display for UnshareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotShared => "no buffer is shared under this id: do nothing",
            Self::Posted => "the device may write the buffer: wait until it holds a frame, or stop the queue",
        })
    }
}
impl core::error::Error for UnshareError {}

/// The virtual machine returned a buffer that it does not have: refuse it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GiveBackError;

impl fmt::Display for GiveBackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the virtual machine does not have this buffer: refuse it")
    }
}
impl core::error::Error for GiveBackError {}
