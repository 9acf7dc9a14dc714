//! The life cycle: resets, links and queues that don't do what is requested.

use vmdq::ring::BufferSize;
use vmdq::{
    BindError, Causes, Config, FilterError, Gone, InitError, Link, MacAddress, NotStarted, Refused, Restore,
    RestoreError, StartError, Started, Statistics, StopError, Stopped,
};
use vmdq_sim::{InjectedFault, Sim, Testbed};

use crate::common::{
    Concrete, QueuePair, STRANGER, Setup, SimMachine, frame, gather, limits, numbers, pools, ready, rings, vm,
};
use crate::{Broken, HANG, fresh, small};

pub(crate) fn a_reset_that_never_ends_is_an_error<M: Concrete>(mut bed: Sim) {
    bed.inject_fault(InjectedFault::ResetNeverEnds);
    let began = bed.now();
    let refused = fresh::<M>(&bed).init(&Config::default());
    let Refused { error, value: port } = refused.expect_err("no end");
    assert!(matches!(error, InitError::Reset(_)), "{error}");
    assert!(bed.now() - began < HANG);
    // The port came back, and may try again.
    assert_eq!(port.init(&Config::default()).expect_err("no end").error, error);
}

pub(crate) fn a_master_that_never_stops_is_a_warning_at_reset<M: Concrete>(mut bed: Sim) {
    bed.inject_fault(InjectedFault::MasterNeverStops);
    let began = bed.now();
    let port = fresh::<M>(&bed).init(&Config::default()).expect("a reset helps");
    assert!(port.warnings().master_not_quiet);
    assert!(bed.now() - began < HANG);
}

pub(crate) fn no_device_is_an_error<M: Concrete>(mut bed: Sim) {
    bed.inject_fault(InjectedFault::AllOnes);
    let refused = fresh::<M>(&bed).init(&Config::default());
    assert_eq!(refused.expect_err("no device").error, InitError::Gone);
}

pub(crate) fn a_device_that_vanishes_after_init_breaks_nothing<M: Concrete>(mut bed: Sim) {
    let mut port = ready::<M, _>(bed.platform(), &Config::default());
    bed.inject_fault(InjectedFault::AllOnes);
    let began = bed.now();
    assert_eq!(port.link(), Link::Down);
    assert_eq!(port.bring_link_up(100), Link::Down);
    assert_eq!(port.statistics(), Statistics::default());
    let mut setup = Broken::<M>::stopped(bed, port, small());
    assert_eq!(setup.port.causes(), Causes::FATAL);
    setup.port.route_others(&mut setup.vectors[0]).expect("it is this port's");
    let pool = setup.idle.remove(1);
    let (rx, tx) = rings(&setup.bed, 64);
    let size = BufferSize::kib(2).expect("a size");
    let Refused { error, value } = setup.port.start(pool, rx, tx, size).expect_err("the device is gone");
    assert_eq!(error, StartError::Gone);
    // The device was gone before it learnt of the memory: all of it comes back.
    assert!(value.memory.is_some());
    setup.table.replay();
    assert_eq!(setup.port.quiesce().expect_err("the device is gone").error, vmdq::Fault::Gone);
    assert!(setup.bed.now() - began < HANG);
}

