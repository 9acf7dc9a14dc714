//! The life cycle: resets, links and queues that don't do what they are told.

use vmdq::ring::BufferSize;
use vmdq::{
    Causes, Config, Gone, InitError, Link, MacAddress, NotStarted, Refused, StartError, Started, Statistics,
    StopError, Stopped,
};
use vmdq_sim::{Fault, Sim, Testbed};

use crate::common::{
    Concrete, Lane, Rig, STRANGER, SimMachine, frame, gather, limits, numbers, pools, ready, rings, vm,
};
use crate::{Broken, HANG, fresh, small};

pub(crate) fn a_reset_that_never_ends_is_an_error<M: Concrete>(mut bed: Sim) {
    bed.inject_fault(Fault::ResetNeverEnds);
    let began = bed.now();
    let refused = fresh::<M>(&bed).init(&Config::default());
    let Refused { error, value: port } = refused.expect_err("no end");
    assert!(matches!(error, InitError::Reset(_)), "{error}");
    assert!(bed.now() - began < HANG);
    // The port came back, and may try again.
    assert_eq!(port.init(&Config::default()).expect_err("no end").error, error);
}

pub(crate) fn a_master_that_never_stops_is_a_warning_at_reset<M: Concrete>(mut bed: Sim) {
    bed.inject_fault(Fault::MasterNeverStops);
    let began = bed.now();
    let port = fresh::<M>(&bed).init(&Config::default()).expect("a reset helps");
    assert!(port.warnings().master_not_quiet);
    assert!(bed.now() - began < HANG);
}

pub(crate) fn no_device_is_an_error<M: Concrete>(mut bed: Sim) {
    bed.inject_fault(Fault::AllOnes);
    let refused = fresh::<M>(&bed).init(&Config::default());
    assert_eq!(refused.expect_err("no device").error, InitError::Gone);
}

pub(crate) fn a_device_that_vanishes_after_init_breaks_nothing<M: Concrete>(mut bed: Sim) {
    let mut port = ready::<M, _>(bed.platform(), &Config::default());
    bed.inject_fault(Fault::AllOnes);
    let began = bed.now();
    assert_eq!(port.link(), Link::Down);
    assert_eq!(port.bring_link_up(100), Link::Down);
    assert_eq!(port.statistics(), Statistics::default());
    let mut rig = Broken::<M>::stopped(bed, port, small());
    assert_eq!(rig.port.causes(), Causes::FATAL);
    rig.port.route_others(&mut rig.vectors[0]).expect("it is this port's");
    let pool = rig.idle.remove(1);
    let (rx, tx) = rings(&rig.bed, 64);
    let size = BufferSize::kib(2).expect("a size");
    let Refused { error, value } = rig.port.start(pool, rx, tx, size).expect_err("the device is gone");
    assert_eq!(error, StartError::Gone);
    // The device was gone before it learnt of the memory: all of it comes back.
    assert!(value.memory.is_some());
    rig.table.replay();
    assert_eq!(rig.port.quiesce().expect_err("the device is gone").error, vmdq::Fault::Gone);
    assert!(rig.bed.now() - began < HANG);
}

pub(crate) fn a_device_that_vanishes_under_traffic_breaks_nothing<M: Concrete>(bed: Sim) {
    let mut rig = Broken::<M>::start(bed, small());
    let id = rig.bind(vm(1), 1);
    rig.inject(&[frame(vm(1), 0, 60), frame(vm(1), 1, 60)]);
    rig.lane(1).send(&[frame(STRANGER, 2, 60)]);
    let counted = rig.port.statistics();
    rig.bed.inject_fault(Fault::AllOnes);
    rig.bed.inject(&frame(vm(1), 3, 60));
    let _ = rig.bed.settle();
    let began = rig.bed.now();
    // What was received before is still there; then nothing comes, and nothing blocks.
    assert_eq!(numbers(&rig.lane(1).receive()), [0, 1]);
    for _ in 0..10 {
        assert_eq!(rig.lane(1).receive().len(), 0);
        assert_eq!(rig.lane(1).reclaim(), 0);
    }
    let mut sent = 1;
    while rig.lane(1).tx.room() > 0 && !rig.lane(1).buffers.is_empty() {
        rig.lane(1).send(&[frame(STRANGER, 2, 60)]);
        sent += 1;
    }
    assert_eq!(rig.lane(1).tx.pending(), sent);
    assert_eq!(rig.port.statistics(), counted);
    assert_eq!(rig.port.causes(), Causes::FATAL);
    rig.vectors[1].unmask();
    rig.vectors[1].fire();
    rig.unbind(id);
    // Whoever wonders about the silence of the rings is told.
    assert_eq!((rig.lane(1).rx.check(), rig.lane(1).tx.check()), (Err(Gone), Err(Gone)));
    // No memory comes back, by either way.
    let Lane { rx, tx, pool, .. } = rig.lanes[1].take().expect("the queue runs");
    let stopped = Started { rx, tx, pool }.stop(&rig.table, |_| panic!("no buffer may come out"));
    assert_eq!(stopped.expect_err("the device is gone").error, StopError::Gone);
    assert_eq!(rig.port.quiesce().expect_err("the device is gone").error, vmdq::Fault::Gone);
    assert!(rig.bed.now() - began < HANG);
    assert_eq!(rig.bed.violations(), []);
}

