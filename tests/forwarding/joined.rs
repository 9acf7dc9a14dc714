//! What passes joined rings.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use vmdq::ring::ForwardedFrame;
use vmdq_sim::{Sim, Testbed};

use crate::common::{Concrete, Forward, Joined, Plan, QueuePair, number, numbers, tagged, vm};
use crate::{Exchanging, Machine, StayingInPlace, Traces, frames, pair, sent, traced};

/// How many frames a device surely has descriptors for: it knows of half of those that are posted, and a
/// quarter may be under way.
fn room(descriptors: usize) -> u32 {
    3 * descriptors as u32 / 8
}

fn pass(_: &mut ForwardedFrame<'_>) -> bool {
    true
}

pub(crate) fn every_frame_passes_once_and_in_order<M: Concrete>(bed: fn() -> Sim) {
    for descriptors in [8, 64] {
        all_pass::<M, Exchanging>(bed(), descriptors);
        all_pass::<M, StayingInPlace>(bed(), descriptors);
    }
}

/// Several times around the rings, in batches of every length; one byte is changed.
fn all_pass<M: Concrete, F: Forward<P = Machine>>(bed: Sim, descriptors: usize) {
    let (mut setup, bus, pair) = pair::<M>(bed, descriptors);
    let mut joined = Joined::<M, F>::new(pair);
    let total = joined.total();
    let (mut number, mut looks) = (0, 0);
    for round in 0..60 {
        let count = 1 + round * 5 % room(descriptors);
        let expected = frames(number..number + count);
        number += count;
        setup.inject(&expected);
        let most = 1 + round as usize % 9;
        let mut out = Vec::new();
        while out.len() < expected.len() {
            let forwarded = joined.forwarder.forward(most, &mut |frame| {
                looks += 1;
                frame.bytes_mut()[20] ^= 0xff;
                true
            });
            assert!(forwarded <= most && joined.total() == total);
            let gone = sent(&mut setup);
            assert_eq!(gone.len(), forwarded);
            out.extend(gone);
            assert!(
                forwarded > 0,
                "{} of {} frames went out: {:?} {:?}",
                out.len(),
                expected.len(),
                joined.forwarder.rx(),
                joined.forwarder.tx()
            );
        }
        // The next call sees what was sent, and tells the device of its descriptors.
        assert_eq!(joined.forwarder.forward(most, &mut |_| panic!("no frame")), 0);
        out.iter_mut().for_each(|bytes| bytes[20] ^= 0xff);
        assert_eq!(out, expected);
    }
    assert_eq!((looks, bus.reads()), (number, 0));
    setup.pairs[1] = Some(joined.split());
    setup.finish();
}

pub(crate) fn dropped_frames_are_left_out<M: Concrete>(bed: fn() -> Sim) {
    for descriptors in [8, 64] {
        drops::<M, Exchanging>(bed(), descriptors);
        drops::<M, StayingInPlace>(bed(), descriptors);
    }
}

fn drops<M: Concrete, F: Forward<P = Machine>>(bed: Sim, descriptors: usize) {
    let (mut setup, _, pair) = pair::<M>(bed, descriptors);
    let mut joined = Joined::<M, F>::new(pair);
    let total = joined.total();
    let (mut seen, mut out) = (Vec::new(), Vec::new());
    for round in 0..110 {
        setup.inject(&frames(3 * round..3 * round + 3));
        // Until all before it are sent, a frame that stays in place can't be dropped.
        for _ in 0..4 {
            joined.forwarder.forward(32, &mut |frame| {
                let number = number(frame.bytes());
                seen.push(number);
                number % 3 != 1 && !(100..110).contains(&number)
            });
            assert_eq!(joined.total(), total);
            out.extend(numbers(&sent(&mut setup)));
        }
    }
    assert_eq!(seen, Vec::from_iter(0..330));
    let expected = (0..330).filter(|number| number % 3 != 1 && !(100..110).contains(number));
    assert_eq!(out, Vec::from_iter(expected));
    setup.pairs[1] = Some(joined.split());
    setup.finish();
}

pub(crate) fn frames_over_the_limit_do_not_pass<M: Concrete>(bed: fn() -> Sim) {
    limits::<M, Exchanging>(bed());
    limits::<M, StayingInPlace>(bed());
}

/// The longest frames pass, tagged and not; what is longer is counted by the controller or the ring.
fn limits<M: Concrete, F: Forward<P = Machine>>(bed: Sim) {
    let (mut setup, _, pair) = pair::<M>(bed, 64);
    let mut joined = Joined::<M, F>::new(pair);
    let long: Vec<_> = (1512..1520)
        .flat_map(|len| {
            [crate::common::frame(vm(1), len, len as usize), tagged(vm(1), 5, 9000 + len, len as usize)]
        })
        .collect();
    setup.inject(&long);
    let mut out = Vec::new();
    for _ in 0..20 {
        joined.forwarder.forward(32, &mut pass);
        out.extend(sent(&mut setup));
    }
    let fits = |bytes: &&Vec<u8>| bytes.len() <= if bytes[12..14] == [0x81, 0] { 1518 } else { 1514 };
    assert_eq!(out, Vec::from_iter(long.iter().filter(fits).cloned()));
    let by_ring = joined.forwarder.rx().counters();
    let by_device = setup.port.statistics().too_long;
    assert_eq!((by_ring.too_long + by_device, by_ring.malformed), ((long.len() - out.len()) as u64, 0));
    setup.pairs[1] = Some(joined.split());
    setup.finish();
}

pub(crate) fn a_full_transmit_ring_keeps_the_rest_waiting<M: Concrete>(bed: fn() -> Sim) {
    full::<M, Exchanging>(bed());
    full::<M, StayingInPlace>(bed());
}

