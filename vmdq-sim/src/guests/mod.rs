//! Memory of virtual machines, and a check of all accesses to it.
//!
//! A guest address is neither a pointer nor a bus address and belongs to one machine alone, so that a
//! range of another machine, or of none, is never taken for the machine's own. What the I/O container may
//! not do with it ([`Vmm`]) is refused or, where the contract leaves that to the caller, logged.

mod machine;

use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vmdq_hal::dma::{Direction, DmaSpace};
use vmdq_hal::vmm::{GuestMemory, GuestRange, NotOwned, VmId, Vmm};

use crate::memory::{load, store};
use machine::{Machine, Mapping};

/// Virtual machines' memory, as a hypervisor has it; clones are handles to the same.
///
/// # Examples
///
/// ```
/// use vmdq_hal::vmm::{GuestMemory, GuestRange, NotOwned, Vmm};
/// use vmdq_sim::Guests;
///
/// let guests = Guests::new();
/// let (red, blue) = (guests.add(16), guests.add(16));
/// let buffer = red.alloc(2048, 2048).ok_or("no room")?;
/// assert!(guests.validate(red.vm(), buffer).is_ok());
/// assert_eq!(guests.validate(blue.vm(), buffer), Err(NotOwned));
///
/// // The I/O container writes, the guest reads.
/// guests.write(red.vm(), buffer.at, b"frame")?;
/// let mut frame = [0; 5];
/// red.read(buffer.at, &mut frame)?;
/// assert_eq!(&frame, b"frame");
/// assert_eq!(guests.counters(red.vm()).written, 5);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Default, Debug)]
pub struct Guests(Arc<Mutex<State>>);

#[derive(Default, Debug)]
struct State {
    machines: Vec<Machine>,
    violations: Vec<GuestViolation>,
}

/// Counts of accesses to a virtual machine's memory from outside the machine.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct GuestCounters {
    /// Bytes that were copied from the machine's memory.
    pub read: u64,
    /// Bytes that were copied to the machine's memory.
    pub written: u64,
    /// Copies and checks that were refused, since a byte was not the machine's.
    pub refused: u64,
    /// Notifications.
    pub notified: u64,
    /// Ranges that are mapped now.
    pub mapped: usize,
}

/// A violation of the contract of [`Vmm`] by the I/O container.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GuestViolation {
    /// The machine whose memory it should have been.
    pub vm: VmId,
    /// Which rule was broken.
    pub rule: GuestRule,
    /// The range.
    pub range: GuestRange,
}

/// The rules that [`Guests`] checks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum GuestRule {
    /// A range was mapped of which not all is the machine's: it was not validated.
    MapOutside,
    /// A range was unmapped that is not mapped, or not as it was mapped.
    NotMapped,
    /// A machine was removed while a controller could still write its memory.
    FreedWhileMapped,
}

impl fmt::Display for GuestViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vm, rule, range } = self;
        write!(f, "{rule:?}: machine {}, {} bytes at {:#x}", vm.0, range.len, range.at)
    }
}

impl Guests {
    /// Makes a hypervisor without machines.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a machine with `pages` pages of zeroed memory; returns the handle of its own program.
    ///
    /// The memory is never given to another machine, not even after [`remove`](Self::remove).
    ///
    /// # Panics
    ///
    /// With the 65536th machine, and for a machine of 4 GiB or more.
    #[must_use = "the machine's program accesses its memory through it"]
    pub fn add(&self, pages: usize) -> Guest {
        let mut state = self.lock();
        let vm = VmId(u16::try_from(state.machines.len()).expect("too many machines"));
        state.machines.push(Machine::new(vm, pages));
        Guest { guests: self.clone(), vm }
    }

    /// Removes a machine; its memory then belongs to no machine.
    ///
    /// Mapped ranges stay pinned, and count as a violation.
    pub fn remove(&self, vm: VmId) {
        let mut state = self.lock();
        let Some(machine) = state.machine(vm) else { return };
        machine.release(machine.memory());
        for range in machine.mapped_ranges() {
            state.violations.push(GuestViolation { vm, rule: GuestRule::FreedWhileMapped, range });
        }
    }

