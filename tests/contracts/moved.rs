//! A window that is no longer decoded while a pool is stopped, as after its BAR was moved: the device goes on, and
//! what reads 0 is no proof that it has stopped, so that no memory comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vmdq::bus::{Bus, Offset, PortId};
use vmdq::{Config, Refused, Started, StopError};
use vmdq_sim::{Sim, SimBus, Testbed};

use crate::common::{Concrete, Plan, QueuePair, Setup, ready};

/// A bus whose window is elsewhere after a number of accesses. Clones share the count.
#[derive(Clone)]
struct Moving {
    inner: SimBus,
    left: Arc<AtomicU64>,
}

impl Moving {
    /// Tells whether the window is still there for an access.
    fn is_here(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

// SAFETY: it is the model's bus.
unsafe impl Bus for Moving {
    fn read32(&self, at: Offset) -> u32 {
        if self.is_here() { self.inner.read32(at) } else { 0 }
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        if self.is_here() {
            // SAFETY: the caller's promise.
            unsafe { self.inner.write32(at, value) };
        }
    }

    fn id(&self) -> PortId {
        self.inner.id()
    }
}

/// Stops a pool while the window moves away after `accesses` accesses; returns how many there were and the
/// result.
fn stop<M: Concrete>(bed: Sim, accesses: u64) -> (u64, Result<(), StopError>) {
    let bus = Moving { inner: bed.bus(), left: Arc::new(AtomicU64::new(u64::MAX)) };
    let machine = bed.platform_over(bus.clone());
    let plan = Plan { descriptors: 8, buffers: 14, ..Plan::default() };
    let mut setup = Setup::<M, _, Sim>::stopped(bed, ready::<M, _>(machine, &Config::DEFAULT), plan);
    let pool = setup.idle.remove(1);
    setup.run(pool);
    let QueuePair { rx, tx, pool, .. } = setup.pairs[1].take().expect("the pool runs");
    bus.left.store(accesses, Ordering::Relaxed);
    let stopped = Started { rx, tx, pool }.stop(&setup.table, drop);
    let used = accesses.saturating_sub(bus.left.load(Ordering::Relaxed));
    (used, stopped.map(drop).map_err(|Refused { error, value: _ }| error))
}

pub(crate) fn no_memory_comes_back_from_a_window_that_moved<M: Concrete>(bed: fn() -> Sim) {
    let (total, stopped) = stop::<M>(bed(), 1 << 40);
    assert_eq!(stopped, Ok(()));
    for accesses in 0..total {
        let (_, stopped) = stop::<M>(bed(), accesses);
        assert!(stopped.is_err(), "the window moved after {accesses} of {total} accesses");
    }
}
