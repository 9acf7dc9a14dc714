//! The life cycle: reset, link, VMDq on and off, queues that stop and start again.

use vmdq::bus::{Bus, Offset};
use vmdq::ring::{BufferSize, Burst};
use vmdq::{
    Accept, Config, InitError, Link, MacAddress, NotStarted, Port, Refused, StartError, Started, StopError,
    Stopped,
};

use crate::bed::Bed;
use crate::common::{
    Concrete, Plan, QueuePair, STRANGER, Setup, buffers, frame, limits, numbers, pools, ready, rings, vm,
};

pub(crate) fn comes_out_of_reset<M: Concrete, T: Bed>(bed: T) {
    // SAFETY: the test bed is a controller of this model.
    let port = unsafe { Port::new(M::default(), bed.platform()) };
    let mut port = port.init(&Config::default()).expect("the port initialises");
    assert_eq!(port.address(), bed.own());
    assert!(!port.warnings().master_not_quiet);
    assert_eq!(port.link(), Link::Down);
    assert_eq!(port.bring_link_up(0), port.link());
    assert!(port.bring_link_up(5000).is_up());
    assert!(port.link().is_up());
    assert_eq!(bed.violations(), []);
}

/// A boot loader, or a driver that crashed, left a filter behind for every entry but the port's own.
pub(crate) fn filters_of_earlier_software_lead_nowhere<M: Concrete, T: Bed>(bed: T) {
    /// RAL and RAH, at the same place on all models.
    const RAL: u32 = 0x5400;
    const RAH: u32 = 0x5404;
    /// RAH.AV, and a destination that is pool 3 alone, or pools 0 and 1, as the device reads it.
    const HIGH: u32 = 1 << 31 | 3 << 18;
    for entry in 1..16 {
        let (low, high) = vm(entry as usize).register_halves();
        let write = |at: u32, value| {
            // SAFETY: a filter is no address of memory.
            unsafe { bed.bus().write32(Offset::new(at), value) };
        };
        write(RAL + 8 * entry, low);
        write(RAH + 8 * entry, high | HIGH);
    }
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    for entry in 1..16 {
        assert_eq!(setup.lands(&frame(vm(entry), 0, 60)), [0], "entry {entry}");
    }
    setup.finish();
}

pub(crate) fn says_what_it_was_given<M: Concrete, T: Bed>(bed: T) {
    let config =
        Config { max_frame: 1000, accept: Accept::MULTICAST, default_drops: false, strip_tags: true };
    let port = ready::<M, _>(bed.platform(), &config);
    assert_eq!(*port.config(), config);
    assert_eq!(port.id(), bed.bus().id());
    let setup = Setup::stopped(bed, port, Plan { config, ..Plan::default() });
    assert!(setup.idle.iter().map(|pool| pool.index().number()).eq(0..pools::<M>()));
    assert!(setup.slots.iter().map(|slot| slot.entry().number()).eq(1..=usize::from(limits::<M>().filters)));
    assert!(
        setup.vectors.iter().map(|vector| vector.index().number()).eq(0..usize::from(limits::<M>().vectors))
    );
    assert_eq!(setup.table.bindings().count(), 0);
    setup.finish();
}

pub(crate) fn configuration_out_of_range_is_refused<M: Concrete, T: Bed>(bed: T) {
    // SAFETY: the test bed is a controller of this model.
    let mut port = unsafe { Port::new(M::default(), bed.platform()) };
    for max_frame in [0, 63, limits::<M>().max_frame + 1, u16::MAX] {
        let config = Config { max_frame, ..Config::default() };
        let Refused { error, value } = port.init(&config).expect_err("out of range");
        assert_eq!(error, InitError::MaxFrame { least: 64, most: limits::<M>().max_frame });
        port = value;
    }
    assert!(port.init(&Config::default()).is_ok());
    assert_eq!(bed.violations(), []);
}

pub(crate) fn nothing_arrives_before_a_queue_runs<M: Concrete, T: Bed>(bed: T) {
    let port = ready::<M, _>(bed.platform(), &Config::default());
    let mut setup = Setup::stopped(bed, port, Plan::default());
    let queue = setup.idle.remove(1);
    setup.run(queue);
    setup.bind(vm(1), 1);
    // The default queue does not run; queue 1 does.
    assert_eq!(setup.lands(&frame(MacAddress::BROADCAST, 0, 60)), []);
    assert_eq!(setup.lands(&frame(vm(1), 1, 60)), [1]);
    let queue = setup.idle.remove(0);
    setup.run(queue);
    assert_eq!(setup.lands(&frame(MacAddress::BROADCAST, 2, 60)), [0]);
    setup.finish();
}

pub(crate) fn a_queue_stops_and_starts_again<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind(vm(2), 2);
    for round in 0..3 {
        let id = setup.bind(vm(1), 1);
        // Not a multiple of the ring's length: the ring stops somewhere in its middle.
        let frames: Vec<_> = (0..13).map(|i| frame(vm(1), 100 * round + i, 60)).collect();
        setup.inject(&frames);
        assert_eq!(setup.pair(1).receive(), frames);
        let sent: Vec<_> = (0..5).map(|i| frame(STRANGER, 100 * round + i, 60)).collect();
        setup.pair(1).send(&sent);
        let _ = setup.bed.settle();
        assert_eq!(setup.bed.take_sent().into_iter().map(|sent| sent.bytes).collect::<Vec<_>>(), sent);
        setup.unbind(id);
        setup.stop(1);
        // The others go on meanwhile.
        assert_eq!(setup.lands(&frame(vm(2), round, 60)), [2]);
        let queue = setup.idle.pop().expect("the queue came back");
        assert_eq!(queue.index().number(), 1);
        setup.run(queue);
    }
    setup.finish();
}

