//! One frame at a time, and pools that run dry.

use vmdq::Refused;
use vmdq::ring::{Burst, Frame, SendError};
use vmdq_sim::Sim;

use crate::common::{Concrete, Plan};
use crate::{frames, pair, sent, traced};

pub(crate) fn frames_are_answered_one_at_a_time<M: Concrete>(bed: fn() -> Sim) {
    for descriptors in [8, 64] {
        let (mut setup, bus, mut pair) = pair::<M>(bed(), descriptors);
        let mut out = Vec::new();
        for round in 0..80 {
            setup.inject(&frames(4 * round..4 * round + 4));
            for _ in 0..4 {
                let frame = pair.rx.receive_one(&mut pair.buffers).expect("a frame");
                pair.tx.send_one(frame).expect("there is room");
                assert_eq!(pair.rx.posted(), descriptors - 1);
            }
            assert!(pair.rx.receive_one(&mut pair.buffers).is_none());
            out.extend(sent(&mut setup));
            assert_eq!(pair.reclaim(), 4);
        }
        assert_eq!((out, bus.reads()), (frames(0..320), 0));
        setup.pairs[1] = Some(pair);
        setup.finish();
    }
}

/// Every buffer is posted: what is received is not replaced, until buffers come back.
pub(crate) fn a_starved_pool_costs_no_frame<M: Concrete>(bed: fn() -> Sim) {
    for one_by_one in [false, true] {
        let (mut setup, _, mut pair) = pair::<M>(bed(), 8);
        let mut away: Vec<Frame> = std::iter::from_fn(|| pair.buffers.take()).collect();
        let mut number = 0;
        for round in 0..60 {
            let count = 1 + round % 7;
            setup.inject(&frames(number..number + count));
            let mut received = Vec::new();
            for _ in 0..count {
                if one_by_one {
                    received.extend(pair.rx.receive_one(&mut pair.buffers));
                } else {
                    let mut burst = Burst::<4>::new();
                    pair.rx.receive_replacing(&mut burst, 4, &mut pair.buffers);
                    received.extend(burst.drain(..));
                }
            }
            let bytes: Vec<_> = received.iter().map(|frame| frame.bytes().to_vec()).collect();
            assert_eq!(bytes, frames(number..number + count));
            number += count;
            assert_eq!(pair.rx.missing(), count as usize);
            // One comes back first, then the rest.
            let mut received = received.into_iter();
            received.next().into_iter().for_each(|frame| pair.buffers.put(frame).expect("room"));
            assert!(pair.rx.receive_one(&mut pair.buffers).is_none());
            assert_eq!(pair.rx.missing(), count as usize - 1);
            received.for_each(|frame| pair.buffers.put(frame).expect("room"));
            let mut burst = Burst::<4>::new();
            assert_eq!(pair.rx.receive_replacing(&mut burst, 4, &mut pair.buffers), 0);
            assert_eq!((pair.rx.missing(), pair.buffers.len()), (0, 0));
        }
        away.drain(..).for_each(|frame| pair.buffers.put(frame).expect("room"));
        setup.pairs[1] = Some(pair);
        setup.finish();
    }
}

pub(crate) fn what_is_not_sent_comes_back<M: Concrete>(bed: fn() -> Sim) {
    let (mut setup, bus) = traced::<M>(bed(), Plan { descriptors: 8, buffers: 18, ..Plan::default() });
    let mut pair = setup.pairs[1].take().expect("the queue runs");
    let mut take = |len: usize| {
        let mut frame = pair.buffers.take().expect("a buffer");
        frame.set_len(len).expect("room");
        frame.bytes_mut().fill(2);
        frame
    };
    let spare = [take(13), take(1519), take(60)];
    for number in 0..3 {
        for bytes in frames(7 * number..7 * number + 7) {
            let mut frame = pair.buffers.take().expect("a buffer");
            frame.fill(&bytes).expect("room");
            assert!(pair.tx.send_one(frame).is_ok());
        }
        assert_eq!(pair.tx.room(), 0);
        let before = bus.writes();
        let frame = pair.buffers.take().expect("a buffer");
        let refused = pair.tx.send_one(frame).expect_err("the ring is full");
        let Refused { error, value: frame } = refused;
        assert_eq!((error, bus.writes()), (SendError::Full, before));
        pair.buffers.put(frame).expect("room");
        assert_eq!(sent(&mut setup), frames(7 * number..7 * number + 7));
        assert_eq!(pair.reclaim(), 7);
    }
    let before = bus.writes();
    let [short, long, good] = spare;
    for frame in [short, long] {
        let len = frame.len();
        let refused = pair.tx.send_one(frame).expect_err("no length to send");
        let Refused { error, value: frame } = refused;
        assert_eq!((error, frame.len()), (SendError::Length { len: len as u16, sent: 0 }, len));
        pair.buffers.put(frame).expect("room");
    }
    assert_eq!(bus.writes(), before);
    assert!(pair.tx.send_one(good).is_ok());
    assert_eq!((sent(&mut setup).len(), pair.reclaim()), (1, 1));
    setup.pairs[1] = Some(pair);
    setup.finish();
}
