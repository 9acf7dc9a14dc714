//! Starting and stopping: nothing is unmapped before the queue was seen stopped.

use core::sync::atomic::Ordering;

use vmdq::bus::Offset;
use vmdq::device::HeaderReplication;
use vmdq::ring::BufferSize;
use vmdq::targeted::{HeaderSize, Targeting};
use vmdq::{
    Fault, Finding, Gone, NotStarted, OtherPort, Platform, Refused, StartError, Started, StopError, Stopped,
};
use vmdq_sim::{InjectedFault, Sim, SimDma, Testbed};

use crate::common::{Concrete, QueuePair, Setup, frame, gather, limits, pools, rings, tails, vm};
use crate::targeted_queue::{memory, size};
use crate::watch::{Event, Log, WatchedBus};
use crate::{Hypervisor, Shape, Targeted};

/// Numbered frames to machine 0.
pub(crate) fn run(numbers: core::ops::Range<u32>) -> Vec<Vec<u8>> {
    Vec::from_iter(numbers.map(|i| frame(vm(1), i, 100)))
}

pub(crate) fn all_is_unmapped_after_the_stop_was_seen<M: HeaderReplication + Concrete>(bed: Sim) {
    let log = Log::default();
    let machine = bed.platform_over(WatchedBus::new(bed.bus(), log.clone()));
    let mut hypervisor =
        Hypervisor::<M, _>::start_with(bed, machine, Shape { shared: 0, ..Shape::default() }, &log);
    log.take();
    let pair = hypervisor.pair(1);
    pair.share(0, 6);
    pair.rx.set_reserve(9);
    pair.share(6, 3);
    let mapped = |log: &[Event]| {
        Vec::from_iter(log.iter().filter_map(|event| match *event {
            Event::Map(range, bus) => Some((range, bus)),
            _ => None,
        }))
    };
    let mut shared = mapped(&log.take());
    assert_eq!(shared.len(), 9);
    // Two are delivered, two more have a frame that was not taken, two are posted, three held.
    hypervisor.setup.inject(&run(0..2));
    assert_eq!(hypervisor.pair(1).take().len(), 2);
    assert!(!hypervisor.pair(1).rx.is_ready());
    hypervisor.setup.inject(&run(2..4));
    hypervisor.setup.bed.inject_fault(InjectedFault::AllOnes);
    assert_eq!(hypervisor.pair(1).rx.check(), Err(Gone));
    hypervisor.setup.bed.clear_faults();
    let rx = &hypervisor.pair(1).rx;
    assert_eq!((rx.check(), rx.is_ready()), (Ok(()), true));
    assert_eq!((rx.delivered(), rx.posted(), rx.held()), (2, 4, 3));

    hypervisor.unbind(1);
    hypervisor.see_no_stray();
    let pair = hypervisor.pairs.remove(&1).expect("the queue runs");
    log.take();
    let stopped = pair.stop(&hypervisor.setup.table);
    hypervisor.setup.idle.push(stopped.pool);
    let log = log.take();
    let first = log.iter().position(|event| matches!(event, Event::Unmap(..))).expect("it unmaps");
    let (stop, after) = log.split_at(first);
    assert!(stop.contains(&Event::Write) && stop.contains(&Event::Read), "the queue was stopped, and seen");
    let mut unmapped = Vec::from_iter(after.iter().map(|event| match *event {
        Event::Unmap(range, bus) => (range, bus),
        other => panic!("{other:?} after the first unmap"),
    }));
    unmapped.sort_by_key(|(range, _)| range.at);
    shared.sort_by_key(|(range, _)| range.at);
    assert_eq!(unmapped, shared, "each once, as it was mapped");
    hypervisor.finish();
}

