//! One frame at a time, and pools that run dry.

use vmdq::Refused;
use vmdq::ring::{Burst, Frame, SendError};
use vmdq_sim::Sim;

use crate::common::{Concrete, Plan};
use crate::{frames, lane, sent, traced};

pub(crate) fn frames_are_answered_one_at_a_time<M: Concrete>(bed: fn() -> Sim) {
    for descriptors in [8, 64] {
        let (mut rig, bus, mut lane) = lane::<M>(bed(), descriptors);
        let mut out = Vec::new();
        for round in 0..80 {
            rig.inject(&frames(4 * round..4 * round + 4));
            for _ in 0..4 {
                let frame = lane.rx.receive_one(&mut lane.buffers).expect("a frame");
                lane.tx.send_one(frame).expect("there is room");
                assert_eq!(lane.rx.posted(), descriptors - 1);
            }
            assert!(lane.rx.receive_one(&mut lane.buffers).is_none());
            out.extend(sent(&mut rig));
            assert_eq!(lane.reclaim(), 4);
        }
        assert_eq!((out, bus.reads()), (frames(0..320), 0));
        rig.lanes[1] = Some(lane);
        rig.finish();
    }
}

/// Every buffer is posted: what is received is not replaced, until buffers come back.
pub(crate) fn a_starved_pool_costs_no_frame<M: Concrete>(bed: fn() -> Sim) {
    for one_by_one in [false, true] {
        let (mut rig, _, mut lane) = lane::<M>(bed(), 8);
        let mut away: Vec<Frame> = std::iter::from_fn(|| lane.buffers.take()).collect();
        let mut number = 0;
        for round in 0..60 {
            let count = 1 + round % 7;
            rig.inject(&frames(number..number + count));
            let mut received = Vec::new();
            for _ in 0..count {
                if one_by_one {
                    received.extend(lane.rx.receive_one(&mut lane.buffers));
                } else {
                    let mut burst = Burst::<4>::new();
                    lane.rx.receive_replacing(&mut burst, 4, &mut lane.buffers);
                    received.extend(burst.drain(..));
                }
            }
            let bytes: Vec<_> = received.iter().map(|frame| frame.bytes().to_vec()).collect();
            assert_eq!(bytes, frames(number..number + count));
            number += count;
            assert_eq!(lane.rx.missing(), count as usize);
            // One comes back first, then the rest.
            let mut received = received.into_iter();
            received.next().into_iter().for_each(|frame| lane.buffers.put(frame).expect("room"));
            assert!(lane.rx.receive_one(&mut lane.buffers).is_none());
            assert_eq!(lane.rx.missing(), count as usize - 1);
            received.for_each(|frame| lane.buffers.put(frame).expect("room"));
            let mut burst = Burst::<4>::new();
            assert_eq!(lane.rx.receive_replacing(&mut burst, 4, &mut lane.buffers), 0);
            assert_eq!((lane.rx.missing(), lane.buffers.len()), (0, 0));
        }
        away.drain(..).for_each(|frame| lane.buffers.put(frame).expect("room"));
        rig.lanes[1] = Some(lane);
        rig.finish();
    }
}

pub(crate) fn what_is_not_sent_comes_back<M: Concrete>(bed: fn() -> Sim) {
    let (mut rig, bus) = traced::<M>(bed(), Plan { descriptors: 8, buffers: 18, ..Plan::default() });
    let mut lane = rig.lanes[1].take().expect("the queue runs");
    let mut take = |len: usize| {
        let mut frame = lane.buffers.take().expect("a buffer");
        frame.set_len(len).expect("room");
        frame.bytes_mut().fill(2);
        frame
    };
    let spare = [take(13), take(1519), take(60)];
    for number in 0..3 {
        for bytes in frames(7 * number..7 * number + 7) {
            let mut frame = lane.buffers.take().expect("a buffer");
            frame.fill(&bytes).expect("room");
            assert!(lane.tx.send_one(frame).is_ok());
        }
        assert_eq!(lane.tx.room(), 0);
        let before = bus.writes();
        let frame = lane.buffers.take().expect("a buffer");
        let refused = lane.tx.send_one(frame).expect_err("the ring is full");
        let Refused { error, value: frame } = refused;
        assert_eq!((error, bus.writes()), (SendError::Full, before));
        lane.buffers.put(frame).expect("room");
        assert_eq!(sent(&mut rig), frames(7 * number..7 * number + 7));
        assert_eq!(lane.reclaim(), 7);
    }
    let before = bus.writes();
    let [short, long, good] = spare;
    for frame in [short, long] {
        let len = frame.len();
        let refused = lane.tx.send_one(frame).expect_err("no length to send");
        let Refused { error, value: frame } = refused;
        assert_eq!((error, frame.len()), (SendError::Length { len: len as u16, sent: 0 }, len));
        lane.buffers.put(frame).expect("room");
    }
    assert_eq!(bus.writes(), before);
    assert!(lane.tx.send_one(good).is_ok());
    assert_eq!((sent(&mut rig).len(), lane.reclaim()), (1, 1));
    rig.lanes[1] = Some(lane);
    rig.finish();
}
