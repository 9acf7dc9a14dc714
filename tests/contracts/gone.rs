//! A device that goes, at each register access of an operation: one error, within a bound, and never a
//! panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vmdq::bus::{Bus, Offset, PortId};
use vmdq::ring::{BufferSize, SendError};
use vmdq::{Config, Gone, InitError, Link, MacAddress, Port, Refused, Reset, StartError, StopError};
use vmdq_sim::{Sim, SimBus, Testbed};

use crate::common::{Concrete, Plan, QueuePair, STRANGER, Setup, SimMachine, frame, ready, rings};

/// How long an operation may take on a device that goes meanwhile (`Gone`), in nanoseconds: the waits of a
/// reset, of which the longest are for the master disable (80 ms) and the reset itself (100 ms).
const LONGEST: u64 = 250_000_000;

/// A bus to a device that is gone after a number of accesses. Clones share the count.
#[derive(Clone)]
struct Going {
    inner: SimBus,
    left: Arc<AtomicU64>,
}

impl Going {
    fn new(inner: SimBus) -> Self {
        Self { inner, left: Arc::new(AtomicU64::new(u64::MAX)) }
    }

    /// Removes the device after `accesses` more accesses.
    fn after(&self, accesses: u64) {
        self.left.store(accesses, Ordering::Relaxed);
    }

