//! What moving frames costs on the bus, counted by a tracing bus: no register is read, and at most
//! one is written for each burst and ring.

mod common;

use common::{Concrete, Lane, Plan, Rig, STRANGER, SimMachine, frame, numbers, pools, vm};
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::{I82575, I82576};
use vmdq::ixgbe::I82598;
use vmdq::ring::{Burst, RxRing, TxRing};
use vmdq::{Host, WaitWith};
use vmdq_sim::{Sim, SimBus, Testbed, Traced};

type Machine = SimMachine<Traced<SimBus>>;
type Traces<M> = Rig<M, Machine, Sim>;

/// A rig whose register accesses are counted, from zero.
fn traced<M: Concrete>(bed: Sim, plan: Plan) -> (Traces<M>, Traced<SimBus>) {
    let bus = Traced::new(bed.bus());
    let machine = bed.platform_over(bus.clone());
    let mut rig = Traces::<M>::start_on(bed, machine, plan);
    rig.bind_all();
    bus.reset_counts();
    (rig, bus)
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
    few_buffers_are_all_usable,
    forwarding_in_place_writes_its_own_tails_alone,
    rings_work_on_another_thread,
}

/// Takes sent buffers back, receives on a lane and answers every frame through its transmit ring.
fn answer<M: Concrete>(lane: &mut Lane<M, Machine>) -> usize {
    let mut burst = Burst::<32>::new();
    lane.tx.reclaim(&mut lane.buffers);
    let received = lane.rx.receive(&mut burst);
    for frame in &mut burst {
        let (to, rest) = frame.bytes_mut().split_at_mut(6);
        to.swap_with_slice(&mut rest[..6]);
    }
    assert_eq!(lane.tx.send(&mut burst), Ok(received));
    lane.rx.refill(&mut lane.buffers);
    received
}

fn frames_move_without_a_register_read<M: Concrete>(bed: Sim) {
    let (mut rig, bus) = traced::<M>(bed, Plan::default());
    let mut received = 0;
    for round in 0..20 {
        let frames =
            (1..pools::<M>()).flat_map(|queue| (0..16).map(move |i| frame(vm(queue), 16 * round + i, 60)));
        rig.inject(&Vec::from_iter(frames));
        received += rig.lanes.iter_mut().flatten().map(answer).sum::<usize>();
    }
    assert_eq!(received, 20 * 16 * (pools::<M>() - 1));
    let _ = rig.bed.settle();
    assert_eq!(rig.bed.take_sent().len(), received);
    assert_eq!(bus.reads(), 0);
    rig.finish();
}

fn a_burst_writes_one_tail_for_each_ring<M: Concrete>(bed: Sim) {
    let (mut rig, bus) = traced::<M>(bed, Plan::default());
    for round in 0..20 {
        rig.inject(&Vec::from_iter((0..32).map(|i| frame(vm(1), 32 * round + i, 60))));
        bus.reset_counts();
        assert_eq!(answer(rig.lane(1)), 32);
        let (rx, tx) = tails::<M>(&bus, 1);
        assert!(rx <= 1 && tx == 1, "round {round}: {rx} and {tx}");
        assert_eq!((bus.writes(), bus.reads()), (rx + tx, 0));
        let _ = rig.bed.settle();
    }
    rig.finish();
}

fn an_empty_poll_touches_nothing<M: Concrete>(bed: Sim) {
    let (mut rig, bus) = traced::<M>(bed, Plan::default());
    for lane in rig.lanes.iter_mut().flatten() {
        for _ in 0..100 {
            assert_eq!(answer(lane), 0);
        }
    }
    assert_eq!((bus.reads(), bus.writes()), (0, 0));
    rig.finish();
}

/// 127 buffers are posted: the device stays above half for long.
fn the_tail_waits_for_32_buffers<M: Concrete>(bed: Sim) {
    let (mut rig, bus) = traced::<M>(bed, Plan { descriptors: 128, buffers: 127, ..Plan::default() });
    for i in 0..96 {
        rig.inject(&[frame(vm(1), i, 60)]);
        assert_eq!(numbers(&rig.lane(1).receive()), [i]);
        assert_eq!(tails::<M>(&bus, 1).0, u64::from(i + 1) / 32, "after frame {i}");
        assert_eq!(rig.lane(1).rx.posted(), 127);
    }
    assert_eq!((bus.reads(), bus.writes()), (0, 3));
    rig.finish();
}

