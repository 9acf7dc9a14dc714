//! The life cycle: resets, links and queues that don't do what they are told.

use vmdq::ring::BufferSize;
use vmdq::{
    Causes, Config, Controller, InitError, Link, MacAddress, Running, StartError, Statistics, StopError,
};
use vmdq_sim::{Fault, Sim, SimBus, SimDma, Testbed};

use crate::common::{Lane, Rig, STRANGER, frame, numbers, parts, ready, rings, vm};
use crate::{Broken, HANG, fresh, small};

pub(crate) fn a_reset_that_never_ends_is_an_error<M: Concrete>(mut bed: Sim) {
    bed.inject_fault(Fault::ResetNeverEnds);
    let began = bed.now();
    let (error, port) = fresh::<M>(&bed).init(&Config::default()).expect_err("no end");
    assert!(matches!(error, InitError::Reset(_)), "{error}");
    assert!(bed.now() - began < HANG);
    // The port came back, and may try again.
    let (again, _) = port.init(&Config::default()).expect_err("no end");
    assert_eq!(again, error);
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
    let (error, _) = fresh::<M>(&bed).init(&Config::default()).expect_err("no device");
    assert_eq!(error, InitError::NoDevice);
}

pub(crate) fn a_device_that_vanishes_after_init_breaks_nothing<M: Concrete>(mut bed: Sim) {
    let mut port = ready::<M, _, _>(&bed, bed.bus(), &Config::default());
    bed.inject_fault(Fault::AllOnes);
    let began = bed.now();
    assert_eq!(port.link(), Link::Down);
    assert_eq!(port.bring_link_up(100), Link::Down);
    assert_eq!(port.statistics(), Statistics::default());
    let mut rig = Broken::<M>::stopped(bed, port, small());
    assert_eq!(rig.port.causes(), Causes::FATAL);
    rig.port.route_others(&mut rig.vectors[0]).expect("it is this port's");
    let queue = rig.idle.remove(1);
    let (rx, tx) = rings(&rig.bed, 64);
    let refused = queue.start(rx, tx, BufferSize::kib(2).expect("a size"), rig.bed.dma());
    // The device might have the memory: nothing comes back.
    match refused {
        Err((StartError::TimedOut(_) | StartError::RingTooShort { .. }, _)) => {}
        other => panic!("{other:?}"),
    }
    rig.table.replay();
    assert!(rig.port.silence().is_err());
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
    // No memory comes back, by either way.
    assert!(rig.port.silence().is_err());
    let Lane { rx, tx, pool, .. } = rig.lanes[1].take().expect("the queue runs");
    let stopped = pool.stop(rx, tx, &rig.table, &mut rig.delay, |_| panic!("no buffer may come out"));
    let Err((StopError::TimedOut(_) | StopError::LinkDown, Some(_))) = stopped else { panic!("{stopped:?}") };
    assert!(rig.bed.now() - began < HANG);
    assert_eq!(rig.bed.violations(), []);
}

pub(crate) fn a_link_that_never_comes_is_down<M: Concrete>(mut bed: Sim) {
    bed.inject_fault(Fault::LinkNeverComes);
    let mut delay = bed.delay();
    let mut port = fresh::<M>(&bed).init(&Config::default()).expect("the port initialises");
    let began = bed.now();
    assert_eq!(port.bring_link_up(1000), Link::Down);
    assert!((1_000_000_000..2_000_000_000).contains(&(bed.now() - began)), "as long as was asked for");
    // Queues start all the same, and there is a way to stop each of them.
    let mut rig = Broken::<M>::enable(bed, port, small());
    for queue in 0..pools::<M>() {
        let Lane { rx, tx, pool, mut buffers, lent } = rig.lanes[queue].take().expect("the queue runs");
        let stopped =
            pool.stop(rx, tx, &rig.table, &mut rig.delay, |frame| buffers.put(frame).expect("room"));
        match stopped {
            Ok(stopped) => rig.idle.push(stopped.queue),
            Err((StopError::LinkDown, Some(Running { rx, tx, pool }))) => {
                assert_eq!(limits::<M>().name, "82598", "elsewhere queues can be seen without a link");
                let silence = rig.port.silence().expect("it falls silent");
                let put = |frame| buffers.put(frame).expect("room");
                rig.idle.push(pool.stop_silenced(rx, tx, &silence, put).expect("it is silent").queue);
            }
            other => panic!("{other:?}"),
        }
        let _ = lent.release(buffers).expect("all frames are home");
    }
    rig.finish();
}