/// Takes the queue pair of queue 1 and fails to stop it; sees that nothing came out and puts it back.
fn stop_in_vain<M: HeaderReplication + Concrete, P: Platform<Dma = SimDma>>(
    hypervisor: &mut Hypervisor<M, P>,
) -> StopError {
    let Targeted { rx, tx, pool, headers, memory, guest } =
        hypervisor.pairs.remove(&1).expect("the queue runs");
    let before = (hypervisor.guests.counters(guest.vm()).mapped, rx.posted(), rx.held(), rx.delivered());
    let stopped =
        Started { rx, tx, pool }.stop(&hypervisor.setup.table, |_| panic!("no buffer may come out"));
    let Refused { error, value: Started { rx, tx, pool } } = stopped.expect_err("it does not stop");
    assert_eq!(
        (hypervisor.guests.counters(guest.vm()).mapped, rx.posted(), rx.held(), rx.delivered()),
        before
    );
    hypervisor.pairs.insert(1, Targeted { rx, tx, pool, headers, memory, guest });
    error
}

/// Sees that queue 1 still serves machine 0, although no filter may lead to it.
pub(crate) fn goes_on<M: HeaderReplication + Concrete>(hypervisor: &mut Hypervisor<M>) {
    let pool = &hypervisor.pairs[&1].pool;
    let slot = hypervisor.setup.slots.remove(0);
    let id = hypervisor.setup.table.bind(slot, vm(1), pool).expect("the filter is bound");
    let sent = run(0..5);
    assert!(hypervisor.get(1, &sent).iter().map(|got| &got.bytes).eq(&sent));
    hypervisor.setup.unbind(id);
}

/// A ring that has no buffers of its own shows the same as any other.
pub(crate) fn a_queue_without_traffic_is_diagnosed<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape { shared: 0, ..Shape::default() });
    let shows = |hypervisor: &mut Hypervisor<M>, expected: &[Finding]| {
        let (pair, setup) = (&hypervisor.pairs[&1], &mut hypervisor.setup);
        let diagnosis = setup.port.diagnose(&pair.pool, &pair.rx, &pair.tx, &setup.table);
        let findings = diagnosis.expect("they belong together").findings();
        assert_eq!(findings.collect::<Vec<_>>(), expected);
    };
    shows(&mut hypervisor, &[Finding::NeverFilled]);
    hypervisor.pair(1).share(0, 3);
    shows(&mut hypervisor, &[Finding::NothingCounted]);
    hypervisor.setup.inject(&run(0..2));
    shows(&mut hypervisor, &[]);
    hypervisor.setup.inject(&run(2..3));
    shows(&mut hypervisor, &[Finding::NotTaken]);
    assert_eq!(hypervisor.pair(1).take().len(), 3);
    shows(&mut hypervisor, &[Finding::NotRefilled]);
}

pub(crate) fn a_bound_queue_does_not_stop<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape::default());
    assert_eq!(stop_in_vain(&mut hypervisor), StopError::Bound);
    let sent = run(0..5);
    assert!(hypervisor.get(1, &sent).iter().map(|got| &got.bytes).eq(&sent));
    hypervisor.finish();
}

pub(crate) fn rings_of_another_queue_do_not_stop<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape::default());
    hypervisor.unbind(1);
    hypervisor.unbind(2);
    let swap = |hypervisor: &mut Hypervisor<M>| {
        let [one, two] = [1, 2].map(|queue| hypervisor.pairs.remove(&queue).expect("the queue runs"));
        hypervisor.pairs.insert(1, Targeted { rx: two.rx, guest: two.guest, ..one });
        hypervisor.pairs.insert(2, Targeted { rx: one.rx, guest: one.guest, ..two });
    };
    swap(&mut hypervisor);
    assert_eq!(stop_in_vain(&mut hypervisor), StopError::OtherPort);
    swap(&mut hypervisor);
    goes_on(&mut hypervisor);
    hypervisor.finish();
}

