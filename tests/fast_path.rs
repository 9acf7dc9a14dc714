//! What moving frames costs on the bus, counted by a tracing bus: no register is read, and at most
//! one is written for each burst and ring.

mod common;

use common::{Concrete, Plan, QueuePair, STRANGER, Setup, SimMachine, frame, numbers, pools, vm};
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::{I82575, I82576};
use vmdq::ixgbe::I82598;
use vmdq::ring::{Burst, RxRing, TxRing};
use vmdq::{Host, WaitWith};
use vmdq_sim::{Sim, SimBus, Testbed, Traced};

type Machine = SimMachine<Traced<SimBus>>;
type Traces<M> = Setup<M, Machine, Sim>;

/// A setup whose register accesses are counted, from zero.
fn traced<M: Concrete>(bed: Sim, plan: Plan) -> (Traces<M>, Traced<SimBus>) {
    let bus = Traced::new(bed.bus());
    let machine = bed.platform_over(bus.clone());
    let mut setup = Traces::<M>::start_on(bed, machine, plan);
    setup.bind_all();
    bus.reset_counts();
    (setup, bus)
}

/// Writes to the tails of a queue, receive and transmit.
fn tails<M: Concrete>(bus: &Traced<SimBus>, queue: usize) -> (u64, u64) {
    let (rx, tx) = common::tails::<M>(queue);
    (bus.writes_at(rx.bytes()), bus.writes_at(tx.bytes()))
}

/// Runs a test on each model.
macro_rules! on_every_model {
    ($($test:ident),+ $(,)?) => {
        mod i82575 { $(#[test]
            fn $test() {
                super::$test::<super::I82575>(super::Sim::i82575()); })+ }
        mod i82576 { $(#[test]
            fn $test() {
                super::$test::<super::I82576>(super::Sim::i82576()); })+ }
        mod i82598 { $(#[test]
            fn $test() {
                super::$test::<super::I82598>(super::Sim::i82598()); })+ }
    };
}

on_every_model! {
    frames_move_without_a_register_read,
    a_burst_writes_one_tail_for_each_ring,
    an_empty_poll_touches_nothing,
    the_tail_waits_for_32_buffers,
    the_tail_does_not_wait_when_the_device_runs_short,
    replacing_announces_by_the_same_rule,
    few_buffers_are_all_usable,
    forwarding_in_place_writes_its_own_tails_alone,
    rings_work_on_another_thread,
}

/// Takes sent buffers back, receives on a queue pair and answers every frame through its transmit ring.
fn answer<M: Concrete>(pair: &mut QueuePair<M, Machine>) -> usize {
    let mut burst = Burst::<32>::new();
    pair.tx.reclaim(&mut pair.buffers);
    let received = pair.rx.receive(&mut burst);
    for frame in &mut burst {
        let (to, rest) = frame.bytes_mut().split_at_mut(6);
        to.swap_with_slice(&mut rest[..6]);
    }
    assert_eq!(pair.tx.send(&mut burst), Ok(received));
    pair.rx.refill(&mut pair.buffers);
    received
}

fn frames_move_without_a_register_read<M: Concrete>(bed: Sim) {
    let (mut setup, bus) = traced::<M>(bed, Plan::default());
    let mut received = 0;
    for round in 0..20 {
        let frames =
            (1..pools::<M>()).flat_map(|queue| (0..16).map(move |i| frame(vm(queue), 16 * round + i, 60)));
        setup.inject(&Vec::from_iter(frames));
        received += setup.pairs.iter_mut().flatten().map(answer).sum::<usize>();
    }
    assert_eq!(received, 20 * 16 * (pools::<M>() - 1));
    let _ = setup.bed.settle();
    assert_eq!(setup.bed.take_sent().len(), received);
    assert_eq!(bus.reads(), 0);
    setup.finish();
}

fn a_burst_writes_one_tail_for_each_ring<M: Concrete>(bed: Sim) {
    let (mut setup, bus) = traced::<M>(bed, Plan::default());
    for round in 0..20 {
        setup.inject(&Vec::from_iter((0..32).map(|i| frame(vm(1), 32 * round + i, 60))));
        bus.reset_counts();
        assert_eq!(answer(setup.pair(1)), 32);
        let (rx, tx) = tails::<M>(&bus, 1);
        assert!(rx <= 1 && tx == 1, "round {round}: {rx} and {tx}");
        assert_eq!((bus.writes(), bus.reads()), (rx + tx, 0));
        let _ = setup.bed.settle();
    }
    setup.finish();
}

fn an_empty_poll_touches_nothing<M: Concrete>(bed: Sim) {
    let (mut setup, bus) = traced::<M>(bed, Plan::default());
    for pair in setup.pairs.iter_mut().flatten() {
        for _ in 0..100 {
            assert_eq!(answer(pair), 0);
        }
    }
    assert_eq!((bus.reads(), bus.writes()), (0, 0));
    setup.finish();
}

/// 127 buffers are posted: the device stays above half for long.
fn the_tail_waits_for_32_buffers<M: Concrete>(bed: Sim) {
    let (mut setup, bus) = traced::<M>(bed, Plan { descriptors: 128, buffers: 127, ..Plan::default() });
    for i in 0..96 {
        setup.inject(&[frame(vm(1), i, 60)]);
        assert_eq!(numbers(&setup.pair(1).receive()), [i]);
        assert_eq!(tails::<M>(&bus, 1).0, u64::from(i + 1) / 32, "after frame {i}");
        assert_eq!(setup.pair(1).rx.posted(), 127);
    }
    assert_eq!((bus.reads(), bus.writes()), (0, 3));
    setup.finish();
}

