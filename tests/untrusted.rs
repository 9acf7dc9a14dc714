//! The device is not trusted (DESIGN, Must 3): whatever it does costs a frame or ends in a typed error,
//! never in a panic, a hang, a freed buffer that it may still write, or a byte outside a buffer.

mod common;

use common::{Lane, Plan, Rig, STRANGER, frame, number, numbers, parts, ready, rings, vm};
use vmdq::igb::{I82575, I82576};
use vmdq::ixgbe::I82598;
use vmdq::ring::{BufferSize, Burst, FrameFlags};
use vmdq::{
    Causes, Config, Controller, InitError, Link, MacAddress, Port, Reset, Running, StartError, StopError,
};
use vmdq_sim::{Fault, Rule, Sim, SimBus, SimDma, Testbed};

/// Longer than any bounded wait of the driver, in nanoseconds of the controller's time.
const HANG: u64 = 10_000_000_000;

type Broken<C> = Rig<C, SimBus, Sim>;

/// Runs a test on each model.
macro_rules! on_every_model {
    ($($test:ident),+ $(,)?) => {
        mod i82575 { $(#[test] fn $test() { super::$test::<super::I82575>(super::Sim::i82575()); })+ }
        mod i82576 { $(#[test] fn $test() { super::$test::<super::I82576>(super::Sim::i82576()); })+ }
        mod i82598 { $(#[test] fn $test() { super::$test::<super::I82598>(super::Sim::i82598()); })+ }
    };
}

on_every_model! {
    a_reset_that_never_ends_is_an_error,
    a_master_that_never_stops_is_a_warning_at_reset,
    no_device_is_an_error,
    a_device_that_vanishes_after_init_breaks_nothing,
    a_device_that_vanishes_under_traffic_breaks_nothing,
    a_link_that_never_comes_is_down,
    a_queue_that_never_starts_keeps_its_memory,
    a_queue_that_never_stops_keeps_its_memory,
    a_device_that_never_falls_silent_keeps_all_memory,
    any_length_may_be_claimed,
    a_frame_without_end_costs_itself_and_the_next,
    a_frame_of_errors_is_marked,
    a_done_bit_without_a_frame_costs_frames,
    headers_and_heads_are_not_looked_at,
    lies_in_a_row_leave_the_ring_sound,
}

/// Makes a port that nobody has initialised.
fn fresh<C: Controller>(bed: &Sim) -> Port<C, SimBus, Reset> {
    // SAFETY: the model is a controller of this kind, and confines its DMA.
    unsafe { Port::new(bed.bus()) }
}

fn small() -> Plan {
    Plan { descriptors: 64, buffers: 80, ..Plan::default() }
}

/// Ends a test whose fault makes the model itself break rules about descriptors.
fn finish<C: Controller>(mut rig: Broken<C>) {
    let others: Vec<_> =
        rig.bed.violations().into_iter().filter(|found| found.rule != Rule::DescriptorNotReady).collect();
    assert_eq!(others, []);
    rig.bed.forget_violations();
    rig.finish();
}

fn a_reset_that_never_ends_is_an_error<C: Controller>(mut bed: Sim) {
    bed.inject_fault(Fault::ResetNeverEnds);
    let began = bed.now();
    let (error, port) = fresh::<C>(&bed).init(&Config::default(), &mut bed.delay()).expect_err("no end");
    assert!(matches!(error, InitError::Reset(_)), "{error}");
    assert!(bed.now() - began < HANG);
    // The port came back, and may try again.
    let (again, _) = port.init(&Config::default(), &mut bed.delay()).expect_err("no end");
    assert_eq!(again, error);
}

fn a_master_that_never_stops_is_a_warning_at_reset<C: Controller>(mut bed: Sim) {
    bed.inject_fault(Fault::MasterNeverStops);
    let began = bed.now();
    let port = fresh::<C>(&bed).init(&Config::default(), &mut bed.delay()).expect("a reset helps");
    assert!(port.warnings().master_not_quiet);
    assert!(bed.now() - began < HANG);
}

fn no_device_is_an_error<C: Controller>(mut bed: Sim) {
    bed.inject_fault(Fault::AllOnes);
    let (error, _) = fresh::<C>(&bed).init(&Config::default(), &mut bed.delay()).expect_err("no device");
    assert_eq!(error, InitError::NoDevice);
}

fn a_device_that_vanishes_after_init_breaks_nothing<C: Controller>(mut bed: Sim) {
    let mut port = ready::<C, _, _>(&bed, bed.bus(), &Config::default());
    bed.inject_fault(Fault::AllOnes);
    let began = bed.now();
    assert_eq!(port.link(), Link::Down);
    assert_eq!(port.bring_link_up(100, &mut bed.delay()), Link::Down);
    assert_eq!(port.statistics(), vmdq::Statistics::default());
    let mut rig = Broken::<C>::stopped(bed, port, small());
    assert_eq!(rig.port.causes(), Causes::FATAL);
    rig.port.route_others(&mut rig.vectors[0]).expect("it is this port's");
    let queue = rig.idle.remove(1);
    let (rx, tx) = rings(&rig.bed, 64);
    let refused = queue.start(rx, tx, BufferSize::kib(2).expect("a size"), rig.bed.dma(), &mut rig.delay);
    // The device might have the memory: nothing comes back.
    match refused {
        Err((StartError::TimedOut(_) | StartError::RingTooShort { .. }, _)) => {}
        other => panic!("{other:?}"),
    }
    rig.table.replay();
    assert!(rig.port.silence(&mut rig.delay).is_err());
    assert!(rig.bed.now() - began < HANG);
}

fn a_device_that_vanishes_under_traffic_breaks_nothing<C: Controller>(bed: Sim) {
    let mut rig = Broken::<C>::start(bed, small());
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
    assert!(rig.port.silence(&mut rig.delay).is_err());
    let Lane { rx, tx, pool, .. } = rig.lanes[1].take().expect("the queue runs");
    let stopped = pool.stop(rx, tx, &rig.table, &mut rig.delay, |_| panic!("no buffer may come out"));
    let Err((StopError::TimedOut(_) | StopError::LinkDown, Some(_))) = stopped else { panic!("{stopped:?}") };
    assert!(rig.bed.now() - began < HANG);
    assert_eq!(rig.bed.violations(), []);
}

fn a_link_that_never_comes_is_down<C: Controller>(mut bed: Sim) {
    bed.inject_fault(Fault::LinkNeverComes);
    let mut delay = bed.delay();
    let mut port = fresh::<C>(&bed).init(&Config::default(), &mut delay).expect("the port initialises");
    let began = bed.now();
    assert_eq!(port.bring_link_up(1000, &mut delay), Link::Down);
    assert!((1_000_000_000..2_000_000_000).contains(&(bed.now() - began)), "as long as was asked for");
    // Queues start all the same, and there is a way to stop each of them.
    let mut rig = Broken::<C>::enable(bed, port, small());
    for queue in 0..C::QUEUES {
        let Lane { rx, tx, pool, mut buffers, lent } = rig.lanes[queue].take().expect("the queue runs");
        let stopped =
            pool.stop(rx, tx, &rig.table, &mut rig.delay, |frame| buffers.put(frame).expect("room"));
        match stopped {
            Ok(stopped) => rig.idle.push(stopped.queue),
            Err((StopError::LinkDown, Some(Running { rx, tx, pool }))) => {
                assert_eq!(C::NAME, "82598", "elsewhere queues can be seen without a link");
                let silence = rig.port.silence(&mut rig.delay).expect("it falls silent");
                let put = |frame| buffers.put(frame).expect("room");
                rig.idle.push(pool.stop_silenced(rx, tx, &silence, put).expect("it is silent").queue);
            }
            other => panic!("{other:?}"),
        }
        let _ = lent.release(buffers).expect("all frames are home");
    }
    rig.finish();
}

fn a_queue_that_never_starts_keeps_its_memory<C: Controller>(mut bed: Sim) {
    let port = ready::<C, _, _>(&bed, bed.bus(), &Config::default());
    bed.inject_fault(Fault::QueueNeverEnables);
    let mut rig = Broken::<C>::stopped(bed, port, small());
    let queue = rig.idle.remove(1);
    let (rx, tx) = rings(&rig.bed, 64);
    let began = rig.bed.now();
    let refused = queue.start(rx, tx, BufferSize::kib(2).expect("a size"), rig.bed.dma(), &mut rig.delay);
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
fn stop_in_vain<C: Controller>(rig: &mut Broken<C>) -> Running<C, SimBus, SimDma> {
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

fn a_queue_that_never_stops_keeps_its_memory<C: Controller>(bed: Sim) {
    let mut rig = Broken::<C>::start(bed, small());
    rig.bed.inject_fault(Fault::QueueNeverDisables);
    let Running { rx, tx, pool } = stop_in_vain(&mut rig);
    // The whole port falling silent is proof enough.
    let silence = rig.port.silence(&mut rig.delay).expect("it falls silent");
    let mut freed = 0;
    let stopped = pool.stop_silenced(rx, tx, &silence, |frame| {
        freed += 1;
        drop(frame);
    });
    rig.idle.push(stopped.expect("it is silent").queue);
    assert_eq!(freed, 63);
    for queue in (0..C::QUEUES).filter(|&queue| queue != 1) {
        let Lane { rx, tx, pool, mut buffers, lent } = rig.lanes[queue].take().expect("the queue runs");
        let put = |frame| buffers.put(frame).expect("room");
        rig.idle.push(pool.stop_silenced(rx, tx, &silence, put).expect("it is silent").queue);
        let _ = lent.release(buffers).expect("all frames are home");
    }
    // A reset brings the port back.
    rig.bed.clear_faults();
    let Rig { bed, mut delay, plan, port, table, slots, vectors, idle, .. } = rig;
    let port = port.disable(parts::<C, _>(idle, slots, table, vectors), &mut delay);
    let port = port.map_err(|(error, _)| error).expect("VMDq goes off").into_reset();
    let mut port = port.init(&plan.config, &mut delay).expect("the port initialises");
    assert!(port.bring_link_up(5000, &mut delay).is_up());
    let mut rig = Broken::<C>::enable(bed, port, plan);
    rig.bind(vm(1), 1);
    assert_eq!(rig.lands(&frame(vm(1), 0, 60)), [1]);
    rig.finish();
}

fn a_device_that_never_falls_silent_keeps_all_memory<C: Controller>(bed: Sim) {
    let mut rig = Broken::<C>::start(bed, small());
    rig.bed.inject_fault(Fault::QueueNeverDisables);
    rig.bed.inject_fault(Fault::MasterNeverStops);
    let _running = stop_in_vain(&mut rig);
    let began = rig.bed.now();
    assert!(rig.port.silence(&mut rig.delay).is_err());
    assert!(rig.bed.now() - began < HANG);
    assert_eq!(rig.bed.violations(), []);
}

fn any_length_may_be_claimed<C: Controller>(bed: Sim) {
    let mut rig = Broken::<C>::start(bed, small());
    rig.bind(vm(1), 1);
    for claimed in [0, 1, 13, 59, 61, 1514, 1515, 1518, 1519, 2047, 2048, 2049, 4096, 0x3fff, 0x8000, 0xffff]
    {
        let before = rig.lane(1).rx.counters();
        rig.bed.inject_fault(Fault::ClaimLength(claimed));
        rig.inject(&[frame(vm(1), 0, 60), frame(vm(1), 1, 60)]);
        let frames = rig.lane(1).take();
        let after = rig.lane(1).rx.counters();
        let lengths: Vec<_> = frames.iter().map(|frame| frame.bytes().len()).collect();
        // The frame behind the lie is not harmed.
        assert_eq!(number(frames.last().expect("a frame").bytes()), 1);
        let (too_long, malformed) = (after.too_long - before.too_long, after.malformed - before.malformed);
        match claimed {
            0..=1514 => assert_eq!((lengths, too_long, malformed), (vec![claimed.into(), 60], 0, 0)),
            1515..=2048 => assert_eq!((lengths, too_long, malformed), (vec![60], 1, 0), "{claimed}"),
            _ => assert_eq!((lengths, too_long, malformed), (vec![60], 0, 1), "{claimed}"),
        }
        let lane = rig.lane(1);
        frames.into_iter().for_each(|frame| lane.buffers.put(frame).expect("room"));
        lane.rx.refill(&mut lane.buffers);
        assert_eq!(lane.rx.posted(), 63);
    }
    rig.finish();
}

fn a_frame_without_end_costs_itself_and_the_next<C: Controller>(bed: Sim) {
    let mut rig = Broken::<C>::start(bed, small());
    rig.bind(vm(1), 1);
    for round in 1..=3 {
        rig.bed.inject_fault(Fault::NoEndOfPacket);
        rig.inject(&Vec::from_iter((0..5).map(|i| frame(vm(1), i, 60))));
        // The ring looks for an end first, and may say once that it has nothing.
        let mut received = rig.lane(1).receive();
        received.extend(rig.lane(1).receive());
        assert_eq!(numbers(&received), [2, 3, 4]);
        assert_eq!(rig.lane(1).rx.counters().malformed, round);
        assert_eq!(rig.lane(1).rx.posted(), 63);
    }
    // Without a frame behind it, the ring waits for the end.
    rig.bed.inject_fault(Fault::NoEndOfPacket);
    rig.inject(&[frame(vm(1), 0, 60)]);
    for _ in 0..3 {
        assert_eq!(rig.lane(1).receive().len(), 0);
    }
    rig.inject(&[frame(vm(1), 1, 60), frame(vm(1), 2, 60)]);
    let mut received = rig.lane(1).receive();
    received.extend(rig.lane(1).receive());
    assert_eq!(numbers(&received), [2]);
    rig.finish();
}

fn a_frame_of_errors_is_marked<C: Controller>(bed: Sim) {
    let mut rig = Broken::<C>::start(bed, small());
    rig.bind(vm(1), 1);
    rig.bed.inject_fault(Fault::AllErrors);
    rig.inject(&[frame(vm(1), 0, 60), frame(vm(1), 1, 60)]);
    let frames = rig.lane(1).take();
    let errors: Vec<_> = frames.iter().map(|frame| frame.flags().contains(FrameFlags::ERROR)).collect();
    assert_eq!(errors, [true, false]);
    for frame in frames {
        rig.lane(1).buffers.put(frame).expect("room");
    }
    rig.finish();
}

fn a_done_bit_without_a_frame_costs_frames<C: Controller>(bed: Sim) {
    let mut rig = Broken::<C>::start(bed, small());
    for queue in 1..C::QUEUES {
        rig.bind(vm(queue), queue);
    }
    for round in 0..5 {
        rig.bed.inject_fault(Fault::SpuriousDone);
        for queue in 0..C::QUEUES {
            // Enough to come by the descriptor wherever in the ring it is.
            for _ in 0..4 {
                rig.inject(&Vec::from_iter((0..20).map(|i| frame(vm(queue), i, 60))));
                let mut received = rig.lane(queue).receive();
                received.extend(rig.lane(queue).receive());
                let received = numbers(&received);
                let good = (0..20).filter(|i| received.contains(i)).count();
                assert!(good >= 18 && received.len() <= 20, "round {round}: {received:?}");
                assert_eq!(rig.lane(queue).rx.posted(), 63);
            }
        }
    }
    finish(rig);
}

fn headers_and_heads_are_not_looked_at<C: Controller>(bed: Sim) {
    let mut rig = Broken::<C>::start(bed, small());
    rig.bind(vm(1), 1);
    for header in [0, 1, 64, 960, 1023, 0xffff] {
        rig.bed.inject_fault(Fault::ClaimHeader(header));
        assert_eq!(rig.lands(&frame(vm(1), 0, 100)), [1], "{header}");
    }
    rig.bed.inject_fault(Fault::WildHead);
    rig.lane(1).send(&[frame(STRANGER, 0, 60)]);
    let _ = rig.bed.settle();
    assert_eq!((rig.bed.take_sent().len(), rig.lane(1).reclaim()), (1, 1));
    rig.finish();
}

fn lies_in_a_row_leave_the_ring_sound<C: Controller>(bed: Sim) {
    let mut rig = Broken::<C>::start(bed, small());
    rig.bind(vm(1), 1);
    let lies = [
        Fault::ClaimLength(0xffff),
        Fault::NoEndOfPacket,
        Fault::AllErrors,
        Fault::NoEndOfPacket,
        Fault::ClaimLength(2049),
        Fault::SpuriousDone,
        Fault::ClaimLength(0),
    ];
    // Several times around the ring, with one lie after the other.
    for round in 0..40 {
        rig.bed.inject_fault(lies[round % lies.len()]);
        rig.bed.inject_fault(lies[(3 * round + 1) % lies.len()]);
        rig.inject(&Vec::from_iter((0..9).map(|i| frame(vm(1), i, 60))));
        let lane = rig.lane(1);
        let mut burst = Burst::<16>::new();
        for _ in 0..4 {
            lane.rx.receive(&mut burst);
        }
        assert!(burst.iter().all(|frame| frame.bytes().len() <= 1514));
        burst.drain(..).for_each(|frame| lane.buffers.put(frame).expect("room"));
        lane.rx.refill(&mut lane.buffers);
        assert_eq!(lane.rx.posted(), 63);
    }
    // And an honest device is served again.
    rig.bed.clear_faults();
    for _ in 0..8 {
        rig.inject(&Vec::from_iter((0..9).map(|i| frame(vm(1), i, 60))));
        let _ = rig.lane(1).receive();
        let _ = rig.lane(1).receive();
    }
    assert_eq!(rig.lands(&frame(vm(1), 77, 60)), [1]);
    finish(rig);
}
