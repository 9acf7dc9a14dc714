//! Frames: descriptors that say what is not so.

use vmdq::ring::{Burst, FrameFlags};
use vmdq_sim::{InjectedFault, Rule, Sim, Testbed};

use crate::common::{Concrete, STRANGER, frame, number, numbers, pools, vm};
use crate::{Broken, small};

/// Ends a test whose fault makes the model itself break rules about descriptors.
fn finish<M: Concrete>(mut setup: Broken<M>) {
    let others: Vec<_> =
        setup.bed.violations().into_iter().filter(|found| found.rule != Rule::DescriptorNotReady).collect();
    assert_eq!(others, []);
    setup.bed.forget_violations();
    setup.finish();
}

pub(crate) fn any_length_may_be_claimed<M: Concrete>(bed: Sim) {
    let mut setup = Broken::<M>::start(bed, small());
    setup.bind(vm(1), 1);
    for claimed in [0, 1, 13, 59, 61, 1514, 1515, 1518, 1519, 2047, 2048, 2049, 4096, 0x3fff, 0x8000, 0xffff]
    {
        let before = setup.pair(1).rx.counters();
        setup.bed.inject_fault(InjectedFault::ClaimLength(claimed));
        setup.inject(&[frame(vm(1), 0, 60), frame(vm(1), 1, 60)]);
        let frames = setup.pair(1).take();
        let after = setup.pair(1).rx.counters();
        let lengths: Vec<_> = frames.iter().map(|frame| frame.bytes().len()).collect();
        // The frame behind the lie is not harmed.
        assert_eq!(number(frames.last().expect("a frame").bytes()), 1);
        let (too_long, malformed) = (after.too_long - before.too_long, after.malformed - before.malformed);
        match claimed {
            // Not even two addresses and a type: no code above needs to handle that.
            0..=13 => assert_eq!((lengths, too_long, malformed), (vec![60], 0, 1), "{claimed}"),
            14..=1514 => assert_eq!((lengths, too_long, malformed), (vec![claimed.into(), 60], 0, 0)),
            1515..=2048 => assert_eq!((lengths, too_long, malformed), (vec![60], 1, 0), "{claimed}"),
            _ => assert_eq!((lengths, too_long, malformed), (vec![60], 0, 1), "{claimed}"),
        }
        let pair = setup.pair(1);
        frames.into_iter().for_each(|frame| pair.buffers.put(frame).expect("room"));
        pair.rx.refill(&mut pair.buffers);
        assert_eq!(pair.rx.posted(), 63);
    }
    setup.finish();
}

pub(crate) fn a_frame_without_end_costs_itself_and_the_next<M: Concrete>(bed: Sim) {
    let mut setup = Broken::<M>::start(bed, small());
    setup.bind(vm(1), 1);
    for round in 1..=3 {
        setup.bed.inject_fault(InjectedFault::NoEndOfPacket);
        setup.inject(&Vec::from_iter((0..5).map(|i| frame(vm(1), i, 60))));
        // All in one go: a poll that says it has nothing means it.
        assert_eq!(numbers(&setup.pair(1).receive()), [2, 3, 4]);
        assert_eq!(setup.pair(1).rx.counters().malformed, round);
        assert_eq!(setup.pair(1).rx.posted(), 63);
    }
    // Without a frame behind it, the ring waits for the end.
    setup.bed.inject_fault(InjectedFault::NoEndOfPacket);
    setup.inject(&[frame(vm(1), 0, 60)]);
    for _ in 0..3 {
        assert_eq!(setup.pair(1).receive().len(), 0);
    }
    setup.inject(&[frame(vm(1), 1, 60), frame(vm(1), 2, 60)]);
    assert_eq!(numbers(&setup.pair(1).receive()), [2]);
    setup.finish();
}