/// 40 buffers are posted: announced as soon as the device knows of fewer than half of them.
fn the_tail_does_not_wait_when_the_device_runs_short<M: Concrete>(bed: Sim) {
    let (mut setup, bus) = traced::<M>(bed, Plan { descriptors: 64, buffers: 40, ..Plan::default() });
    for i in 0..20 {
        setup.inject(&[frame(vm(1), i, 60)]);
        assert_eq!(setup.pair(1).receive().len(), 1);
    }
    assert_eq!(bus.writes(), 0, "20 of 40 are known");
    setup.inject(&[frame(vm(1), 20, 60)]);
    assert_eq!(setup.pair(1).receive().len(), 1);
    assert_eq!((tails::<M>(&bus, 1).0, bus.writes()), (1, 1), "19 of 40 were known");
    // All but the one that was posted since; a flush makes it all of them, and then has nothing to do.
    setup.pair(1).rx.flush();
    setup.pair(1).rx.flush();
    assert_eq!((tails::<M>(&bus, 1).0, bus.writes()), (2, 2));
    setup.inject(&Vec::from_iter((0..40).map(|i| frame(vm(1), i, 60))));
    assert_eq!(setup.pair(1).receive().len(), 40);
    setup.finish();
}

/// A full ring whose frames are replaced one by one: 32 of its 63 buffers are half of them, and not before.
fn replacing_announces_by_the_same_rule<M: Concrete>(bed: Sim) {
    let (mut setup, bus) = traced::<M>(bed, Plan { descriptors: 64, buffers: 70, ..Plan::default() });
    let mut burst = Burst::<1>::new();
    for i in 1..=96 {
        setup.inject(&[frame(vm(1), i, 60)]);
        let pair = setup.pair(1);
        assert_eq!(pair.rx.receive_replacing(&mut burst, 1, &mut pair.buffers), 1);
        pair.buffers.put_all(&mut burst);
        assert_eq!((pair.rx.posted(), bus.writes()), (63, u64::from(i) / 32), "after frame {i}");
    }
    setup.finish();
}

/// 5 buffers are posted: each is needed, so the device knows of all of them at any time.
fn few_buffers_are_all_usable<M: Concrete>(bed: Sim) {
    let (mut setup, bus) = traced::<M>(bed, Plan { descriptors: 64, buffers: 5, ..Plan::default() });
    for count in [1, 5, 2, 5, 4, 5, 3, 5] {
        let before = tails::<M>(&bus, 1).0;
        let frames = Vec::from_iter((0..count).map(|i| frame(vm(1), i, 60)));
        setup.inject(&frames);
        assert_eq!(setup.pair(1).receive(), frames);
        // By one register write for each burst.
        assert_eq!(tails::<M>(&bus, 1).0, before + 1);
    }
    assert_eq!((bus.reads(), bus.writes()), (0, 8));
    setup.finish();
}

fn forwarding_in_place_writes_its_own_tails_alone<M: Concrete>(bed: Sim) {
    let (mut setup, bus) = traced::<M>(bed, Plan::default());
    let last = pools::<M>() - 1;
    for round in 0..10 {
        setup.inject(&Vec::from_iter((0..32).map(|i| frame(vm(last), 32 * round + i, 60))));
        answer(setup.pair(last));
        let _ = setup.bed.settle();
    }
    let (rx, tx) = tails::<M>(&bus, last);
    assert_eq!((bus.reads(), bus.writes()), (0, rx + tx));
    assert!((1..=10).contains(&rx) && tx == 10);
    setup.finish();
}

fn rings_work_on_another_thread<M: Concrete>(bed: Sim) {
    let (mut setup, bus) = traced::<M>(bed, Plan::default());
    for round in 0..4 {
        setup.inject(&Vec::from_iter((0..8).map(|i| frame(vm(1), 8 * round + i, 60))));
        // The table stays here, and steers what runs there.
        let mut pair = setup.pairs[1].take().expect("the queue runs");
        let thread = std::thread::spawn(move || {
            assert_eq!(answer(&mut pair), 8);
            pair
        });
        setup.pairs[1] = Some(thread.join().expect("the thread ends"));
        let _ = setup.bed.settle();
        let sent: Vec<_> = setup.bed.take_sent().into_iter().map(|sent| sent.bytes).collect();
        assert_eq!(numbers(&sent), Vec::from_iter(8 * round..8 * round + 8));
        assert_eq!(setup.lands(&frame(STRANGER, 0, 60)), [0]);
    }
    assert_eq!(bus.reads(), 0);
    setup.finish();
}

#[test]
fn rings_are_small_and_may_move_anywhere() {
    fn may_move<T: Send + 'static>() -> usize {
        size_of::<T>()
    }
    // Of all models at once: rings have none.
    type Machine = Host<Mmio, Identity, WaitWith>;
    let sizes = [may_move::<RxRing<Machine>>(), may_move::<TxRing<Machine>>()];
    assert!(sizes.iter().all(|&size| size <= 128), "{sizes:?}");
}