pub(crate) fn a_device_that_vanishes_under_traffic_breaks_nothing<M: Concrete>(bed: Sim) {
    let mut setup = Broken::<M>::start(bed, small());
    let id = setup.bind(vm(1), 1);
    setup.inject(&[frame(vm(1), 0, 60), frame(vm(1), 1, 60)]);
    setup.pair(1).send(&[frame(STRANGER, 2, 60)]);
    let counted = setup.port.statistics();
    setup.bed.inject_fault(InjectedFault::AllOnes);
    setup.bed.inject(&frame(vm(1), 3, 60));
    let _ = setup.bed.settle();
    let began = setup.bed.now();
    // What was received before is still there; then nothing comes, and nothing blocks.
    assert_eq!(numbers(&setup.pair(1).receive()), [0, 1]);
    for _ in 0..10 {
        assert_eq!(setup.pair(1).receive().len(), 0);
        assert_eq!(setup.pair(1).reclaim(), 0);
    }
    let mut sent = 1;
    while setup.pair(1).tx.room() > 0 && !setup.pair(1).buffers.is_empty() {
        setup.pair(1).send(&[frame(STRANGER, 2, 60)]);
        sent += 1;
    }
    assert_eq!(setup.pair(1).tx.pending(), sent);
    assert_eq!(setup.port.statistics(), counted);
    assert_eq!(setup.port.causes(), Causes::FATAL);
    setup.vectors[1].unmask();
    setup.vectors[1].fire();
    // What is new is refused, and what is there comes back.
    let slot = setup.slots.remove(0);
    let pool = &setup.pairs[1].as_ref().expect("the queue runs").pool;
    let refused = setup.table.bind(slot, vm(2), pool).expect_err("the device is gone");
    assert_eq!((refused.error, setup.table.move_to(id, pool)), (BindError::Gone, Err(FilterError::Gone)));
    setup.slots.push(refused.into_value());
    assert_eq!((setup.port.check(), setup.table.bindings().count()), (Err(Gone), 1));
    let plan = setup.port.plan(&setup.table);
    let with = Restore { table: &mut setup.table, slots: &mut [], pools: &[], vectors: &mut [] };
    assert_eq!(setup.port.restore(&plan, with), Err(RestoreError::Gone));
    setup.unbind(id);
    // A check of a ring on which nothing arrives reports it.
    assert_eq!((setup.pair(1).rx.check(), setup.pair(1).tx.check()), (Err(Gone), Err(Gone)));
    // No memory comes back, by either way.
    let QueuePair { rx, tx, pool, .. } = setup.pairs[1].take().expect("the queue runs");
    let stopped = Started { rx, tx, pool }.stop(&setup.table, |_| panic!("no buffer may come out"));
    assert_eq!(stopped.expect_err("the device is gone").error, StopError::Gone);
    assert_eq!(setup.port.quiesce().expect_err("the device is gone").error, vmdq::Fault::Gone);
    assert!(setup.bed.now() - began < HANG);
    assert_eq!(setup.bed.violations(), []);
}