    /// Returns the counts of a machine's memory; all 0 for a machine that was never added.
    #[must_use]
    pub fn counters(&self, vm: VmId) -> GuestCounters {
        self.lock().machine(vm).map(|machine| machine.counters()).unwrap_or_default()
    }

    /// Returns the violations so far.
    #[must_use]
    pub fn violations(&self) -> Vec<GuestViolation> {
        self.lock().violations.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn machine(&mut self, vm: VmId) -> Option<&mut Machine> {
        self.machines.get_mut(usize::from(vm.0))
    }

    /// Counts an access from outside of the machine; `None` if it is not wholly to its memory.
    fn access(&mut self, vm: VmId, at: u64, len: usize, written: bool) -> Option<NonNull<u8>> {
        let machine = self.machine(vm)?;
        let Some(host) = machine.find(at, len as u64) else {
            machine.counters.refused += 1;
            return None;
        };
        let counters = &mut machine.counters;
        *if written { &mut counters.written } else { &mut counters.read } += len as u64;
        Some(host)
    }
}

impl GuestMemory for Guests {
    fn validate(&self, vm: VmId, range: GuestRange) -> Result<(), NotOwned> {
        let mut state = self.lock();
        let machine = state.machine(vm).ok_or(NotOwned)?;
        let owned = machine.find(range.at, range.len.into()).is_some();
        machine.counters.refused += u64::from(!owned);
        if owned { Ok(()) } else { Err(NotOwned) }
    }

    fn read(&self, vm: VmId, at: u64, into: &mut [u8]) -> Result<(), NotOwned> {
        let host = self.lock().access(vm, at, into.len(), false).ok_or(NotOwned)?;
        load(host, into);
        Ok(())
    }

    fn write(&self, vm: VmId, at: u64, from: &[u8]) -> Result<(), NotOwned> {
        let host = self.lock().access(vm, at, from.len(), true).ok_or(NotOwned)?;
        store(host, from);
        Ok(())
    }

    fn notify(&self, vm: VmId) {
        if let Some(machine) = self.lock().machine(vm) {
            machine.counters.notified += 1;
        }
    }
}

// SAFETY: every machine has host memory of its own that is never given to another; `Machine::find`
// finds only that memory, and only for pages that the machine owns. It is read and written by volatile
// accesses and atomics only. The memory of a mapped range stays where it is, as all of it does.
unsafe impl Vmm for Guests {
    fn map<D: DmaSpace>(&self, vm: VmId, range: GuestRange, dma: &D) -> Option<u64> {
        let mut state = self.lock();
        let broken = |state: &mut State, rule| state.violations.push(GuestViolation { vm, rule, range });
        let Some(host) = state.machine(vm).and_then(|machine| machine.find(range.at, range.len.into()))
        else {
            broken(&mut state, GuestRule::MapOutside);
            return None;
        };
        // Each byte once: two rings may ask for it, neither of which knows of the other.
        if state.machine(vm)?.maps(range) {
            return None;
        }
        let bus = dma.map(host, range.len as usize, Direction::FromDevice)?;
        state.machine(vm)?.mapped.insert(range.at, Mapping { len: range.len, bus });
        Some(bus)
    }

    unsafe fn unmap<D: DmaSpace>(&self, vm: VmId, range: GuestRange, bus: u64, dma: &D) {
        let mut state = self.lock();
        let known = state.machine(vm).is_some_and(|machine| {
            let known = machine.mapped.get(&range.at) == Some(&Mapping { len: range.len, bus });
            if known {
                machine.mapped.remove(&range.at);
            }
            known
        });
        if known {
            // SAFETY: the caller's promise.
            unsafe { dma.unmap(bus, range.len as usize, Direction::FromDevice) };
        } else {
            state.violations.push(GuestViolation { vm, rule: GuestRule::NotMapped, range });
        }
    }
}

/// A virtual machine as its own program sees it, with access to its own memory only.
#[derive(Clone, Debug)]
pub struct Guest {
    guests: Guests,
    vm: VmId,
}

/// A machine's memory at some time.
#[derive(Clone, Debug)]
pub struct Snapshot(Vec<u8>);

impl Guest {
    /// Returns the machine's id.
    #[must_use]
    pub const fn vm(&self) -> VmId {
        self.vm
    }

