//! Register writes: none but the tails, and few of those.

use vmdq::ring::Burst;
use vmdq_sim::Sim;

use crate::common::{Concrete, Forward, Joined, tails};
use crate::{Bus, Exchanging, Machine, StayingInPlace, frames, pair, sent};

/// Writes to the tails of the queue pair's queue, receive and transmit.
fn written<M: Concrete>(bus: &Bus) -> (u64, u64) {
    let (rx, tx) = tails::<M>(1);
    let (rx, tx) = (bus.writes_at(rx.bytes()), bus.writes_at(tx.bytes()));
    assert_eq!((bus.reads(), bus.writes()), (0, rx + tx));
    (rx, tx)
}

pub(crate) fn joined_rings_write_two_tails_for_a_batch<M: Concrete>(bed: fn() -> Sim) {
    for descriptors in [8, 64, 128] {
        for batch in [1, 3, 17, 32] {
            two_tails::<M, Exchanging>(bed(), descriptors, batch);
            two_tails::<M, StayingInPlace>(bed(), descriptors, batch);
        }
    }
}

fn two_tails<M: Concrete, F: Forward<P = Machine>>(bed: Sim, descriptors: usize, batch: u32) {
    // What a device surely has descriptors for: half of what three quarters of the ring hold.
    if batch as usize > descriptors * 3 / 8 {
        return;
    }
    let (mut setup, bus, pair) = pair::<M>(bed, descriptors);
    let mut joined = Joined::<M, F>::new(pair);
    let (mut total, mut receive) = (0, 0);
    for round in 0..100 {
        setup.inject(&frames(round * batch..(round + 1) * batch));
        bus.reset_counts();
        let forwarded = joined.forwarder.forward(32, &mut |_| true);
        let (rx, tx) = written::<M>(&bus);
        assert!(rx <= 1 && tx == 1, "round {round}: {rx} and {tx}");
        assert_eq!(forwarded, batch as usize);
        total += forwarded as u64;
        receive += rx;
        assert_eq!(sent(&mut setup).len(), forwarded);
    }
    // One for 32 frames; in short rings, one for as many as leave half of the ring unannounced.
    assert!(receive <= total / 32.min(descriptors as u64 / 4) + 1, "{receive} for {total} frames");
    setup.pairs[1] = Some(joined.split());
    setup.finish();
}

pub(crate) fn an_empty_poll_writes_nothing<M: Concrete>(bed: fn() -> Sim) {
    empty::<M, Exchanging>(bed());
    empty::<M, StayingInPlace>(bed());
}

fn empty<M: Concrete, F: Forward<P = Machine>>(bed: Sim) {
    let (mut setup, bus, pair) = pair::<M>(bed, 64);
    let mut joined = Joined::<M, F>::new(pair);
    for round in 0..20 {
        setup.inject(&frames(5 * round..5 * round + 5));
        assert_eq!(joined.forwarder.forward(32, &mut |_| true), 5);
        assert_eq!(sent(&mut setup).len(), 5);
        // One announcement may still follow.
        joined.forwarder.forward(32, &mut |_| true);
        bus.reset_counts();
        for _ in 0..50 {
            assert_eq!(joined.forwarder.forward(32, &mut |_| true), 0);
        }
        assert_eq!((bus.reads(), bus.writes()), (0, 0));
    }
    setup.pairs[1] = Some(joined.split());
    setup.finish();
}

pub(crate) fn replacing_writes_few_tails<M: Concrete>(bed: fn() -> Sim) {
    for one_by_one in [false, true] {
        let (mut setup, bus, mut pair) = pair::<M>(bed(), 64);
        let mut burst = Burst::<16>::new();
        for round in 0..100 {
            setup.inject(&frames(16 * round..16 * round + 16));
            for _ in 0..if one_by_one { 16 } else { 1 } {
                let before = written::<M>(&bus).0;
                if one_by_one {
                    let frame = pair.rx.receive_one(&mut pair.buffers).expect("a frame");
                    burst.push(frame).expect("room in the burst");
                } else {
                    assert_eq!(pair.rx.receive_replacing(&mut burst, 16, &mut pair.buffers), 16);
                }
                assert!(written::<M>(&bus).0 - before <= 1);
            }
            assert_eq!((burst.len(), pair.rx.posted()), (16, 63));
            burst.drain(..).for_each(|frame| pair.buffers.put(frame).expect("room"));
            let before = written::<M>(&bus).0;
            for _ in 0..5 {
                assert!(pair.rx.receive_one(&mut pair.buffers).is_none());
                assert_eq!(pair.rx.receive_replacing(&mut burst, 16, &mut pair.buffers), 0);
                assert_eq!(pair.rx.receive(&mut burst), 0);
            }
            // Nothing is left to announce: replacing has done it.
            assert_eq!(written::<M>(&bus).0, before);
        }
        assert_eq!(written::<M>(&bus), (50, 0));
        setup.pairs[1] = Some(pair);
        setup.finish();
    }
}

pub(crate) fn a_call_for_nothing_writes_nothing<M: Concrete>(bed: fn() -> Sim) {
    let (mut setup, bus, mut pair) = pair::<M>(bed(), 64);
    let mut burst = Burst::<1>::new();
    assert_eq!(pair.rx.receive_replacing(&mut burst, 0, &mut pair.buffers), 0);
    assert_eq!(bus.writes(), 0);
    setup.inject(&frames(0..2));
    assert_eq!(pair.rx.receive_replacing(&mut burst, 9, &mut pair.buffers), 1);
    // Full.
    assert_eq!(pair.rx.receive_replacing(&mut burst, 9, &mut pair.buffers), 0);
    assert_eq!(bus.writes(), 0);
    burst.drain(..).for_each(|frame| pair.buffers.put(frame).expect("room"));
    assert_eq!(pair.receive(), frames(1..2));
    setup.pairs[1] = Some(pair);
    setup.finish();
}
