//! Starting and stopping: nothing is unmapped before the queue was seen stopped.

use core::sync::atomic::Ordering;

use vmdq::bus::Bus;
use vmdq::targeted::{RunningTargeted, StoppedTargeted};
use vmdq::vmm::VmId;
use vmdq::{HeaderReplication, HeaderSize, StartError, StopError};
use vmdq_sim::{Fault, Sim, Testbed};

use crate::common::{Lane, Rig, frame, parts, rings, vm};
use crate::lane::{memory, size};
use crate::watch::{Event, Log, WatchedBus, WatchedVmm};
use crate::{House, Shape, Targeted};

/// Numbered frames to machine 0.
pub(crate) fn run(numbers: core::ops::Range<u32>) -> Vec<Vec<u8>> {
    Vec::from_iter(numbers.map(|i| frame(vm(1), i, 100)))
}

pub(crate) fn all_is_unmapped_after_the_stop_was_seen<C: HeaderReplication>(bed: Sim) {
    let log = Log::default();
    let bus = WatchedBus::new(bed.bus(), log.clone());
    let mut house = House::<C, _>::start_on(bed, bus, Shape { shared: 0, ..Shape::default() });
    let vmm = WatchedVmm { guests: house.guests.clone(), log: log.clone(), askew: Some(0) };
    log.take();
    let lane = house.lane(1);
    lane.share(&vmm, 0, 6);
    lane.rx.set_reserve(9);
    lane.share(&vmm, 6, 3);
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
    assert_eq!(house.lane(1).take(&vmm).len(), 2);
    house.rig.inject(&run(2..4));
    let rx = &house.lane(1).rx;
    assert_eq!((rx.delivered(), rx.posted(), rx.held()), (2, 4, 3));

    house.unbind(1);
    house.see_no_stray();
    let lane = house.lanes.remove(&1).expect("the queue runs");
    log.take();
    let stopped = lane.stop(&house.rig.table, &vmm, &mut house.rig.delay);
    house.rig.idle.push(stopped.queue);
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
fn stop_in_vain<C: HeaderReplication, B: Bus>(house: &mut House<C, B>) -> StopError {
    let Targeted { rx, tx, pool, headers, lent, guest } = house.lanes.remove(&1).expect("the queue runs");
    let before = (house.guests.counters(guest.vm()).mapped, rx.posted(), rx.held(), rx.delivered());
    let (table, vmm, delay) = (&house.rig.table, &house.guests, &mut house.rig.delay);
    let stopped = pool.stop_targeted(rx, tx, table, vmm, delay, |_| panic!("no buffer may come out"));
    let Err((error, Some(running))) = stopped else { panic!("{stopped:?}") };
    let RunningTargeted { rx, tx, pool } = running;
    assert_eq!((house.guests.counters(guest.vm()).mapped, rx.posted(), rx.held(), rx.delivered()), before);
    house.lanes.insert(1, Targeted { rx, tx, pool, headers, lent, guest });
    error
}

/// Sees that queue 1 still serves machine 0, although no filter may lead to it.
pub(crate) fn goes_on<C: HeaderReplication>(house: &mut House<C>) {
    let pool = &house.lanes[&1].pool;
    let slot = house.rig.slots.remove(0);
    let id = house.rig.table.bind(slot, vm(1), pool).expect("the filter is bound");
    let sent = run(0..5);
    assert!(house.get(1, &sent).iter().map(|got| &got.bytes).eq(&sent));
    house.rig.unbind(id);
}

pub(crate) fn a_bound_queue_does_not_stop<C: HeaderReplication>(bed: Sim) {
    let mut house = House::<C>::start(bed, Shape::default());
    assert_eq!(stop_in_vain(&mut house), StopError::Bound);
    let sent = run(0..5);
    assert!(house.get(1, &sent).iter().map(|got| &got.bytes).eq(&sent));
    house.finish();
}

pub(crate) fn rings_of_another_queue_do_not_stop<C: HeaderReplication>(bed: Sim) {
    let mut house = House::<C>::start(bed, Shape::default());
    house.unbind(1);
    house.unbind(2);
    let swap = |house: &mut House<C>| {
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

pub(crate) fn what_is_another_ports_stops_nothing<C: HeaderReplication>(bed: Sim) {
    let mut other = House::<C>::start(Sim::new(bed.kind()), Shape::default());
    let mut house = House::<C>::start(bed, Shape::default());
    house.unbind(1);
    let Targeted { rx, tx, pool, headers, lent, guest } = house.lanes.remove(&1).expect("the queue runs");
    let none = |_| panic!("no buffer may come out");
    let (table, delay) = (&other.rig.table, &mut house.rig.delay);
    let stopped = pool.stop_targeted(rx, tx, table, &house.guests, delay, none);
    let Err((StopError::OtherPort, Some(running))) = stopped else { panic!("{stopped:?}") };
    let RunningTargeted { rx, tx, pool } = running;
    let silence = other.rig.port.silence(&mut other.rig.delay).expect("the device goes silent");
    let stopped = pool.stop_targeted_silenced(rx, tx, &silence, &house.guests, none);
    let Err((StopError::OtherPort, Some(running))) = stopped else { panic!("{stopped:?}") };
    let RunningTargeted { rx, tx, pool } = running;
    assert_eq!(house.guests.counters(guest.vm()).mapped, 8);
    house.lanes.insert(1, Targeted { rx, tx, pool, headers, lent, guest });
    goes_on(&mut house);
    house.finish();
}

pub(crate) fn a_queue_that_does_not_stop_stays_mapped<C: HeaderReplication>(bed: Sim) {
    let mut house = House::<C>::start(bed, Shape::default());
    house.unbind(1);
    house.rig.bed.inject_fault(Fault::QueueNeverDisables);
    for _ in 0..2 {
        assert!(matches!(stop_in_vain(&mut house), StopError::TimedOut(_)));
        goes_on(&mut house);
    }
    silence(house);
}

/// Whichever half was not seen stopped, all stays mapped until both are.
pub(crate) fn a_stop_can_be_tried_again<C: HeaderReplication>(bed: Sim) {
    for tail in [C::rx_tail(1), C::tx_tail(1)] {
        let bed = Sim::new(bed.kind());
        let bus = WatchedBus::new(bed.bus(), Log::default());
        let stuck = bus.stuck.clone();
        let mut house = House::<C, _>::start_on(bed, bus, Shape::default());
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

pub(crate) fn without_a_link_there_is_a_way_out<C: HeaderReplication>(bed: Sim) {
    let mut house = House::<C>::start(bed, Shape::default());
    house.unbind(1);
    house.rig.bed.set_link(false);
    if C::NAME == "82598" {
        // There ENABLE reads 0 without a link, which proves nothing.
        assert_eq!(stop_in_vain(&mut house), StopError::LinkDown);
        house.rig.bed.set_link(true);
        assert!(house.rig.port.bring_link_up(5000, &mut house.rig.delay).is_up());
        goes_on(&mut house);
    }
    house.stop(1);
    house.rig.bed.set_link(true);
    assert!(house.rig.port.bring_link_up(5000, &mut house.rig.delay).is_up());
    house.finish();
}

/// Stops every queue of a silenced port, and resets it.
fn silence<C: HeaderReplication>(mut house: House<C>) {
    house.see_no_stray();
    let silence = house.rig.port.silence(&mut house.rig.delay).expect("the device goes silent");
    for (_, lane) in std::mem::take(&mut house.lanes) {
        let Targeted { rx, tx, pool, mut headers, lent, guest } = lane;
        let posted = rx.posted();
        let mut freed = 0;
        let put = |frame| {
            freed += 1;
            headers.put(frame).expect("room on the shelf");
        };
        let stopped = pool.stop_targeted_silenced(rx, tx, &silence, &house.guests, put);
        house.rig.idle.push(stopped.expect("it is silent").queue);
        assert_eq!((freed, house.guests.counters(guest.vm()).mapped), (posted, 0));
        let _ = lent.release(headers).expect("all header frames are home");
    }
    let Lane { rx, tx, pool, mut buffers, lent } = house.rig.lanes[0].take().expect("the queue runs");
    let put = |frame| buffers.put(frame).expect("room on the shelf");
    house.rig.idle.push(pool.stop_silenced(rx, tx, &silence, put).expect("it is silent").queue);
    let _ = lent.release(buffers).expect("all frames are home");
    house.rig.bed.clear_faults();
    for queue in 0..C::QUEUES {
        house.unbind(queue);
    }
    assert_eq!(house.guests.violations(), []);
    let Rig { bed, mut delay, plan, port, table, slots, vectors, idle, .. } = house.rig;
    let port = port.disable(parts::<C, _>(idle, slots, table, vectors), &mut delay);
    let port = port.map_err(|(error, _)| error).expect("VMDq goes off");
    let port = port.into_reset().init(&plan.config, &mut delay).expect("the port initialises");
    drop(port);
    assert_eq!(bed.violations(), []);
}

pub(crate) fn a_silenced_port_is_proof_enough<C: HeaderReplication>(bed: Sim) {
    let mut house = House::<C>::start(bed, Shape::default());
    house.rig.inject(&run(0..3));
    let guests = house.guests.clone();
    assert_eq!(house.lane(1).take(&guests).len(), 3);
    house.rig.inject(&run(3..5));
    house.unbind(1);
    house.rig.bed.inject_fault(Fault::QueueNeverDisables);
    assert!(matches!(stop_in_vain(&mut house), StopError::TimedOut(_)));
    silence(house);
}

pub(crate) fn a_device_that_never_falls_silent_keeps_all_memory<C: HeaderReplication>(bed: Sim) {
    let mut house = House::<C>::start(bed, Shape::default());
    house.unbind(1);
    house.rig.bed.inject_fault(Fault::QueueNeverDisables);
    house.rig.bed.inject_fault(Fault::MasterNeverStops);
    assert!(matches!(stop_in_vain(&mut house), StopError::TimedOut(_)));
    assert!(house.rig.port.silence(&mut house.rig.delay).is_err());
    // No proof, no unmapping: all of it stays quarantined, whatever is dropped.
    let vm = house.machines[0].guest.vm();
    let guests = house.guests.clone();
    let bed = house.rig.bed;
    drop(house.lanes);
    assert_eq!((guests.counters(vm).mapped, bed.violations()), (8, vec![]));
}

pub(crate) fn what_was_not_started_comes_back<C: HeaderReplication>(bed: Sim) {
    let mut house = House::<C>::start(bed, Shape { machines: 1, ..Shape::default() });
    let queue = house.idle(2);
    let (rx, (_, tx)) = (memory(&house.rig.bed, 64), rings(&house.rig.bed, 64));
    let header = HeaderSize::<C>::new(64).expect("a size");
    let small = vmdq::ring::BufferSize::kib(1).expect("a size");
    let (dma, delay) = (house.rig.bed.dma(), &mut house.rig.delay);
    let refused = queue.start_targeted(rx, tx, VmId(0), small, header, dma.clone(), delay);
    let Err((StartError::BufferTooSmall { least: Some(least) }, Some(back))) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(least, size());
    // With what the error names, it starts, on the same memory.
    let StoppedTargeted { queue, rx, tx } = back;
    let running = queue.start_targeted_by_software(rx, tx, VmId(0), least, dma.clone(), delay);
    let RunningTargeted { rx, tx, pool } = running.expect("the queue starts");
    let (table, guests) = (&house.rig.table, &house.guests);
    let stopped = pool.stop_targeted(rx, tx, table, guests, delay, |_| panic!("nothing was posted"));
    let StoppedTargeted { queue, rx, tx } = stopped.expect("the queue stops");
    // One that the device does not report started is quarantined.
    house.rig.bed.inject_fault(Fault::QueueNeverEnables);
    let refused = queue.start_targeted(rx, tx, VmId(0), least, header, dma, delay);
    let Err((StartError::TimedOut(_), None)) = refused else { panic!("{refused:?}") };
    assert_eq!(house.rig.bed.violations(), []);
}
