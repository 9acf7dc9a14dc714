//! Starting and stopping: nothing is unmapped before the queue was seen stopped.

use core::sync::atomic::Ordering;

use vmdq::bus::Offset;
use vmdq::device::HeaderReplication;
use vmdq::ring::BufferSize;
use vmdq::targeted::{HeaderSize, Targeting};
use vmdq::{Fault, NotStarted, OtherPort, Platform, Refused, StartError, Started, StopError, Stopped};
use vmdq_sim::{Sim, SimDma, Testbed};

use crate::common::{Concrete, Lane, Rig, frame, gather, limits, pools, rings, tails, vm};
use crate::lane::{memory, size};
use crate::watch::{Event, Log, WatchedBus};
use crate::{House, Shape, Targeted};

/// Numbered frames to machine 0.
pub(crate) fn run(numbers: core::ops::Range<u32>) -> Vec<Vec<u8>> {
    Vec::from_iter(numbers.map(|i| frame(vm(1), i, 100)))
}

pub(crate) fn all_is_unmapped_after_the_stop_was_seen<M: HeaderReplication + Concrete>(bed: Sim) {
    let log = Log::default();
    let machine = bed.platform_over(WatchedBus::new(bed.bus(), log.clone()));
    let mut house = House::<M, _>::start_with(bed, machine, Shape { shared: 0, ..Shape::default() }, &log);
    log.take();
    let lane = house.lane(1);
    lane.share(0, 6);
    lane.rx.set_reserve(9);
    lane.share(6, 3);
    let mapped = |log: &[Event]| {
        Vec::from_iter(log.iter().filter_map(|event| match *event {
            Event::Map(range, bus) => Some((range, bus)),
            _ => None,
        }))
    };
    let mut shared = mapped(&log.take());
    assert_eq!(shared.len(), 9);
    // Two are delivered, two more have a frame that nobody has taken, two are posted, three held.
    house.rig.inject(&run(0..2));
    assert_eq!(house.lane(1).take().len(), 2);
    house.rig.inject(&run(2..4));
    let rx = &house.lane(1).rx;
    assert_eq!((rx.delivered(), rx.posted(), rx.held()), (2, 4, 3));

    house.unbind(1);
    house.see_no_stray();
    let lane = house.lanes.remove(&1).expect("the queue runs");
    log.take();
    let stopped = lane.stop(&house.rig.table);
    house.rig.idle.push(stopped.pool);
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
    house.finish();
}

/// Takes the lane of queue 1 and fails to stop it; sees that nothing came out and puts it back.
fn stop_in_vain<M: HeaderReplication + Concrete, P: Platform<Dma = SimDma>>(
    house: &mut House<M, P>,
) -> StopError {
    let Targeted { rx, tx, pool, headers, memory, guest } = house.lanes.remove(&1).expect("the queue runs");
    let before = (house.guests.counters(guest.vm()).mapped, rx.posted(), rx.held(), rx.delivered());
    let stopped = Started { rx, tx, pool }.stop(&house.rig.table, |_| panic!("no buffer may come out"));
    let Refused { error, value: Started { rx, tx, pool } } = stopped.expect_err("it does not stop");
    assert_eq!((house.guests.counters(guest.vm()).mapped, rx.posted(), rx.held(), rx.delivered()), before);
    house.lanes.insert(1, Targeted { rx, tx, pool, headers, memory, guest });
    error
}

/// Sees that queue 1 still serves machine 0, although no filter may lead to it.
pub(crate) fn goes_on<M: HeaderReplication + Concrete>(house: &mut House<M>) {
    let pool = &house.lanes[&1].pool;
    let slot = house.rig.slots.remove(0);
    let id = house.rig.table.bind(slot, vm(1), pool).expect("the filter is bound");
    let sent = run(0..5);
    assert!(house.get(1, &sent).iter().map(|got| &got.bytes).eq(&sent));
    house.rig.unbind(id);
}

