//! Receive and send, in bursts and one frame at a time.

use vmdq::ring::Burst;
use vmdq_sim::{PlatformOf, Testbed};

use crate::common::{Concrete, Lane, Plan, STRANGER, frame, vm};
use crate::{Bed, Machines, finish, frames, sent};

/// Short rings, so that every place is used again and again.
const SHORT: usize = 8;

fn start<M: Concrete>(bed: Bed) -> (Machines<M>, Lane<M, PlatformOf<Bed>>) {
    let mut rig =
        Machines::<M>::start(bed, Plan { descriptors: SHORT, buffers: 2 * SHORT, ..Plan::default() });
    rig.bind(vm(1), 1);
    let lane = rig.lanes[1].take().expect("the queue runs");
    (rig, lane)
}

/// Frames to nobody here, of many lengths: what goes out.
fn outgoing(numbers: std::ops::Range<u32>) -> Vec<Vec<u8>> {
    numbers.map(|i| frame(STRANGER, i, 60 + (i as usize * 53) % 1400)).collect()
}

pub(crate) fn bursts_arrive_and_go_out<M: Concrete>(bed: Bed) {
    let (mut rig, mut lane) = start::<M>(bed);
    for round in 0..30 {
        let count = 1 + round % 7;
        rig.inject(&frames(7 * round..7 * round + count));
        assert_eq!(lane.receive(), frames(7 * round..7 * round + count), "round {round}");
        lane.send(&outgoing(7 * round..7 * round + count));
        assert_eq!(sent(&mut rig), outgoing(7 * round..7 * round + count), "round {round}");
        assert_eq!(lane.reclaim(), count as usize, "the last frame of a burst is reported");
    }
    rig.lanes[1] = Some(lane);
    finish(rig);
}

pub(crate) fn frames_go_one_at_a_time<M: Concrete>(bed: Bed) {
    let (mut rig, mut lane) = start::<M>(bed);
    for round in 0..30 {
        rig.inject(&frames(2 * round..2 * round + 2));
        for wanted in frames(2 * round..2 * round + 2) {
            let mut frame = lane.rx.receive_one(&mut lane.buffers).expect("a frame");
            assert_eq!(frame.bytes(), wanted);
            // It goes out as it was changed, not as it came.
            frame.bytes_mut()[..6].copy_from_slice(&STRANGER.0);
            lane.tx.send_one(frame).expect("room");
            let mut changed = wanted;
            changed[..6].copy_from_slice(&STRANGER.0);
            assert_eq!(sent(&mut rig), [changed]);
            assert_eq!(lane.reclaim(), 1);
        }
        assert!(lane.rx.receive_one(&mut lane.buffers).is_none());
    }
    rig.lanes[1] = Some(lane);
    finish(rig);
}

pub(crate) fn replaced_buffers_are_the_devices<M: Concrete>(bed: Bed) {
    let (mut rig, mut lane) = start::<M>(bed);
    for round in 0..30 {
        rig.inject(&frames(5 * round..5 * round + 5));
        let mut burst = Burst::<8>::new();
        assert_eq!(lane.rx.receive_replacing(&mut burst, 8, &mut lane.buffers), 5);
        for (frame, wanted) in burst.iter_mut().zip(frames(5 * round..5 * round + 5)) {
            assert_eq!(frame.bytes(), wanted);
            // What the program leaves in a buffer must not get over a later frame.
            frame.bytes_mut().fill(0xee);
        }
        burst.drain(..).for_each(|frame| lane.buffers.put(frame).expect("room on the shelf"));
    }
    rig.lanes[1] = Some(lane);
    finish(rig);
}

/// Frames wait on the wire when the driver posts buffers in a ring that the device has used up.
pub(crate) fn posted_buffers_are_used_at_once<M: Concrete>(bed: Bed) {
    let (mut rig, mut lane) = start::<M>(bed);
    let full = SHORT as u32 - 1;
    for round in 0..20 {
        let first = 20 * round;
        rig.inject(&frames(first..first + full));
        let received = lane.take();
        assert_eq!(received.len(), full as usize);
        received.into_iter().for_each(|frame| lane.buffers.put(frame).expect("room on the shelf"));
        frames(first + full..first + full + 5).iter().for_each(|frame| rig.bed.inject(frame));
        assert_eq!(lane.rx.refill(&mut lane.buffers), full as usize);
        let _ = rig.bed.settle();
        assert_eq!(lane.receive(), frames(first + full..first + full + 5), "round {round}");
    }
    rig.lanes[1] = Some(lane);
    finish(rig);
}