pub(crate) fn a_link_that_never_comes_is_down<M: Concrete>(mut bed: Sim) {
    bed.inject_fault(InjectedFault::LinkNeverComes);
    let mut port = fresh::<M>(&bed).init(&Config::default()).expect("the port initialises");
    let began = bed.now();
    assert_eq!(port.bring_link_up(1000), Link::Down);
    assert!((1_000_000_000..2_000_000_000).contains(&(bed.now() - began)), "as long as was asked for");
    // Queues start all the same, and there is a way to stop each of them.
    let mut setup = Broken::<M>::enable(bed, port, small());
    for queue in 0..pools::<M>() {
        let QueuePair { rx, tx, pool, mut buffers, memory } =
            setup.pairs[queue].take().expect("the queue runs");
        let stopped = Started { rx, tx, pool }.stop(&setup.table, |frame| buffers.put(frame).expect("room"));
        match stopped {
            Ok(stopped) => {
                setup.idle.push(stopped.pool);
                let _ = memory.release(buffers).expect("all frames are home");
            }
            Err(Refused { error: StopError::LinkDown, value: Started { rx, tx, pool } }) => {
                assert_eq!(limits::<M>().name, "82598", "elsewhere queues can be seen without a link");
                setup.pairs[queue] = Some(QueuePair { rx, tx, pool, buffers, memory });
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    if setup.pairs.iter().all(Option::is_none) {
        setup.finish();
    } else {
        assert_eq!(setup.pairs.iter().flatten().count(), pools::<M>());
        quiesce_and_recover(setup).finish();
    }
}

/// Quiesces a port, gets the memory of every pool that runs back, and starts over.
fn quiesce_and_recover<M: Concrete>(setup: Broken<M>) -> Broken<M> {
    let Setup { mut bed, plan, port, table, slots, vectors, mut idle, pairs, .. } = setup;
    let port = port.quiesce().expect("the device comes to rest");
    for QueuePair { rx, tx, pool, mut buffers, memory } in pairs.into_iter().flatten() {
        let put = |frame| buffers.put(frame).expect("room");
        let Stopped { pool, .. } = Started { rx, tx, pool }.recover(&port, put).expect("it is at rest");
        let _ = memory.release(buffers).expect("all frames are home");
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
    bed.inject_fault(InjectedFault::QueueNeverEnables);
    let mut setup = Broken::<M>::stopped(bed, port, small());
    let pool = setup.idle.remove(1);
    let (rx, tx) = rings(&setup.bed, 64);
    let began = setup.bed.now();
    let size = BufferSize::kib(2).expect("a size");
    let refused = setup.keeping(|setup| setup.port.start(pool, rx, tx, size));
    let Refused { error, value } = refused.expect_err("it never starts");
    assert!(matches!(error, StartError::TimedOut(_)), "{error:?}");
    let NotStarted { pool, memory: None } = value else { panic!("{value:?}") };
    assert!(setup.bed.now() - began < HANG);
    // The device may have both rings: they stay mapped for good.
    let kept = std::mem::take(&mut setup.kept);
    assert_eq!(kept.iter().map(|(_, len, _)| *len).collect::<Vec<_>>(), [64 * 16; 2]);
    // The others are not concerned.
    setup.bed.clear_faults();
    let other = setup.idle.remove(1);
    setup.run(other);
    setup.bind(vm(2), 2);
    assert_eq!(setup.lands(&frame(vm(2), 0, 60)), [2]);
    assert_eq!(setup.bed.violations(), []);
    // It cost the memory, and neither the pool nor the port.
    setup.idle.push(pool);
    let mut setup = quiesce_and_recover(setup);
    setup.kept = kept;
    setup.finish();
}

/// Tries to stop a queue; sees that nothing comes out of it and that the ring goes on.
fn stop_in_vain<M: Concrete>(setup: &mut Broken<M>) -> Started<M, SimMachine> {
    let QueuePair { rx, tx, pool, mut buffers, .. } = setup.pairs[1].take().expect("the queue runs");
    let began = setup.bed.now();
    let stopped = Started { rx, tx, pool }.stop(&setup.table, |_| panic!("no buffer may come out"));
    let Refused { error, value: mut running } = stopped.expect_err("it never stops");
    let StopError::TimedOut(timed_out) = error else { panic!("{error:?}") };
    assert!(setup.bed.now() - began < HANG);
    assert!(timed_out.to_string().contains("timed out"));
    // The device still receives, and the ring still owns the buffers.
    setup.bed.inject(&frame(MacAddress::BROADCAST, 0, 60));
    let _ = setup.bed.settle();
    running.rx.refill(&mut buffers);
    assert_eq!(running.rx.posted(), 63);
    running
}

pub(crate) fn a_queue_that_never_stops_keeps_its_memory<M: Concrete>(bed: Sim) {
    let mut setup = Broken::<M>::start(bed, small());
    setup.bed.inject_fault(InjectedFault::QueueNeverDisables);
    let running = stop_in_vain(&mut setup);
    // The whole port at rest is proof enough.
    let Setup { mut bed, plan, port, table, slots, vectors, mut idle, pairs, .. } = setup;
    let port = port.quiesce().expect("the device comes to rest");
    let mut freed = 0;
    let stopped = running.recover(&port, |frame| {
        freed += 1;
        drop(frame);
    });
    idle.push(stopped.expect("it is at rest").pool);
    assert_eq!(freed, 63);
    for QueuePair { rx, tx, pool, mut buffers, memory } in pairs.into_iter().flatten() {
        let put = |frame| buffers.put(frame).expect("room");
        idle.push(Started { rx, tx, pool }.recover(&port, put).expect("it is at rest").pool);
        let _ = memory.release(buffers).expect("all frames are home");
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
    let mut setup = Broken::<M>::enable(bed, port, plan);
    setup.kept = kept;
    setup.bind(vm(1), 1);
    assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [1]);
    setup.finish();
}

pub(crate) fn a_device_that_never_comes_to_rest_keeps_all_memory<M: Concrete>(bed: Sim) {
    let mut setup = Broken::<M>::start(bed, small());
    setup.bed.inject_fault(InjectedFault::QueueNeverDisables);
    setup.bed.inject_fault(InjectedFault::MasterNeverStops);
    let _running = stop_in_vain(&mut setup);
    let began = setup.bed.now();
    let Refused { error, value: _port } = setup.port.quiesce().expect_err("it never comes to rest");
    assert!(matches!(error, vmdq::Fault::TimedOut(_)), "{error:?}");
    assert!(setup.bed.now() - began < HANG);
    assert_eq!(setup.bed.violations(), []);
}