pub(crate) fn a_bound_queue_does_not_stop<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut house = House::<M>::start(bed, Shape::default());
    assert_eq!(stop_in_vain(&mut house), StopError::Bound);
    let sent = run(0..5);
    assert!(house.get(1, &sent).iter().map(|got| &got.bytes).eq(&sent));
    house.finish();
}

pub(crate) fn rings_of_another_queue_do_not_stop<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut house = House::<M>::start(bed, Shape::default());
    house.unbind(1);
    house.unbind(2);
    let swap = |house: &mut House<M>| {
        let [one, two] = [1, 2].map(|queue| house.lanes.remove(&queue).expect("the queue runs"));
        house.lanes.insert(1, Targeted { rx: two.rx, guest: two.guest, ..one });
        house.lanes.insert(2, Targeted { rx: one.rx, guest: one.guest, ..two });
    };
    swap(&mut house);
    assert_eq!(stop_in_vain(&mut house), StopError::OtherPort);
    swap(&mut house);
    goes_on(&mut house);
    house.finish();
}

pub(crate) fn what_is_another_ports_stops_nothing<M: HeaderReplication + Concrete>(bed: Sim) {
    let other = House::<M>::start(Sim::new(bed.kind()), Shape::default());
    let mut house = House::<M>::start(bed, Shape::default());
    house.unbind(1);
    let Targeted { rx, tx, pool, headers, memory, guest } = house.lanes.remove(&1).expect("the queue runs");
    let none = |_| panic!("no buffer may come out");
    let stopped = Started { rx, tx, pool }.stop(&other.rig.table, none);
    let Refused { error, value: started } = stopped.expect_err("it is not that port's");
    assert_eq!(error, StopError::OtherPort);
    let quiesced = other.rig.port.quiesce().expect("the device comes to rest");
    let stopped = started.recover(&quiesced, none);
    let Refused { error: OtherPort, value } = stopped.expect_err("it is not that port's");
    let Started { rx, tx, pool } = value;
    assert_eq!(house.guests.counters(guest.vm()).mapped, 8);
    house.lanes.insert(1, Targeted { rx, tx, pool, headers, memory, guest });
    goes_on(&mut house);
    house.finish();
}

pub(crate) fn a_queue_that_does_not_stop_stays_mapped<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut house = House::<M>::start(bed, Shape::default());
    house.unbind(1);
    house.rig.bed.inject_fault(vmdq_sim::InjectedFault::QueueNeverDisables);
    for _ in 0..2 {
        assert!(matches!(stop_in_vain(&mut house), StopError::TimedOut(_)));
        goes_on(&mut house);
    }
    quiesce(house);
}

/// Whichever half was not seen stopped, all stays mapped until both are.
pub(crate) fn a_stop_can_be_tried_again<M: HeaderReplication + Concrete>(bed: Sim) {
    for tail in <[Offset; 2]>::from(tails::<M>(1)) {
        let bed = Sim::new(bed.kind());
        let bus = WatchedBus::new(bed.bus(), Log::default());
        let stuck = bus.stuck.clone();
        let machine = bed.platform_over(bus);
        let mut house = House::<M, _>::start_on(bed, machine, Shape::default());
        house.rig.inject(&run(0..3));
        house.unbind(1);
        // Both families keep the control register 16 bytes behind the tail.
        stuck.store(tail.bytes() + 0x10, Ordering::Relaxed);
        for _ in 0..2 {
            assert!(matches!(stop_in_vain(&mut house), StopError::TimedOut(_)));
        }
        stuck.store(u32::MAX, Ordering::Relaxed);
        house.stop(1);
        house.finish();
    }
}

pub(crate) fn without_a_link_there_is_a_way_out<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut house = House::<M>::start(bed, Shape::default());
    house.unbind(1);
    house.rig.bed.set_link(false);
    if limits::<M>().name == "82598" {
        // There ENABLE reads 0 without a link, which proves nothing.
        assert_eq!(stop_in_vain(&mut house), StopError::LinkDown);
        house.rig.bed.set_link(true);
        assert!(house.rig.port.bring_link_up(5000).is_up());
        goes_on(&mut house);
    }
    house.stop(1);
    house.rig.bed.set_link(true);
    assert!(house.rig.port.bring_link_up(5000).is_up());
    house.finish();
}

