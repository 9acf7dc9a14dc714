//! Registers that read what is not so, one at a time: no memory comes back before both queues of a
//! pair were seen to have run and to have stopped.

use std::sync::{Arc, Mutex};

use embedded_hal::delay::DelayNs;

use vmdq::bus::{Bus, Offset, PortId};
use vmdq::ixgbe::I82598;
use vmdq::ring::BufferSize;
use vmdq::{Config, MacAddress, NotStarted, Port, Refused, StartError, Started, StopError};
use vmdq_sim::{Sim, SimBus, Testbed};

use crate::common::{Concrete, QueuePair, Setup, SimMachine, frame, ready, rings, tails};
use crate::{HANG, small};

/// ENABLE of RXDCTL and TXDCTL.
const ENABLE: u32 = 1 << 25;

/// What is wrong with a register: where it is, the bits that always read 1, and those that read 0.
type Fault = Option<(Offset, u32, u32)>;

/// A bus that lies about one register. Clones share the lie.
#[derive(Clone)]
struct Lying {
    inner: SimBus,
    fault: Arc<Mutex<Fault>>,
}

impl Lying {
    fn new(inner: SimBus) -> Self {
        Self { inner, fault: Arc::default() }
    }

    fn lie(&self, fault: Fault) {
        *self.fault.lock().expect("no test panics here") = fault;
    }
}

// SAFETY: it is the model's bus, of which one register reads what is not so.
unsafe impl Bus for Lying {
    fn read32(&self, at: Offset) -> u32 {
        let value = self.inner.read32(at);
        match *self.fault.lock().expect("no test panics here") {
            Some((broken, set, clear)) if broken == at => value & !clear | set,
            _ => value,
        }
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        // SAFETY: the caller's promise.
        unsafe { self.inner.write32(at, value) };
    }

    fn id(&self) -> PortId {
        self.inner.id()
    }
}

type Liar<M> = Setup<M, SimMachine<Lying>, Sim>;

fn start<M: Concrete>(bed: Sim) -> (Liar<M>, Lying) {
    let bus = Lying::new(bed.bus());
    let machine = bed.platform_over(bus.clone());
    (Liar::<M>::start_on(bed, machine, small()), bus)
}

/// Where the control registers of queue 1 are: both families keep them 16 bytes behind the tails.
fn controls<M: Concrete>() -> (Offset, Offset) {
    let behind = |tail: Offset| Offset::new(tail.bytes() + 0x10);
    let (rx, tx) = tails::<M>(1);
    (behind(rx), behind(tx))
}

/// Sees that queue 1 can't be stopped because of what a register reads, and that it goes on.
fn refuses<M: Concrete>(setup: &mut Liar<M>, register: Offset) -> QueuePair<M, SimMachine<Lying>> {
    let QueuePair { rx, tx, pool, buffers, memory } = setup.pairs[1].take().expect("the queue runs");
    let began = setup.bed.now();
    let stopped = Started { rx, tx, pool }.stop(&setup.table, |_| panic!("no buffer may come out"));
    let Refused { error, value: running } = stopped.expect_err("it is not seen to stop");
    let StopError::TimedOut(timed_out) = error else { panic!("{error:?}") };
    assert_eq!(timed_out.register, register);
    assert!(setup.bed.now() - began < HANG);
    assert_eq!((running.rx.posted(), setup.bed.violations()), (63, vec![]));
    let Started { rx, tx, pool } = running;
    QueuePair { rx, tx, pool, buffers, memory }
}

pub(crate) fn a_receive_queue_must_be_seen_to_stop<M: Concrete>(bed: Sim) {
    let (mut setup, bus) = start::<M>(bed);
    let (receive, _) = controls::<M>();
    bus.lie(Some((receive, ENABLE, 0)));
    let _running = refuses(&mut setup, receive);
}

pub(crate) fn a_transmit_queue_must_be_seen_to_stop<M: Concrete>(bed: Sim) {
    let (mut setup, bus) = start::<M>(bed);
    let (_, transmit) = controls::<M>();
    bus.lie(Some((transmit, ENABLE, 0)));
    let _running = refuses(&mut setup, transmit);
}

/// Whichever half it was, the stop is tried again and ends well once the device does its part.
pub(crate) fn a_stop_can_be_tried_again<M: Concrete>(bed: Sim) {
    let (receive, transmit) = controls::<M>();
    for register in [receive, transmit] {
        let (mut setup, bus) = start::<M>(Sim::new(bed.kind()));
        bus.lie(Some((register, ENABLE, 0)));
        let pair = refuses(&mut setup, register);
        bus.lie(None);
        // All buffers come home.
        setup.idle.push(pair.stop(&setup.table).pool);
        setup.finish();
    }
}

