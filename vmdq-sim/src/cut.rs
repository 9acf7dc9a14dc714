//! A bus that breaks off in the middle of a sequence, to test what a driver leaves behind after a crash.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vmdq_hal::bus::{Bus, Offset, PortId};

/// A bus that loses every write after the n-th. Clones share the count.
#[derive(Clone, Debug)]
pub struct Cut<B> {
    inner: B,
    left: Arc<AtomicU64>,
    lost: Arc<AtomicU64>,
}

impl<B: Bus> Cut<B> {
    /// Wraps a bus. Nothing is lost until [`after`](Self::after) is called.
    #[must_use]
    pub fn new(inner: B) -> Self {
        Self { inner, left: Arc::new(AtomicU64::new(u64::MAX)), lost: Arc::default() }
    }

    /// Lets `writes` more writes through and loses all others.
    pub fn after(&self, writes: u64) {
        self.lost.store(0, Ordering::Relaxed);
        self.left.store(writes, Ordering::Relaxed);
    }

    /// Lets all writes through again.
    pub fn mend(&self) {
        self.after(u64::MAX);
    }

    /// Returns how many writes were lost since the last call of [`after`](Self::after).
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

// SAFETY: it is the inner bus, whose accesses stay in order.
unsafe impl<B: Bus> Bus for Cut<B> {
    fn read32(&self, at: Offset) -> u32 {
        self.inner.read32(at)
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        let passed = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| match left {
            0 => None,
            u64::MAX => Some(u64::MAX),
            left => Some(left - 1),
        });
        match passed {
            // SAFETY: the caller's promise.
            Ok(_) => unsafe { self.inner.write32(at, value) },
            Err(_) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn id(&self) -> PortId {
        self.inner.id()
    }
}
