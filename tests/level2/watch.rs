//! Who did what in which order: a bus and a hypervisor that write one log.

use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use vmdq::bus::{Bus, Offset, PortId};
use vmdq::dma::DmaSpace;
use vmdq::vmm::{GuestRange, VmId, Vmm};
use vmdq_sim::Guests;

use crate::common::memory_of_guests;

/// One thing that the driver did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    Read,
    Write,
    Map(GuestRange, u64),
    Unmap(GuestRange, u64),
}

/// What the driver did, in order. Clones share it.
#[derive(Clone, Default, Debug)]
pub(crate) struct Log(Arc<Mutex<Vec<Event>>>);

impl Log {
    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.0.lock().expect("nobody panics while writing a line")
    }

    /// Takes what was logged since the last call.
    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.lock())
    }
}

/// The bit of a queue's control register that says whether it runs.
const ENABLE: u32 = 1 << 25;

/// A bus that logs, and over which one queue may seem to run for ever. Clones share what they know.
#[derive(Clone)]
pub(crate) struct WatchedBus<B> {
    inner: B,
    log: Log,
    /// The register in which ENABLE reads 1.
    pub(crate) stuck: Arc<AtomicU32>,
}

impl<B> WatchedBus<B> {
    pub(crate) fn new(inner: B, log: Log) -> Self {
        Self { inner, log, stuck: Arc::new(AtomicU32::new(u32::MAX)) }
    }
}

// SAFETY: it is the inner bus, of which one register may read what is not so.
unsafe impl<B: Bus> Bus for WatchedBus<B> {
    fn read32(&self, at: Offset) -> u32 {
        self.log.lock().push(Event::Read);
        let set = if at.bytes() == self.stuck.load(Ordering::Relaxed) { ENABLE } else { 0 };
        self.inner.read32(at) | set
    }
    unsafe fn write32(&self, at: Offset, value: u32) {
        self.log.lock().push(Event::Write);
        // SAFETY: the caller's promise.
        unsafe { self.inner.write32(at, value) };
    }
    fn id(&self) -> PortId {
        self.inner.id()
    }
}

/// A hypervisor that logs; and may map nothing, or askew of where it should. Clones share what they know.
#[derive(Clone)]
pub(crate) struct WatchedVmm {
    guests: Guests,
    pub(crate) log: Log,
    askew: Arc<Mutex<Option<u64>>>,
}

impl WatchedVmm {
    pub(crate) fn new(guests: &Guests) -> Self {
        Self::logging(guests, &Log::default())
    }

    /// Makes one that writes this log.
    pub(crate) fn logging(guests: &Guests, log: &Log) -> Self {
        Self { guests: guests.clone(), log: log.clone(), askew: Arc::new(Mutex::new(Some(0))) }
    }

    /// Maps so far askew from now on; with `None` nothing.
    pub(crate) fn set_askew(&self, askew: Option<u64>) {
        *self.askew.lock().expect("nobody panics with it") = askew;
    }

    fn askew(&self) -> Option<u64> {
        *self.askew.lock().expect("nobody panics with it")
    }
}

memory_of_guests!(WatchedVmm);

// SAFETY: it is `Guests`; a range that it maps askew is of addresses that no machine has.
unsafe impl Vmm for WatchedVmm {
    fn map<D: DmaSpace>(&self, vm: VmId, range: GuestRange, dma: &D) -> Option<u64> {
        let askew = self.askew()?;
        let bus = self.guests.map(vm, range, dma)? + askew;
        self.log.lock().push(Event::Map(range, bus));
        Some(bus)
    }

    unsafe fn unmap<D: DmaSpace>(&self, vm: VmId, range: GuestRange, bus: u64, dma: &D) {
        self.log.lock().push(Event::Unmap(range, bus));
        // SAFETY: the caller's promise.
        unsafe { self.guests.unmap(vm, range, bus - self.askew().unwrap_or(0), dma) };
    }
}