    /// Returns all memory that the machine was given.
    #[must_use]
    pub fn memory(&self) -> GuestRange {
        self.with(|machine| machine.memory())
    }

    /// Returns how often the machine was notified so far; a sleeping driver checks whether it increased.
    #[must_use]
    pub fn notified(&self) -> u64 {
        self.with(|machine| machine.counters.notified)
    }

    /// Allocates unused memory at a multiple of `align`; `None` if there is not enough.
    ///
    /// It is never given back.
    #[must_use]
    pub fn alloc(&self, len: u32, align: u64) -> Option<GuestRange> {
        self.with(|machine| machine.alloc(len, align))
    }

    /// Gives back the pages that lie completely in a range, as a balloon driver does.
    ///
    /// They then belong to no machine. Mapped ranges stay pinned.
    pub fn release(&self, range: GuestRange) {
        self.with(|machine| machine.release(range));
    }

    /// Reads the machine's memory.
    ///
    /// # Errors
    ///
    /// [`NotOwned`] if any byte is not the machine's.
    pub fn read(&self, at: u64, into: &mut [u8]) -> Result<(), NotOwned> {
        let host = self.with(|machine| machine.find(at, into.len() as u64)).ok_or(NotOwned)?;
        load(host, into);
        Ok(())
    }

    /// Writes the machine's memory, even while a controller or the I/O container accesses it.
    ///
    /// # Errors
    ///
    /// [`NotOwned`] if any byte is not the machine's.
    pub fn write(&self, at: u64, from: &[u8]) -> Result<(), NotOwned> {
        let host = self.with(|machine| machine.find(at, from.len() as u64)).ok_or(NotOwned)?;
        store(host, from);
        Ok(())
    }

    /// Shares a range as the words of an I/O channel.
    ///
    /// # Errors
    ///
    /// [`NotOwned`] if any byte is not the machine's, or if it does not begin at a multiple of 4.
    pub fn words(&self, range: GuestRange) -> Result<&'static [AtomicU32], NotOwned> {
        let host = self.with(|machine| machine.find(range.at, range.len.into())).ok_or(NotOwned)?;
        if !range.at.is_multiple_of(4) {
            return Err(NotOwned);
        }
        // SAFETY: initialised memory inside one machine's (`find`), aligned since machines begin at a
        // page in both worlds, and never taken back. Whoever else reaches it does so by volatile
        // accesses and atomics.
        Ok(unsafe { core::slice::from_raw_parts(host.cast::<AtomicU32>().as_ptr(), range.len as usize / 4) })
    }

    /// Takes a copy of all memory that the machine was given.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let (host, len) = self.with(|machine| (machine.host(), machine.memory().len as usize));
        let mut bytes = vec![0; len];
        load(host, &mut bytes);
        Snapshot(bytes)
    }

    /// Finds what has changed since a snapshot: runs of bytes, lowest first.
    #[must_use]
    pub fn differences(&self, since: &Snapshot) -> Vec<GuestRange> {
        let (start, now) = (self.memory().at, self.snapshot());
        let mut runs = Vec::<GuestRange>::new();
        for (offset, (old, new)) in since.0.iter().zip(&now.0).enumerate() {
            let at = start + offset as u64;
            match runs.last_mut() {
                _ if old == new => {}
                Some(run) if run.end() == Some(at) => run.len += 1,
                _ => runs.push(GuestRange { at, len: 1 }),
            }
        }
        runs
    }

    fn with<R>(&self, look: impl FnOnce(&mut Machine) -> R) -> R {
        let mut state = self.guests.lock();
        look(state.machine(self.vm).expect("machines are never taken off the list"))
    }
}