/// From a ring of 128 descriptors to the one of 64 of another queue.
fn full<M: Concrete, F: Forward<P = Machine>>(bed: Sim) {
    let (mut setup, _) = traced::<M>(bed, Plan::default());
    let bound = setup.table.find(vm(1)).expect("a filter").id;
    setup.unbind(bound);
    setup.stop(1);
    setup.plan = Plan { descriptors: 128, buffers: 255, ..setup.plan };
    let queue = setup.idle.pop().expect("the queue was stopped");
    setup.run(queue);
    setup.bind(vm(1), 1);
    let wide = setup.pairs[1].take().expect("the queue runs");
    let narrow = setup.pairs[2].take().expect("the queue runs");
    let QueuePair { rx, tx: wide_tx, pool: wide_pool, mut buffers, memory } = wide;
    let QueuePair { rx: narrow_rx, tx, pool: narrow_pool, buffers: others, memory: others_memory } = narrow;
    let mut forwarder = F::join(rx, tx, &mut buffers).expect("rings that fit");
    setup.inject(&frames(0..100));
    let mut looks = 0;
    let mut out = Vec::new();
    while out.len() < 100 {
        let mut look = |_: &mut ForwardedFrame<'_>| {
            looks += 1;
            true
        };
        let forwarded = forwarder.forward(200, &mut look);
        assert_eq!(forwarded, 63.min(100 - out.len()));
        // Full, or nothing left: no frame is looked at that can't go.
        assert_eq!(forwarder.forward(200, &mut look), 0);
        out.extend(sent(&mut setup));
    }
    assert_eq!((out, looks), (frames(0..100), 100));
    let (rx, tx) = forwarder.split(&mut buffers).expect("room");
    setup.pairs[1] = Some(QueuePair { rx, tx: wide_tx, pool: wide_pool, buffers, memory });
    setup.pairs[2] =
        Some(QueuePair { rx: narrow_rx, tx, pool: narrow_pool, buffers: others, memory: others_memory });
    // What was under way is reported, and belongs to the first queue pair.
    let mut one = setup.pairs[1].take().expect("the queue runs");
    let mut two = setup.pairs[2].take().expect("the queue runs");
    two.tx.reclaim(&mut one.buffers);
    setup.pairs[1] = Some(one);
    setup.pairs[2] = Some(two);
    setup.finish();
}

pub(crate) fn rings_come_apart_with_frames_under_way<M: Concrete>(bed: fn() -> Sim) {
    for descriptors in [8, 64] {
        comes_apart::<M, Exchanging>(bed(), descriptors);
        comes_apart::<M, StayingInPlace>(bed(), descriptors);
    }
}

/// Joined and taken apart again and again; in between, frames are answered by bursts.
fn comes_apart<M: Concrete, F: Forward<P = Machine>>(bed: Sim, descriptors: usize) {
    let (mut setup, bus, mut pair) = pair::<M>(bed, descriptors);
    let mut out = Vec::new();
    for round in 0..40 {
        pair.reclaim();
        pair.rx.refill(&mut pair.buffers);
        let mut joined = Joined::<M, F>::new(pair);
        setup.inject(&frames(9 * round..9 * round + 5));
        assert_eq!(joined.forwarder.forward(1 + round as usize % 5, &mut pass), 1 + round as usize % 5);
        pair = joined.split();
        // What was received and not forwarded, then more.
        let mut burst = vmdq::ring::Burst::<16>::new();
        pair.rx.receive_replacing(&mut burst, 16, &mut pair.buffers);
        setup.bed.inject(&frames(9 * round + 5..9 * round + 6)[0]);
        out.extend(sent(&mut setup));
        let _ = pair.tx.send(&mut burst);
        assert!(burst.is_empty());
        out.extend(sent(&mut setup));
        pair.reclaim();
        for i in 5..9 {
            if i > 5 {
                setup.inject(&frames(9 * round + i..9 * round + i + 1));
            }
            let frame = pair.rx.receive_one(&mut pair.buffers).expect("a frame");
            pair.tx.send_one(frame).expect("there is room");
            out.extend(sent(&mut setup));
            pair.reclaim();
        }
    }
    assert_eq!(out, frames(0..360));
    assert_eq!(bus.reads(), 0);
    setup.pairs[1] = Some(pair);
    setup.finish();
}

pub(crate) fn a_panic_loses_nothing<M: Concrete>(bed: fn() -> Sim) {
    panics::<M, Exchanging>(bed());
    panics::<M, StayingInPlace>(bed());
}

/// The caller's code panics now and then: the frames before go out, and the one is seen again.
fn panics<M: Concrete, F: Forward<P = Machine>>(bed: Sim) {
    struct Thrown;
    let (mut setup, _, pair): (Traces<M>, _, _) = pair::<M>(bed, 64);
    let mut joined = Joined::<M, F>::new(pair);
    let (mut out, mut thrown) = (Vec::new(), 0);
    for round in 0..30 {
        setup.inject(&frames(20 * round..20 * round + 20));
        let mut panic_at = [round % 20, 0, 7];
        for _ in 0..6 {
            let mut left = std::mem::take(&mut panic_at[round as usize % 3]);
            let forward = AssertUnwindSafe(|| {
                joined.forwarder.forward(32, &mut |_| {
                    left = left.wrapping_sub(1);
                    if left == 0 {
                        resume_unwind(Box::new(Thrown));
                    }
                    true
                })
            });
            if let Err(payload) = catch_unwind(forward) {
                assert!(payload.is::<Thrown>());
                thrown += 1;
            }
            out.extend(sent(&mut setup));
        }
    }
    assert!(thrown > 10);
    assert_eq!(out, frames(0..600));
    setup.pairs[1] = Some(joined.split());
    setup.finish();
}