    /// Tells how many accesses are left.
    fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// Tells whether the device is there for an access.
    fn is_there(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

// SAFETY: it is the model's bus.
unsafe impl Bus for Going {
    fn read32(&self, at: Offset) -> u32 {
        if self.is_there() { self.inner.read32(at) } else { u32::MAX }
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        if self.is_there() {
            // SAFETY: the caller's promise.
            unsafe { self.inner.write32(at, value) };
        }
    }

    fn id(&self) -> PortId {
        self.inner.id()
    }
}

type Machine = SimMachine<Going>;
type Leaving<M> = Setup<M, Machine, Sim>;

fn small() -> Plan {
    Plan { descriptors: 8, buffers: 14, ..Plan::default() }
}

/// Does something on a device that stays, then on one that goes at each of the accesses that it takes.
///
/// `prepare` makes what it is done with, over a bus to a model; `act` does it, and gets whether the device
/// stays.
fn at_each_access<T>(bed: fn() -> Sim, prepare: impl Fn(Sim, Going) -> T, act: impl Fn(T, bool) -> Sim) {
    let try_with = |accesses: u64| {
        let bed = bed();
        let bus = Going::new(bed.bus());
        let prepared = prepare(bed, bus.clone());
        bus.after(accesses);
        let stays = accesses > u64::from(u32::MAX);
        let bed = act(prepared, stays);
        (accesses - bus.left(), bed)
    };
    let (total, _) = try_with(1 << 40);
    assert!(total > 0, "it takes no access");
    for accesses in 0..total {
        let (used, _bed) = try_with(accesses);
        assert_eq!(used, accesses, "the device is gone by then");
    }
}

/// Sees that no more time has passed than is stated.
struct Bounded(u64);

impl Bounded {
    fn new(bed: &Sim) -> Self {
        Self(bed.now())
    }

    fn check(&self, bed: &Sim) {
        let took = bed.now() - self.0;
        assert!(took < LONGEST, "{took} ns");
    }
}

pub(crate) fn whenever_the_device_goes_init_says_so<M: Concrete>(bed: fn() -> Sim) {
    let fresh = |bed: Sim, bus: Going| {
        // SAFETY: the model is a controller of this kind, and confines its DMA.
        let port = unsafe { Port::<M, _, Reset>::new(M::default(), bed.platform_over(bus)) };
        (bed, port)
    };
    at_each_access(bed, fresh, |(bed, port), stays| {
        let bounded = Bounded::new(&bed);
        match port.init(&Config::DEFAULT) {
            // Not before the last of what decides was read: the address is the device's.
            Ok(port) => {
                assert_eq!(port.address(), MacAddress(bed.mac()));
                assert!(stays || port.link() == Link::Down);
            }
            Err(Refused { error, value: _port }) => assert_eq!((error, stays), (InitError::Gone, false)),
        }
        bounded.check(&bed);
        bed
    });
}

pub(crate) fn whenever_the_device_goes_start_says_so<M: Concrete>(bed: fn() -> Sim) {
    let stopped = |bed: Sim, bus: Going| {
        let port = ready::<M, _>(bed.platform_over(bus), &Config::DEFAULT);
        Leaving::<M>::stopped(bed, port, small())
    };
    at_each_access(bed, stopped, |mut setup, stays| {
        let bounded = Bounded::new(&setup.bed);
        let (rx, tx) = rings(&setup.bed, 8);
        let pool = setup.idle.remove(1);
        let index = pool.index();
        match setup.port.start(pool, rx, tx, BufferSize::kib(2).expect("a size")) {
            Ok(started) => {
                assert!(stays || started.rx.check() == Err(Gone));
                assert!(stays || started.tx.check() == Err(Gone));
            }
            Err(Refused { error, value }) => {
                assert_eq!((error, stays), (StartError::Gone, false));
                assert_eq!(value.pool.index(), index, "it costs the memory at most");
            }
        }
        bounded.check(&setup.bed);
        setup.bed
    });
}

/// A port whose pool 1 runs, with the link up.
fn running<M: Concrete>(bed: Sim, bus: Going) -> Leaving<M> {
    let machine = bed.platform_over(bus);
    let mut setup = Leaving::<M>::stopped(bed, ready::<M, _>(machine, &Config::DEFAULT), small());
    let pool = setup.idle.remove(1);
    setup.run(pool);
    setup
}

pub(crate) fn whenever_the_device_goes_stop_says_so<M: Concrete>(bed: fn() -> Sim) {
    at_each_access(bed, running::<M>, |mut setup, stays| {
        let bounded = Bounded::new(&setup.bed);
        let QueuePair { rx, tx, pool, .. } = setup.pairs[1].take().expect("the pool runs");
        let mut freed = 0;
        let stopped = vmdq::Started { rx, tx, pool }.stop(&setup.table, |frame| {
            freed += 1;
            drop(frame);
        });
        match stopped {
            Ok(_) => assert_eq!((freed, stays), (7, true)),
            // No memory comes back.
            Err(Refused { error, value: _ }) => {
                assert_eq!((error, stays, freed), (StopError::Gone, false, 0))
            }
        }
        bounded.check(&setup.bed);
        setup.bed
    });
}

pub(crate) fn whenever_the_device_goes_quiesce_says_so<M: Concrete>(bed: fn() -> Sim) {
    at_each_access(bed, running::<M>, |setup, stays| {
        let bounded = Bounded::new(&setup.bed);
        match setup.port.quiesce() {
            Ok(_) => assert!(stays),
            Err(Refused { error, value: _port }) => assert_eq!((error, stays), (vmdq::Fault::Gone, false)),
        }
        bounded.check(&setup.bed);
        setup.bed
    });
}

pub(crate) fn rings_of_a_device_that_went_say_so<M: Concrete>(bed: fn() -> Sim) {
    let bed = bed();
    let bus = Going::new(bed.bus());
    let mut setup = running::<M>(bed, bus.clone());
    assert_eq!((setup.pair(1).rx.check(), setup.pair(1).tx.check()), (Ok(()), Ok(())));
    bus.after(0);
    assert_eq!((setup.pair(1).rx.check(), setup.pair(1).tx.check()), (Err(Gone), Err(Gone)));
    // Frames are taken until the ring is full, and come back then: nothing is lost, and nothing blocks.
    let mut taken = 0;
    while let Some(mut frame_to_send) = setup.pair(1).buffers.take() {
        frame_to_send.fill(&frame(STRANGER, taken, 60)).expect("room in the buffer");
        let sent = setup.pair(1).tx.send_one(frame_to_send);
        if let Err(Refused { error, value: frame }) = sent {
            assert_eq!(error, SendError::Full);
            setup.pair(1).buffers.put(frame).expect("it came from there");
            break;
        }
        taken += 1;
    }
    assert_eq!(setup.pair(1).tx.pending(), taken as usize);
    assert_eq!((setup.pair(1).reclaim(), setup.pair(1).receive().len()), (0, 0));
    assert_eq!(setup.pair(1).tx.check(), Err(Gone));
}

pub(crate) fn a_link_of_a_device_that_went_is_down<M: Concrete>(bed: fn() -> Sim) {
    let up = |bed: Sim, bus: Going| {
        let port = ready::<M, _>(bed.platform_over(bus), &Config::DEFAULT);
        (bed, port)
    };
    at_each_access(bed, up, |(bed, mut port), stays| {
        let began = bed.now();
        // The link is up at once, as long as the device says so.
        let link = port.bring_link_up(100);
        assert!(stays || link == port.link() || port.link() == Link::Down);
        assert!(bed.now() - began <= 1_100_000_000, "as long as was asked for, and a second");
        bed
    });
}