pub(crate) fn what_is_another_ports_stops_nothing<M: HeaderReplication + Concrete>(bed: Sim) {
    let other = Hypervisor::<M>::start(Sim::new(bed.kind()), Shape::default());
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape::default());
    hypervisor.unbind(1);
    let Targeted { rx, tx, pool, headers, memory, guest } =
        hypervisor.pairs.remove(&1).expect("the queue runs");
    let none = |_| panic!("no buffer may come out");
    let stopped = Started { rx, tx, pool }.stop(&other.setup.table, none);
    let Refused { error, value: started } = stopped.expect_err("it is not that port's");
    assert_eq!(error, StopError::OtherPort);
    let quiesced = other.setup.port.quiesce().expect("the device comes to rest");
    let stopped = started.recover(&quiesced, none);
    let Refused { error: OtherPort, value } = stopped.expect_err("it is not that port's");
    let Started { rx, tx, pool } = value;
    assert_eq!(hypervisor.guests.counters(guest.vm()).mapped, 8);
    hypervisor.pairs.insert(1, Targeted { rx, tx, pool, headers, memory, guest });
    goes_on(&mut hypervisor);
    hypervisor.finish();
}

pub(crate) fn a_queue_that_does_not_stop_stays_mapped<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape::default());
    hypervisor.unbind(1);
    hypervisor.setup.bed.inject_fault(vmdq_sim::InjectedFault::QueueNeverDisables);
    for _ in 0..2 {
        assert!(matches!(stop_in_vain(&mut hypervisor), StopError::TimedOut(_)));
        goes_on(&mut hypervisor);
    }
    quiesce(hypervisor);
}

/// Whichever half was not seen stopped, all stays mapped until both are.
pub(crate) fn a_stop_can_be_tried_again<M: HeaderReplication + Concrete>(bed: Sim) {
    for tail in <[Offset; 2]>::from(tails::<M>(1)) {
        let bed = Sim::new(bed.kind());
        let bus = WatchedBus::new(bed.bus(), Log::default());
        let stuck = bus.stuck.clone();
        let machine = bed.platform_over(bus);
        let mut hypervisor = Hypervisor::<M, _>::start_on(bed, machine, Shape::default());
        hypervisor.setup.inject(&run(0..3));
        hypervisor.unbind(1);
        // Both families keep the control register 16 bytes behind the tail.
        stuck.store(tail.bytes() + 0x10, Ordering::Relaxed);
        for _ in 0..2 {
            assert!(matches!(stop_in_vain(&mut hypervisor), StopError::TimedOut(_)));
        }
        stuck.store(u32::MAX, Ordering::Relaxed);
        hypervisor.stop(1);
        hypervisor.finish();
    }
}

pub(crate) fn without_a_link_there_is_a_way_out<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape::default());
    hypervisor.unbind(1);
    hypervisor.setup.bed.set_link(false);
    if limits::<M>().name == "82598" {
        // There ENABLE reads 0 without a link, which proves nothing.
        assert_eq!(stop_in_vain(&mut hypervisor), StopError::LinkDown);
        hypervisor.setup.bed.set_link(true);
        assert!(hypervisor.setup.port.bring_link_up(5000).is_up());
        goes_on(&mut hypervisor);
    }
    hypervisor.stop(1);
    hypervisor.setup.bed.set_link(true);
    assert!(hypervisor.setup.port.bring_link_up(5000).is_up());
    hypervisor.finish();
}

/// Quiesces the port, gets the memory of every queue back, and resets it.
fn quiesce<M: HeaderReplication + Concrete>(mut hypervisor: Hypervisor<M>) {
    hypervisor.see_no_stray();
    let Hypervisor { setup, guests, pairs, .. } = hypervisor;
    let Setup { mut bed, plan, port, table, slots, vectors, mut idle, pairs: ordinary, .. } = setup;
    let port = port.quiesce().expect("the device comes to rest");
    for (_, pair) in pairs {
        let Targeted { rx, tx, pool, mut headers, memory, guest } = pair;
        let posted = rx.posted();
        let mut freed = 0;
        let put = |frame| {
            freed += 1;
            headers.put(frame).expect("room in the pool");
        };
        let stopped = Started { rx, tx, pool }.recover(&port, put);
        idle.push(stopped.expect("it is at rest").pool);
        assert_eq!((freed, guests.counters(guest.vm()).mapped), (posted, 0));
        let _ = memory.release(headers).expect("all header frames are home");
    }
    for QueuePair { rx, tx, pool, mut buffers, memory } in ordinary.into_iter().flatten() {
        let put = |frame| buffers.put(frame).expect("room in the pool");
        idle.push(Started { rx, tx, pool }.recover(&port, put).expect("it is at rest").pool);
        let _ = memory.release(buffers).expect("all frames are home");
    }
    assert_eq!((idle.len(), guests.violations()), (pools::<M>(), vec![]));
    bed.clear_faults();
    // Filters that are still bound come back in the table.
    let parts = gather(port.parts(), idle, slots, table, vectors);
    let port = port.reset(parts).expect("all came back");
    assert!(port.init(&plan.config).is_ok());
    assert_eq!(bed.violations(), []);
}

