//! Counts register accesses, for the claims about them (no read, one tail write per burst).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vmdq_hal::bus::{Bus, Offset, PortId};

#[derive(Default, Debug)]
struct Counts {
    reads: BTreeMap<u32, u64>,
    writes: BTreeMap<u32, u64>,
}

/// A bus that counts what goes over it. Clones share the counters.
#[derive(Clone, Debug)]
pub struct Traced<B> {
    inner: B,
    counts: Arc<Mutex<Counts>>,
}

impl<B: Bus> Traced<B> {
    /// Wraps a bus.
    #[must_use]
    pub fn new(inner: B) -> Self {
        Self { inner, counts: Arc::default() }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many registers were read.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.counts().reads.values().sum()
    }

    /// Returns how many registers were written.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.counts().writes.values().sum()
    }

    /// Returns how often the register at `offset` was read.
    #[must_use]
    pub fn reads_at(&self, offset: u32) -> u64 {
        self.counts().reads.get(&offset).copied().unwrap_or(0)
    }

    /// Returns how often the register at `offset` was written.
    #[must_use]
    pub fn writes_at(&self, offset: u32) -> u64 {
        self.counts().writes.get(&offset).copied().unwrap_or(0)
    }

    /// Sets every counter back to 0.
    pub fn reset_counts(&self) {
        *self.counts() = Counts::default();
    }
}

// SAFETY: it is the inner bus, whose accesses stay in order.
unsafe impl<B: Bus> Bus for Traced<B> {
    fn read32(&self, at: Offset) -> u32 {
        *self.counts().reads.entry(at.bytes()).or_default() += 1;
        self.inner.read32(at)
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        *self.counts().writes.entry(at.bytes()).or_default() += 1;
        // SAFETY: the caller's promise.
        unsafe { self.inner.write32(at, value) };
    }

    fn id(&self) -> PortId {
        self.inner.id()
    }
}
