//! A window that is no longer decoded while a pool is stopped or a port quiesced, as after its BAR was moved: the
//! device goes on, and what reads 0 is no proof that it has stopped, so that no memory comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vmdq::bus::{Bus, Offset, PortId};
use vmdq::{Config, Started};
use vmdq_sim::{Sim, SimBus, Testbed};

use crate::common::{Concrete, Plan, QueuePair, Setup, SimMachine, ready};

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

type Moved<M> = Setup<M, SimMachine<Moving>, Sim>;

/// Ends what runs on pool 1 by `end` while the window moves away: after all of its accesses, which are counted and
/// succeed, then after each number of them below that, which must not.
fn at_each_access<M: Concrete>(bed: fn() -> Sim, end: impl Fn(Moved<M>) -> bool) {
    let moves_after = |accesses: u64| {
        let bed = bed();
        let bus = Moving { inner: bed.bus(), left: Arc::new(AtomicU64::new(u64::MAX)) };
        let machine = bed.platform_over(bus.clone());
        let plan = Plan { descriptors: 8, buffers: 14, ..Plan::default() };
        let mut setup = Moved::<M>::stopped(bed, ready::<M, _>(machine, &Config::DEFAULT), plan);
        let pool = setup.idle.remove(1);
        setup.run(pool);
        bus.left.store(accesses, Ordering::Relaxed);
        let ended = end(setup);
        (ended, accesses - bus.left.load(Ordering::Relaxed))
    };
    let (ended, total) = moves_after(1 << 40);
    assert!(ended && total > 0);
    for accesses in 0..total {
        assert!(!moves_after(accesses).0, "the window moved after {accesses} of {total} accesses");
    }
}

pub(crate) fn no_memory_comes_back_from_a_window_that_moved<M: Concrete>(bed: fn() -> Sim) {
    at_each_access::<M>(bed, |mut setup| {
        let QueuePair { rx, tx, pool, .. } = setup.pairs[1].take().expect("the pool runs");
        Started { rx, tx, pool }.stop(&setup.table, drop).is_ok()
    });
}

pub(crate) fn a_port_whose_window_moved_is_not_quiesced<M: Concrete>(bed: fn() -> Sim) {
    at_each_access::<M>(bed, |setup| setup.port.quiesce().is_ok());
}