pub(crate) fn a_queue_that_never_starts_keeps_its_memory<M: Concrete>(mut bed: Sim) {
    let port = ready::<M, _, _>(&bed, bed.bus(), &Config::default());
    bed.inject_fault(Fault::QueueNeverEnables);
    let mut rig = Broken::<M>::stopped(bed, port, small());
    let queue = rig.idle.remove(1);
    let (rx, tx) = rings(&rig.bed, 64);
    let began = rig.bed.now();
    let refused = queue.start(rx, tx, BufferSize::kib(2).expect("a size"), rig.bed.dma());
    let Err((StartError::TimedOut(_), None)) = refused else { panic!("{refused:?}") };
    assert!(rig.bed.now() - began < HANG);
    // The others are not concerned.
    rig.bed.clear_faults();
    let queue = rig.idle.remove(1);
    rig.run(queue);
    rig.bind(vm(2), 2);
    assert_eq!(rig.lands(&frame(vm(2), 0, 60)), [2]);
    assert_eq!(rig.bed.violations(), []);
}

/// Tries to stop a queue; sees that nothing comes out of it and that the ring goes on.
fn stop_in_vain<M: Concrete>(rig: &mut Broken<C>) -> Running<C, SimBus, SimDma> {
    let Lane { rx, tx, pool, mut buffers, .. } = rig.lanes[1].take().expect("the queue runs");
    let began = rig.bed.now();
    let stopped = pool.stop(rx, tx, &rig.table, &mut rig.delay, |_| panic!("no buffer may come out"));
    let Err((StopError::TimedOut(timed_out), Some(mut running))) = stopped else { panic!("{stopped:?}") };
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
    let Running { rx, tx, pool } = stop_in_vain(&mut rig);
    // The whole port falling silent is proof enough.
    let silence = rig.port.silence().expect("it falls silent");
    let mut freed = 0;
    let stopped = pool.stop_silenced(rx, tx, &silence, |frame| {
        freed += 1;
        drop(frame);
    });
    rig.idle.push(stopped.expect("it is silent").queue);
    assert_eq!(freed, 63);
    for queue in (0..pools::<M>()).filter(|&queue| queue != 1) {
        let Lane { rx, tx, pool, mut buffers, lent } = rig.lanes[queue].take().expect("the queue runs");
        let put = |frame| buffers.put(frame).expect("room");
        rig.idle.push(pool.stop_silenced(rx, tx, &silence, put).expect("it is silent").queue);
        let _ = lent.release(buffers).expect("all frames are home");
    }
    // A reset brings the port back.
    rig.bed.clear_faults();
    let Rig { bed, mut delay, plan, port, table, slots, vectors, idle, .. } = rig;
    let port = port.disable(parts::<M, _>(idle, slots, table, vectors));
    let port = port.map_err(|(error, _)| error).expect("VMDq goes off").into_reset();
    let mut port = port.init(&plan.config).expect("the port initialises");
    assert!(port.bring_link_up(5000).is_up());
    let mut rig = Broken::<M>::enable(bed, port, plan);
    rig.bind(vm(1), 1);
    assert_eq!(rig.lands(&frame(vm(1), 0, 60)), [1]);
    rig.finish();
}

pub(crate) fn a_device_that_never_falls_silent_keeps_all_memory<M: Concrete>(bed: Sim) {
    let mut rig = Broken::<M>::start(bed, small());
    rig.bed.inject_fault(Fault::QueueNeverDisables);
    rig.bed.inject_fault(Fault::MasterNeverStops);
    let _running = stop_in_vain(&mut rig);
    let began = rig.bed.now();
    assert!(rig.port.silence().is_err());
    assert!(rig.bed.now() - began < HANG);
    assert_eq!(rig.bed.violations(), []);
}
