//! Receive and send, in bursts and one frame at a time.

use vmdq::ring::Burst;
use vmdq_sim::{PlatformOf, Testbed};

use crate::common::{Concrete, Plan, QueuePair, STRANGER, frame, vm};
use crate::{Bed, Machines, finish, frames, sent};

/// Short rings, so that every place is used again and again.
const SHORT: usize = 8;

fn start<M: Concrete>(bed: Bed) -> (Machines<M>, QueuePair<M, PlatformOf<Bed>>) {
    let mut setup =
        Machines::<M>::start(bed, Plan { descriptors: SHORT, buffers: 2 * SHORT, ..Plan::default() });
    setup.bind(vm(1), 1);
    let pair = setup.pairs[1].take().expect("the queue runs");
    (setup, pair)
}

/// Frames to nobody here, of many lengths: what goes out.
fn outgoing(numbers: std::ops::Range<u32>) -> Vec<Vec<u8>> {
    numbers.map(|i| frame(STRANGER, i, 60 + (i as usize * 53) % 1400)).collect()
}

pub(crate) fn bursts_arrive_and_go_out<M: Concrete>(bed: Bed) {
    let (mut setup, mut pair) = start::<M>(bed);
    for round in 0..30 {
        let count = 1 + round % 7;
        setup.inject(&frames(7 * round..7 * round + count));
        assert_eq!(pair.receive(), frames(7 * round..7 * round + count), "round {round}");
        pair.send(&outgoing(7 * round..7 * round + count));
        assert_eq!(sent(&mut setup), outgoing(7 * round..7 * round + count), "round {round}");
        assert_eq!(pair.reclaim(), count as usize, "the last frame of a burst is reported");
    }
    setup.pairs[1] = Some(pair);
    finish(setup);
}

pub(crate) fn frames_go_one_at_a_time<M: Concrete>(bed: Bed) {
    let (mut setup, mut pair) = start::<M>(bed);
    for round in 0..30 {
        setup.inject(&frames(2 * round..2 * round + 2));
        for wanted in frames(2 * round..2 * round + 2) {
            let mut frame = pair.rx.receive_one(&mut pair.buffers).expect("a frame");
            assert_eq!(frame.bytes(), wanted);
            // It goes out as it was changed, not as it came.
            frame.bytes_mut()[..6].copy_from_slice(&STRANGER.0);
            pair.tx.send_one(frame).expect("room");
            let mut changed = wanted;
            changed[..6].copy_from_slice(&STRANGER.0);
            assert_eq!(sent(&mut setup), [changed]);
            assert_eq!(pair.reclaim(), 1);
        }
        assert!(pair.rx.receive_one(&mut pair.buffers).is_none());
    }
    setup.pairs[1] = Some(pair);
    finish(setup);
}

pub(crate) fn replaced_buffers_are_the_devices<M: Concrete>(bed: Bed) {
    let (mut setup, mut pair) = start::<M>(bed);
    for round in 0..30 {
        setup.inject(&frames(5 * round..5 * round + 5));
        let mut burst = Burst::<8>::new();
        assert_eq!(pair.rx.receive_replacing(&mut burst, 8, &mut pair.buffers), 5);
        for (frame, wanted) in burst.iter_mut().zip(frames(5 * round..5 * round + 5)) {
            assert_eq!(frame.bytes(), wanted);
            // What the program leaves in a buffer must not get over a later frame.
            frame.bytes_mut().fill(0xee);
        }
        burst.drain(..).for_each(|frame| pair.buffers.put(frame).expect("room in the pool"));
    }
    setup.pairs[1] = Some(pair);
    finish(setup);
}

/// Frames wait on the wire when the driver posts buffers in a ring that the device has used up.
pub(crate) fn posted_buffers_are_used_at_once<M: Concrete>(bed: Bed) {
    let (mut setup, mut pair) = start::<M>(bed);
    let full = SHORT as u32 - 1;
    for round in 0..20 {
        let first = 20 * round;
        setup.inject(&frames(first..first + full));
        let received = pair.take();
        assert_eq!(received.len(), full as usize);
        received.into_iter().for_each(|frame| pair.buffers.put(frame).expect("room in the pool"));
        frames(first + full..first + full + 5).iter().for_each(|frame| setup.bed.inject(frame));
        assert_eq!(pair.rx.refill(&mut pair.buffers), full as usize);
        let _ = setup.bed.settle();
        assert_eq!(pair.receive(), frames(first + full..first + full + 5), "round {round}");
    }
    setup.pairs[1] = Some(pair);
    finish(setup);
}