pub(crate) fn a_quiesced_port_is_proof_enough<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape::default());
    hypervisor.setup.inject(&run(0..3));
    assert_eq!(hypervisor.pair(1).take().len(), 3);
    hypervisor.setup.inject(&run(3..5));
    hypervisor.unbind(1);
    hypervisor.setup.bed.inject_fault(vmdq_sim::InjectedFault::QueueNeverDisables);
    assert!(matches!(stop_in_vain(&mut hypervisor), StopError::TimedOut(_)));
    quiesce(hypervisor);
}

pub(crate) fn a_device_that_never_comes_to_rest_keeps_all_memory<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape::default());
    hypervisor.unbind(1);
    hypervisor.setup.bed.inject_fault(vmdq_sim::InjectedFault::QueueNeverDisables);
    hypervisor.setup.bed.inject_fault(vmdq_sim::InjectedFault::MasterNeverStops);
    assert!(matches!(stop_in_vain(&mut hypervisor), StopError::TimedOut(_)));
    let quiesced = hypervisor.setup.port.quiesce();
    assert!(matches!(quiesced.expect_err("it never rests").error, Fault::TimedOut(_)));
    // No proof, no unmapping: all of it stays quarantined, no matter what is dropped.
    let vm = hypervisor.machines[0].guest.vm();
    let guests = hypervisor.guests.clone();
    let bed = hypervisor.setup.bed;
    drop(hypervisor.pairs);
    assert_eq!((guests.counters(vm).mapped, bed.violations()), (8, vec![]));
}

pub(crate) fn what_was_not_started_comes_back<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape { machines: 1, ..Shape::default() });
    let pool = hypervisor.idle(2);
    let (rx, (_, tx)) = (memory(&hypervisor.setup.bed, 64), rings(&hypervisor.setup.bed, 64));
    let header = HeaderSize::new(M::default(), 64).expect("a size");
    let small = BufferSize::kib(1).expect("a size");
    let vm = hypervisor.machines[0].guest.vm();
    let (port, vmm) = (&hypervisor.setup.port, &hypervisor.vmm);
    let targeting = Targeting::replicated(vm, small, header);
    let refused = port.start_targeted(pool, rx, tx, targeting, vmm.clone()).expect_err("too small");
    let StartError::BufferTooSmall { least: Some(least) } = refused.error else { panic!("{refused:?}") };
    assert_eq!(least, size());
    // With what the error names, it starts, on the same memory.
    let NotStarted { pool, memory } = refused.value;
    let (rx, tx) = memory.expect("the device does not know of it");
    let running = port.start_targeted(pool, rx, tx, Targeting::by_software(vm, least), vmm.clone());
    let running = running.expect("the pool starts");
    let stopped = running.stop(&hypervisor.setup.table, |_| panic!("nothing was posted"));
    let Stopped { pool, rx, tx } = stopped.expect("the pool stops");
    // What one that the device does not report started was given is quarantined.
    hypervisor.setup.bed.inject_fault(InjectedFault::QueueNeverEnables);
    let targeting = Targeting::replicated(vm, least, header);
    let refused = port.start_targeted(pool, rx, tx, targeting, vmm.clone()).expect_err("it never starts");
    assert!(matches!(refused.error, StartError::TimedOut(_)), "{refused:?}");
    assert!(refused.value.memory.is_none());
    assert_eq!(hypervisor.setup.bed.violations(), []);
}