pub(crate) fn a_link_that_never_comes_is_down<M: Concrete>(mut bed: Sim) {
    bed.inject_fault(Fault::LinkNeverComes);
    let mut port = fresh::<M>(&bed).init(&Config::default()).expect("the port initialises");
    let began = bed.now();
    assert_eq!(port.bring_link_up(1000), Link::Down);
    assert!((1_000_000_000..2_000_000_000).contains(&(bed.now() - began)), "as long as was asked for");
    // Queues start all the same, and there is a way to stop each of them.
    let mut rig = Broken::<M>::enable(bed, port, small());
    for queue in 0..pools::<M>() {
        let Lane { rx, tx, pool, mut buffers, lent } = rig.lanes[queue].take().expect("the queue runs");
        let stopped = Started { rx, tx, pool }.stop(&rig.table, |frame| buffers.put(frame).expect("room"));
        match stopped {
            Ok(stopped) => {
                rig.idle.push(stopped.pool);
                let _ = lent.release(buffers).expect("all frames are home");
            }
            Err(Refused { error: StopError::LinkDown, value: Started { rx, tx, pool } }) => {
                assert_eq!(limits::<M>().name, "82598", "elsewhere queues can be seen without a link");
                rig.lanes[queue] = Some(Lane { rx, tx, pool, buffers, lent });
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    if rig.lanes.iter().all(Option::is_none) {
        rig.finish();
    } else {
        assert_eq!(rig.lanes.iter().flatten().count(), pools::<M>());
        quiesce_and_recover(rig).finish();
    }
}

/// Quiesces a port, gets the memory of every pool that runs back, and starts over.
fn quiesce_and_recover<M: Concrete>(rig: Broken<M>) -> Broken<M> {
    let Rig { mut bed, plan, port, table, slots, vectors, mut idle, lanes, .. } = rig;
    let port = port.quiesce().expect("the device comes to rest");
    for Lane { rx, tx, pool, mut buffers, lent } in lanes.into_iter().flatten() {
        let put = |frame| buffers.put(frame).expect("room");
        let Stopped { pool, .. } = Started { rx, tx, pool }.recover(&port, put).expect("it is at rest");
        let _ = lent.release(buffers).expect("all frames are home");
        idle.push(pool);
    }
    bed.clear_faults();
    let parts = gather(port.parts(), idle, slots, table, vectors);
    let port = port.reset(parts).expect("all came back");
    let mut port = port.init(&plan.config).expect("the port initialises");
    assert!(port.bring_link_up(5000).is_up());
    Broken::<M>::enable(bed, port, plan)
}

pub(crate) fn a_queue_that_never_starts_keeps_its_memory<M: Concrete>(mut bed: Sim) {
    let port = ready::<M, _>(bed.platform(), &Config::default());
    bed.inject_fault(Fault::QueueNeverEnables);
    let mut rig = Broken::<M>::stopped(bed, port, small());
    let pool = rig.idle.remove(1);
    let (rx, tx) = rings(&rig.bed, 64);
    let began = rig.bed.now();
    let size = BufferSize::kib(2).expect("a size");
    let refused = rig.keeping(|rig| rig.port.start(pool, rx, tx, size));
    let Refused { error, value } = refused.expect_err("it never starts");
    assert!(matches!(error, StartError::TimedOut(_)), "{error:?}");
    let NotStarted { pool, memory: None } = value else { panic!("{value:?}") };
    assert!(rig.bed.now() - began < HANG);
    // The device may have both rings: they stay mapped for good.
    let kept = std::mem::take(&mut rig.kept);
    assert_eq!(kept.iter().map(|(_, len, _)| *len).collect::<Vec<_>>(), [64 * 16; 2]);
    // The others are not concerned.
    rig.bed.clear_faults();
    let other = rig.idle.remove(1);
    rig.run(other);
    rig.bind(vm(2), 2);
    assert_eq!(rig.lands(&frame(vm(2), 0, 60)), [2]);
    assert_eq!(rig.bed.violations(), []);
    // It cost the memory, and neither the pool nor the port.
    rig.idle.push(pool);
    let mut rig = quiesce_and_recover(rig);
    rig.kept = kept;
    rig.finish();
}

/// Tries to stop a queue; sees that nothing comes out of it and that the ring goes on.
fn stop_in_vain<M: Concrete>(rig: &mut Broken<M>) -> Started<M, SimMachine> {
    let Lane { rx, tx, pool, mut buffers, .. } = rig.lanes[1].take().expect("the queue runs");
    let began = rig.bed.now();
    let stopped = Started { rx, tx, pool }.stop(&rig.table, |_| panic!("no buffer may come out"));
    let Refused { error, value: mut running } = stopped.expect_err("it never stops");
    let StopError::TimedOut(timed_out) = error else { panic!("{error:?}") };
    assert!(rig.bed.now() - began < HANG);
    assert!(timed_out.to_string().contains("timed out"));
    // The device still receives, and the ring still owns the buffers.
    rig.bed.inject(&frame(MacAddress::BROADCAST, 0, 60));
    let _ = rig.bed.settle();
    running.rx.refill(&mut buffers);
    assert_eq!(running.rx.posted(), 63);
    running
}

pub(crate) fn a_queue_that_never_stops_keeps_its_memory<M: Concrete>(bed: Sim) {
    let mut rig = Broken::<M>::start(bed, small());
    rig.bed.inject_fault(Fault::QueueNeverDisables);
    let running = stop_in_vain(&mut rig);
    // The whole port at rest is proof enough.
    let Rig { mut bed, plan, port, table, slots, vectors, mut idle, lanes, .. } = rig;
    let port = port.quiesce().expect("the device comes to rest");
    let mut freed = 0;
    let stopped = running.recover(&port, |frame| {
        freed += 1;
        drop(frame);
    });
    idle.push(stopped.expect("it is at rest").pool);
    assert_eq!(freed, 63);
    for Lane { rx, tx, pool, mut buffers, lent } in lanes.into_iter().flatten() {
        let put = |frame| buffers.put(frame).expect("room");
        idle.push(Started { rx, tx, pool }.recover(&port, put).expect("it is at rest").pool);
        let _ = lent.release(buffers).expect("all frames are home");
    }
    assert_eq!(idle.len(), pools::<M>());
    // This test has dropped the buffers of one pool: their memory is all that stays mapped.
    let kept = bed.mapped();
    assert_eq!(kept.len(), 1);
    // A reset brings the port back.
    bed.clear_faults();
    let parts = gather(port.parts(), idle, slots, table, vectors);
    let port = port.reset(parts).expect("all came back");
    let mut port = port.init(&plan.config).expect("the port initialises");
    assert!(port.bring_link_up(5000).is_up());
    let mut rig = Broken::<M>::enable(bed, port, plan);
    rig.kept = kept;
    rig.bind(vm(1), 1);
    assert_eq!(rig.lands(&frame(vm(1), 0, 60)), [1]);
    rig.finish();
}

pub(crate) fn a_device_that_never_comes_to_rest_keeps_all_memory<M: Concrete>(bed: Sim) {
    let mut rig = Broken::<M>::start(bed, small());
    rig.bed.inject_fault(Fault::QueueNeverDisables);
    rig.bed.inject_fault(Fault::MasterNeverStops);
    let _running = stop_in_vain(&mut rig);
    let began = rig.bed.now();
    let Refused { error, value: _port } = rig.port.quiesce().expect_err("it never comes to rest");
    assert!(matches!(error, vmdq::Fault::TimedOut(_)), "{error:?}");
    assert!(rig.bed.now() - began < HANG);
    assert_eq!(rig.bed.violations(), []);
}
