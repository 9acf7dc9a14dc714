//! A machine that can't map memory, or maps it where the device can't use it: what was mapped before is
//! unmapped again, and all memory comes back.

use core::ptr::NonNull;
use std::sync::{Arc, Mutex};

use vmdq::dma::{Direction, DmaSpace};
use vmdq::ring::{BufferPool, BufferSize, BufferSlot, PoolError};
use vmdq::{Host, NotStarted, Refused, Resources, StartError};
use vmdq_sim::{Sim, SimBus, SimDelay, SimDma, Testbed};

use crate::common::{Concrete, Plan, ready, rings};

type Machine = Host<SimBus, Picky, SimDelay>;

/// What is wrong with a map.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    /// There is none.
    Refused,
    /// It is so many bytes beside.
    Beside(u64),
}

/// A DMA space of which one map goes wrong. Clones share when.
#[derive(Clone, Debug)]
struct Picky {
    inner: SimDma,
    /// How many maps are good before the wrong one, and what it is then.
    next: Arc<Mutex<Option<(usize, Wrong)>>>,
    /// Addresses that were given out, and what they should have been.
    beside: Arc<Mutex<Vec<(u64, u64)>>>,
}

impl Picky {
    fn new(inner: SimDma) -> Self {
        Self { inner, next: Arc::default(), beside: Arc::default() }
    }

    fn fail(&self, after: usize, wrong: Wrong) {
        *self.next.lock().expect("nobody panics with it") = Some((after, wrong));
    }
}

// SAFETY: it is the inner space, but for an address beside, which no device is told of.
unsafe impl DmaSpace for Picky {
    fn map(&self, at: NonNull<u8>, len: usize, direction: Direction) -> Option<u64> {
        let mut next = self.next.lock().expect("nobody panics with it");
        match next.take() {
            Some((0, Wrong::Refused)) => None,
            Some((0, Wrong::Beside(bytes))) => {
                let bus = self.inner.map(at, len, direction)?;
                self.beside.lock().expect("nobody panics with it").push((bus + bytes, bus));
                Some(bus + bytes)
            }
            later => {
                *next = later.map(|(after, wrong)| (after - 1, wrong));
                self.inner.map(at, len, direction)
            }
        }
    }

    unsafe fn unmap(&self, bus: u64, len: usize, direction: Direction) {
        let beside = self.beside.lock().expect("nobody panics with it");
        let bus = beside.iter().find(|(given, _)| *given == bus).map_or(bus, |(_, bus)| *bus);
        // SAFETY: the caller's promise; the inner space gave this address out.
        unsafe { self.inner.unmap(bus, len, direction) };
    }
}

pub(crate) fn a_start_that_fails_leaves_nothing_mapped<M: Concrete>(bed: fn() -> Sim) {
    let bed = bed();
    let dma = Picky::new(bed.dma());
    // SAFETY: the controller's time passes as long as the delay says.
    let machine: Machine = unsafe { Host::new(bed.bus(), dma.clone(), bed.delay()) };
    let port = ready::<M, _>(machine, &Plan::default().config);
    let Resources { port, pools, .. } = port.enable();
    let mut pool = pools.into_iter().nth(1).expect("a pool");
    let (mut rx, mut tx) = rings(&bed, 64);
    let size = BufferSize::kib(2).expect("a size");
    for (after, wrong, wanted) in [
        (0, Wrong::Refused, StartError::NotMapped),
        (1, Wrong::Refused, StartError::NotMapped),
        (0, Wrong::Beside(64), StartError::NotAligned),
        (1, Wrong::Beside(64), StartError::NotAligned),
    ] {
        dma.fail(after, wrong);
        let Refused { error, value } = port.start(pool, rx, tx, size).expect_err("it can't be mapped");
        assert_eq!((error, bed.mapped()), (wanted, vec![]), "{wrong:?} after {after}");
        let NotStarted { pool: back, memory } = value;
        pool = back;
        (rx, tx) = memory.expect("the device does not know of it");
    }
    assert!(port.start(pool, rx, tx, size).is_ok(), "with maps as they should be");
    assert_eq!((bed.mapped().len(), bed.violations()), (2, vec![]));
}

pub(crate) fn buffers_that_cant_be_mapped_come_back<M: Concrete>(bed: fn() -> Sim) {
    let bed = bed();
    let dma = Picky::new(bed.dma());
    let size = BufferSize::kib(1).expect("a size");
    for (wrong, wanted) in [(Wrong::Refused, PoolError::NotMapped), (Wrong::Beside(1), PoolError::NotAligned)]
    {
        dma.fail(0, wrong);
        let slots: &'static mut [BufferSlot] = Vec::from_iter((0..4).map(|_| BufferSlot::uninit())).leak();
        let region = bed.alloc_bytes(8192);
        let refused = BufferPool::carve(region, size, slots, dma.clone()).expect_err("it can't be mapped");
        assert_eq!((refused.error, bed.mapped()), (wanted, vec![]), "{wrong:?}");
        let (region, slots) = refused.into_value();
        let (pool, memory) = BufferPool::carve(region, size, slots, dma.clone()).expect("buffers");
        assert_eq!((pool.len(), bed.mapped().len()), (4, 1));
        assert!(memory.release(pool).is_ok());
        assert_eq!(bed.mapped(), []);
    }
}