/// 40 buffers are posted: announced as soon as the device knows of fewer than half of them.
fn the_tail_does_not_wait_when_the_device_runs_short<M: Concrete>(bed: Sim) {
    let (mut rig, bus) = traced::<M>(bed, Plan { descriptors: 64, buffers: 40, ..Plan::default() });
    for i in 0..20 {
        rig.inject(&[frame(vm(1), i, 60)]);
        assert_eq!(rig.lane(1).receive().len(), 1);
    }
    assert_eq!(bus.writes(), 0, "20 of 40 are known");
    rig.inject(&[frame(vm(1), 20, 60)]);
    assert_eq!(rig.lane(1).receive().len(), 1);
    assert_eq!((tails::<M>(&bus, 1).0, bus.writes()), (1, 1), "19 of 40 were known");
    // All but the one that was posted since; a flush makes it all of them, and then has nothing to do.
    rig.lane(1).rx.flush();
    rig.lane(1).rx.flush();
    assert_eq!((tails::<M>(&bus, 1).0, bus.writes()), (2, 2));
    rig.inject(&Vec::from_iter((0..40).map(|i| frame(vm(1), i, 60))));
    assert_eq!(rig.lane(1).receive().len(), 40);
    rig.finish();
}

/// 5 buffers are posted: each is needed, so the device knows of all of them at any time.
fn few_buffers_are_all_usable<M: Concrete>(bed: Sim) {
    let (mut rig, bus) = traced::<M>(bed, Plan { descriptors: 64, buffers: 5, ..Plan::default() });
    for count in [1, 5, 2, 5, 4, 5, 3, 5] {
        let before = tails::<M>(&bus, 1).0;
        let frames = Vec::from_iter((0..count).map(|i| frame(vm(1), i, 60)));
        rig.inject(&frames);
        assert_eq!(rig.lane(1).receive(), frames);
        // By one register write for each burst.
        assert_eq!(tails::<M>(&bus, 1).0, before + 1);
    }
    assert_eq!((bus.reads(), bus.writes()), (0, 8));
    rig.finish();
}

fn forwarding_in_place_writes_its_own_tails_alone<M: Concrete>(bed: Sim) {
    let (mut rig, bus) = traced::<M>(bed, Plan::default());
    let last = pools::<M>() - 1;
    for round in 0..10 {
        rig.inject(&Vec::from_iter((0..32).map(|i| frame(vm(last), 32 * round + i, 60))));
        answer(rig.lane(last));
        let _ = rig.bed.settle();
    }
    let (rx, tx) = tails::<M>(&bus, last);
    assert_eq!((bus.reads(), bus.writes()), (0, rx + tx));
    assert!((1..=10).contains(&rx) && tx == 10);
    rig.finish();
}

fn rings_work_on_another_thread<M: Concrete>(bed: Sim) {
    let (mut rig, bus) = traced::<M>(bed, Plan::default());
    for round in 0..4 {
        rig.inject(&Vec::from_iter((0..8).map(|i| frame(vm(1), 8 * round + i, 60))));
        // The table stays here, and steers what runs there.
        let mut lane = rig.lanes[1].take().expect("the queue runs");
        let thread = std::thread::spawn(move || {
            assert_eq!(answer(&mut lane), 8);
            lane
        });
        rig.lanes[1] = Some(thread.join().expect("the thread ends"));
        let _ = rig.bed.settle();
        let sent: Vec<_> = rig.bed.take_sent().into_iter().map(|sent| sent.bytes).collect();
        assert_eq!(numbers(&sent), Vec::from_iter(8 * round..8 * round + 8));
        assert_eq!(rig.lands(&frame(STRANGER, 0, 60)), [0]);
    }
    assert_eq!(bus.reads(), 0);
    rig.finish();
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