/// Quiesces the port, gets the memory of every queue back, and resets it.
fn quiesce<M: HeaderReplication + Concrete>(mut house: House<M>) {
    house.see_no_stray();
    let House { rig, guests, lanes, .. } = house;
    let Rig { mut bed, plan, port, table, slots, vectors, mut idle, lanes: ordinary, .. } = rig;
    let port = port.quiesce().expect("the device comes to rest");
    for (_, lane) in lanes {
        let Targeted { rx, tx, pool, mut headers, memory, guest } = lane;
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
    for Lane { rx, tx, pool, mut buffers, memory } in ordinary.into_iter().flatten() {
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
    let mut house = House::<M>::start(bed, Shape::default());
    house.rig.inject(&run(0..3));
    assert_eq!(house.lane(1).take().len(), 3);
    house.rig.inject(&run(3..5));
    house.unbind(1);
    house.rig.bed.inject_fault(vmdq_sim::InjectedFault::QueueNeverDisables);
    assert!(matches!(stop_in_vain(&mut house), StopError::TimedOut(_)));
    quiesce(house);
}

pub(crate) fn a_device_that_never_comes_to_rest_keeps_all_memory<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut house = House::<M>::start(bed, Shape::default());
    house.unbind(1);
    house.rig.bed.inject_fault(vmdq_sim::InjectedFault::QueueNeverDisables);
    house.rig.bed.inject_fault(vmdq_sim::InjectedFault::MasterNeverStops);
    assert!(matches!(stop_in_vain(&mut house), StopError::TimedOut(_)));
    let quiesced = house.rig.port.quiesce();
    assert!(matches!(quiesced.expect_err("it never rests").error, Fault::TimedOut(_)));
    // No proof, no unmapping: all of it stays quarantined, whatever is dropped.
    let vm = house.machines[0].guest.vm();
    let guests = house.guests.clone();
    let bed = house.rig.bed;
    drop(house.lanes);
    assert_eq!((guests.counters(vm).mapped, bed.violations()), (8, vec![]));
}

pub(crate) fn what_was_not_started_comes_back<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut house = House::<M>::start(bed, Shape { machines: 1, ..Shape::default() });
    let pool = house.idle(2);
    let (rx, (_, tx)) = (memory(&house.rig.bed, 64), rings(&house.rig.bed, 64));
    let header = HeaderSize::new(M::default(), 64).expect("a size");
    let small = BufferSize::kib(1).expect("a size");
    let vm = house.machines[0].guest.vm();
    let (port, vmm) = (&house.rig.port, &house.vmm);
    let targeting = Targeting::replicated(vm, small, header);
    let refused = port.start_targeted(pool, rx, tx, targeting, vmm.clone()).expect_err("too small");
    let StartError::BufferTooSmall { least: Some(least) } = refused.error else { panic!("{refused:?}") };
    assert_eq!(least, size());
    // With what the error names, it starts, on the same memory.
    let NotStarted { pool, memory } = refused.value;
    let (rx, tx) = memory.expect("the device does not know of it");
    let running = port.start_targeted(pool, rx, tx, Targeting::by_software(vm, least), vmm.clone());
    let running = running.expect("the pool starts");
    let stopped = running.stop(&house.rig.table, |_| panic!("nothing was posted"));
    let Stopped { pool, rx, tx } = stopped.expect("the pool stops");
    // What one that the device does not report started was given is quarantined.
    house.rig.bed.inject_fault(vmdq_sim::InjectedFault::QueueNeverEnables);
    let targeting = Targeting::replicated(vm, least, header);
    let refused = port.start_targeted(pool, rx, tx, targeting, vmm.clone()).expect_err("it never starts");
    assert!(matches!(refused.error, StartError::TimedOut(_)), "{refused:?}");
    assert!(refused.value.memory.is_none());
    assert_eq!(house.rig.bed.violations(), []);
}