pub(crate) fn a_queue_restarts_on_the_memory_it_gave_back<M: Concrete, T: Bed>(bed: T) {
    let port = ready::<M, _>(bed.platform(), &Config::default());
    let mut setup = Setup::stopped(bed, port, Plan::default());
    let size = BufferSize::kib(2).expect("a size");
    let (mut rx, mut tx) = rings(&setup.bed, 64);
    let mut queue = setup.idle.remove(1);
    let (mut pool, memory) = buffers(&setup.bed, 20, size);
    let slot = setup.slots.remove(0);
    let mut slot = Some(slot);
    for round in 0..5 {
        let mut running = setup.port.start(queue, rx, tx, size).expect("the pool starts");
        assert_eq!(running.rx.refill(&mut pool), 20);
        assert_eq!((running.rx.posted(), pool.len()), (20, 0));
        let id = setup
            .table
            .bind(slot.take().expect("a slot"), vm(1), &running.pool)
            .expect("the filter is bound");
        setup.inject(&[frame(vm(1), round, 60), frame(vm(1), round + 1, 60), frame(vm(1), round + 2, 60)]);
        let mut burst = Burst::<2>::new();
        assert_eq!(running.rx.receive(&mut burst), 2);
        assert_eq!(
            burst.iter().map(|got| numbers(&[got.bytes().to_vec()])[0]).collect::<Vec<_>>(),
            [round, round + 1]
        );
        burst.drain(..).for_each(|got| pool.put(got).expect("room in the pool"));
        slot = Some(setup.table.unbind(id).expect("the filter is removed"));
        // One finished frame and 17 buffers are still in the ring.
        let mut freed = 0;
        let stopped = running
            .stop(&setup.table, |got| {
                freed += 1;
                pool.put(got).expect("room in the pool");
            })
            .expect("the queue stops");
        assert_eq!((freed, pool.len()), (18, 20));
        Stopped { pool: queue, rx, tx } = stopped;
        assert_eq!((rx.descriptors(), tx.descriptors()), (64, 64));
    }
    let (region, slots) = memory.release(pool).expect("all frames are home");
    assert_eq!((region.len(), slots.len()), (20 * (2048 + 64), 20));
    setup.idle.insert(0, queue);
    setup.slots.insert(0, slot.expect("a slot"));
    setup.finish();
}

pub(crate) fn goes_off_and_on_again<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    for round in 0..3 {
        setup.bind(vm(1), 1);
        assert_eq!(setup.lands(&frame(vm(1), round, 60)), [1]);
        assert_eq!(setup.lands(&frame(STRANGER, round, 60)), [0]);
        let plan = setup.plan;
        let (bed, port) = setup.disable();
        setup = Setup::enable(bed, port, plan);
        assert_eq!(setup.lands(&frame(vm(1), round, 60)), [0], "no filter is left");
    }
    setup.finish();
}

pub(crate) fn starts_over_from_reset<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind(vm(1), 1);
    assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [1]);
    let plan = setup.plan;
    let (bed, port) = setup.disable();
    let mut port = port.into_reset().init(&plan.config).expect("the port initialises");
    assert!(port.bring_link_up(5000).is_up());
    let mut setup = Setup::enable(bed, port, plan);
    assert_eq!(setup.lands(&frame(vm(1), 1, 60)), [0], "no filter is left");
    setup.bind(vm(1), 2);
    assert_eq!(setup.lands(&frame(vm(1), 2, 60)), [2]);
    setup.finish();
}

pub(crate) fn a_bound_queue_does_not_stop<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    let id = setup.bind(vm(1), 1);
    let QueuePair { rx, tx, pool, buffers, memory } = setup.pairs[1].take().expect("the queue runs");
    let refused = Started { rx, tx, pool }.stop(&setup.table, |_| panic!("no buffer may come out"));
    let Err(Refused { error: StopError::Bound, value: running }) = refused else { panic!("{refused:?}") };
    setup.pairs[1] = Some(QueuePair { rx: running.rx, tx: running.tx, pool: running.pool, buffers, memory });
    // It still works, and stops once the filter leads elsewhere.
    assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [1]);
    setup.move_to(id, 2);
    setup.stop(1);
    assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [2]);
    setup.finish();
}

pub(crate) fn buffers_too_small_for_the_limit_are_refused<M: Concrete, T: Bed>(bed: T) {
    let config = Config { max_frame: 4000, ..Config::default() };
    let port = ready::<M, _>(bed.platform(), &config);
    let mut setup = Setup::stopped(bed, port, Plan { config, ..Plan::default() });
    let queue = setup.idle.remove(0);
    let (rx, tx) = rings(&setup.bed, 8);
    let small = BufferSize::kib(3).expect("a size");
    let refused = setup.port.start(queue, rx, tx, small).expect_err("too small");
    let StartError::BufferTooSmall { least: Some(least) } = refused.error else { panic!("{refused:?}") };
    assert_eq!(least, BufferSize::kib(4).expect("a size"));
    // With what the error names, it starts.
    let NotStarted { pool, memory } = refused.value;
    let (rx, tx) = memory.expect("the device does not know of it");
    let running = setup.port.start(pool, rx, tx, least).expect("the pool starts");
    let stopped = running.stop(&setup.table, |_| panic!("no buffer was posted"));
    setup.idle.insert(0, stopped.expect("the pool stops").pool);
    setup.finish();
}