/// A queue that does not go on can't be used, and one that does not go off can't be set up.
pub(crate) fn a_queue_must_be_seen_to_start<M: Concrete>(bed: Sim) {
    let (receive, transmit) = controls::<M>();
    let lies = [(receive, 0, ENABLE), (transmit, 0, ENABLE), (receive, ENABLE, 0), (transmit, ENABLE, 0)];
    for (register, set, clear) in lies {
        let bed = Sim::new(bed.kind());
        let bus = Lying::new(bed.bus());
        let port = ready::<M, _>(bed.platform_over(bus.clone()), &Config::default());
        let mut setup = Liar::<M>::stopped(bed, port, small());
        bus.lie(Some((register, set, clear)));
        let pool = setup.idle.remove(1);
        let (rx, tx) = rings(&setup.bed, 64);
        let size = BufferSize::kib(2).expect("a size");
        let Refused { error, value } =
            setup.port.start(pool, rx, tx, size).expect_err("it is not seen to start");
        let StartError::TimedOut(timed_out) = error else { panic!("{error:?}") };
        // The device may have the memory: only the pool comes back.
        let NotStarted { pool: _, memory: None } = value else { panic!("{value:?}") };
        assert_eq!(timed_out.register, register);
        // Neither ring runs on without an owner.
        bus.lie(None);
        setup.bed.delay().delay_ms(1);
        let left = [receive, transmit].map(|register| setup.bed.bus().read32(register) & ENABLE);
        assert_eq!((left, setup.bed.violations()), ([0, 0], vec![]));
    }
}

/// A ring that was started while its state could not be seen, and that is slow to stop.
#[test]
fn a_slow_stop_can_be_tried_again() {
    let bed = Sim::i82598();
    let bus = Lying::new(bed.bus());
    let port = ready::<I82598, _>(bed.platform_over(bus.clone()), &Config::default());
    let mut setup = Liar::<I82598>::stopped(bed, port, small());
    setup.bed.set_link(false);
    let pool = setup.idle.remove(1);
    setup.run(pool);
    setup.bed.set_link(true);
    assert!(setup.port.bring_link_up(5000).is_up());
    let (receive, _) = controls::<I82598>();
    bus.lie(Some((receive, ENABLE, 0)));
    let pair = setup.pairs[1].take().expect("the queue runs");
    let QueuePair { rx, tx, pool, buffers, memory } = pair;
    let stopped = Started { rx, tx, pool }.stop(&setup.table, |_| panic!("no buffer may come out"));
    let Refused { error, value: Started { rx, tx, pool } } = stopped.expect_err("it is not seen to stop");
    assert!(matches!(error, StopError::TimedOut(_)), "{error:?}");
    // The device comes to it in the end.
    bus.lie(None);
    setup.idle.push(QueuePair { rx, tx, pool, buffers, memory }.stop(&setup.table).pool);
    setup.finish();
}

/// The wait for the last frame is bounded and not fatal: without a link it never goes out.
pub(crate) fn a_broken_head_does_not_hold_the_stop_up<M: Concrete>(bed: Sim) {
    let (mut setup, bus) = start::<M>(bed);
    setup.pair(1).send(&[frame(MacAddress::BROADCAST, 0, 60)]);
    let head = Offset::new(tails::<M>(1).1.bytes() - 8);
    bus.lie(Some((head, 0x8000, 0)));
    let began = setup.bed.now();
    setup.stop(1);
    assert!(setup.bed.now() - began < HANG);
    bus.lie(None);
    setup.finish();
}

/// On the 82598, ENABLE reads 0 while the link is down: a queue that was started then has to be seen
/// running before a 0 proves that it stopped.
#[test]
fn a_zero_that_was_there_all_along_proves_nothing() {
    let (receive, transmit) = controls::<I82598>();
    for register in [receive, transmit] {
        let bed = Sim::i82598();
        let bus = Lying::new(bed.bus());
        // SAFETY: the model is an 82598, and confines its DMA.
        let port = unsafe { Port::new(I82598, bed.platform_over(bus.clone())) };
        let port = port.init(&Config::default()).expect("the port initialises");
        let mut setup = Liar::<I82598>::enable(bed, port, small());
        assert!(setup.port.bring_link_up(5000).is_up());
        bus.lie(Some((register, 0, ENABLE)));
        let _running = refuses(&mut setup, register);
        // The other queues of the port can be seen, and stop.
        bus.lie(None);
        setup.stop(2);
    }
}