pub(crate) fn a_frame_of_errors_is_marked<M: Concrete>(bed: Sim) {
    let mut setup = Broken::<M>::start(bed, small());
    setup.bind(vm(1), 1);
    setup.bed.inject_fault(InjectedFault::AllErrors);
    setup.inject(&[frame(vm(1), 0, 60), frame(vm(1), 1, 60)]);
    let frames = setup.pair(1).take();
    let errors: Vec<_> = frames.iter().map(|frame| frame.flags().contains(FrameFlags::ERROR)).collect();
    assert_eq!(errors, [true, false]);
    for frame in frames {
        setup.pair(1).buffers.put(frame).expect("room");
    }
    setup.finish();
}

pub(crate) fn a_done_bit_without_a_frame_costs_frames<M: Concrete>(bed: Sim) {
    let mut setup = Broken::<M>::start(bed, small());
    for queue in 1..pools::<M>() {
        setup.bind(vm(queue), queue);
    }
    for round in 0..5 {
        setup.bed.inject_fault(InjectedFault::SpuriousDone);
        for queue in 0..pools::<M>() {
            // Enough to come by the descriptor wherever in the ring it is.
            for _ in 0..4 {
                setup.inject(&Vec::from_iter((0..20).map(|i| frame(vm(queue), i, 60))));
                let mut received = setup.pair(queue).receive();
                received.extend(setup.pair(queue).receive());
                let received = numbers(&received);
                let good = (0..20).filter(|i| received.contains(i)).count();
                assert!(good >= 18 && received.len() <= 20, "round {round}: {received:?}");
                assert_eq!(setup.pair(queue).rx.posted(), 63);
            }
        }
    }
    finish(setup);
}

pub(crate) fn headers_and_heads_are_not_looked_at<M: Concrete>(bed: Sim) {
    let mut setup = Broken::<M>::start(bed, small());
    setup.bind(vm(1), 1);
    for header in [0, 1, 64, 960, 1023, 0xffff] {
        setup.bed.inject_fault(InjectedFault::ClaimHeader(header));
        assert_eq!(setup.lands(&frame(vm(1), 0, 100)), [1], "{header}");
    }
    setup.bed.inject_fault(InjectedFault::WildHead);
    setup.pair(1).send(&[frame(STRANGER, 0, 60)]);
    let _ = setup.bed.settle();
    assert_eq!((setup.bed.take_sent().len(), setup.pair(1).reclaim()), (1, 1));
    setup.finish();
}

pub(crate) fn lies_in_a_row_leave_the_ring_sound<M: Concrete>(bed: Sim) {
    let mut setup = Broken::<M>::start(bed, small());
    setup.bind(vm(1), 1);
    let lies = [
        InjectedFault::ClaimLength(0xffff),
        InjectedFault::NoEndOfPacket,
        InjectedFault::AllErrors,
        InjectedFault::NoEndOfPacket,
        InjectedFault::ClaimLength(2049),
        InjectedFault::SpuriousDone,
        InjectedFault::ClaimLength(0),
    ];
    // Several times around the ring, with one lie after the other.
    for round in 0..40 {
        setup.bed.inject_fault(lies[round % lies.len()]);
        setup.bed.inject_fault(lies[(3 * round + 1) % lies.len()]);
        setup.inject(&Vec::from_iter((0..9).map(|i| frame(vm(1), i, 60))));
        let pair = setup.pair(1);
        let mut burst = Burst::<16>::new();
        for _ in 0..4 {
            pair.rx.receive(&mut burst);
        }
        assert!(burst.iter().all(|frame| frame.bytes().len() <= 1514));
        burst.drain(..).for_each(|frame| pair.buffers.put(frame).expect("room"));
        pair.rx.refill(&mut pair.buffers);
        assert_eq!(pair.rx.posted(), 63);
    }
    // And an honest device is served again.
    setup.bed.clear_faults();
    for _ in 0..8 {
        setup.inject(&Vec::from_iter((0..9).map(|i| frame(vm(1), i, 60))));
        let _ = setup.pair(1).receive();
        let _ = setup.pair(1).receive();
    }
    assert_eq!(setup.lands(&frame(vm(1), 77, 60)), [1]);
    finish(setup);
}
