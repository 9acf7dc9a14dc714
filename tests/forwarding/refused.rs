//! What is refused, and comes back.

use vmdq::ring::{BufferSize, ForwardError};
use vmdq::{Config, Refused};
use vmdq_sim::Sim;

use crate::common::{Concrete, Forward, Joined, Plan, QueuePair, buffers};
use crate::{Exchanging, Machine, StayingInPlace, frames, pair, sent, traced};

pub(crate) fn what_can_not_be_joined_comes_back<M: Concrete>(bed: fn() -> Sim) {
    not_joined::<M, Exchanging>(bed(), 64);
    not_joined::<M, StayingInPlace>(bed(), 1);
}

fn not_joined<M: Concrete, F: Forward<P = Machine>>(bed: Sim, needed: usize) {
    let (mut setup, bus, mut pair) = pair::<M>(bed, 64);
    pair.send(&frames(0..2));
    let (posted, slots) = (pair.rx.posted(), pair.buffers.len());
    let refused = |pair: QueuePair<M, Machine>, error: ForwardError, pool: &mut Option<_>| {
        let QueuePair { rx, tx, pool: steering, buffers: mut own, memory } = pair;
        bus.reset_counts();
        let refused = F::join(rx, tx, pool.as_mut().unwrap_or(&mut own));
        let Refused { error: found, value: (rx, tx) } = refused.err().expect("it is refused");
        assert_eq!((found, bus.writes()), (error, 0));
        QueuePair { rx, tx, pool: steering, buffers: own, memory }
    };
    pair = refused(pair, ForwardError::Pending, &mut None);
    let _ = sent(&mut setup);
    assert_eq!(pair.reclaim(), 2);
    let (few, few_lent) =
        buffers(&setup.bed, needed - 1 + usize::from(needed == 1), BufferSize::kib(2).expect("a size"));
    let mut few = Some(few);
    let taken = if needed == 1 { few.as_mut().expect("a pool").take() } else { None };
    pair = refused(pair, ForwardError::TooFewBuffers { needed }, &mut few);
    let mut few = few.expect("a pool");
    taken.into_iter().for_each(|frame| few.put(frame).expect("room"));
    assert!(few_lent.release(few).is_ok());
    let (small, small_lent) = buffers(&setup.bed, 64, BufferSize::kib(1).expect("a size"));
    let mut small = Some(small);
    pair = refused(pair, ForwardError::BuffersTooSmall, &mut small);
    assert!(small_lent.release(small.expect("a pool")).is_ok());
    assert_eq!((pair.rx.posted(), pair.buffers.len()), (posted, slots + 2));
    // The rings are as they were.
    setup.inject(&frames(0..5));
    assert_eq!(pair.receive(), frames(0..5));
    setup.pairs[1] = Some(pair);
    setup.finish();
}

pub(crate) fn limits_of_two_ports_are_compared<M: Concrete>(bed: fn() -> Sim) {
    let config = Config { max_frame: 9018, ..Plan::default().config };
    let (mut jumbo, _) = traced::<M>(bed(), Plan { config, ..Plan::default() });
    let (mut plain, _, narrow) = pair::<M>(bed(), 64);
    let wide = jumbo.pairs[1].take().expect("the queue runs");
    // Long frames don't fit where the short ones go.
    let QueuePair { rx, tx: wide_tx, pool: wide_pool, mut buffers, memory } = wide;
    let QueuePair { rx: narrow_rx, tx, pool: narrow_pool, buffers: mut others, memory: others_memory } =
        narrow;
    let refused = Exchanging::join(rx, tx, &mut buffers).expect_err("it is refused");
    let Refused { error, value: (rx, tx) } = refused;
    assert_eq!(error, ForwardError::FrameLimit);
    let refused = StayingInPlace::join(rx, tx, &mut buffers).expect_err("it is refused");
    let Refused { error, value: (rx, tx) } = refused;
    assert_eq!(error, ForwardError::FrameLimit);
    // The other way round they do.
    let there = StayingInPlace::join(narrow_rx, wide_tx, &mut others);
    let there = there.expect("short frames fit");
    let (narrow_rx, wide_tx) = there.split(&mut others).expect("room");
    jumbo.pairs[1] = Some(QueuePair { rx, tx: wide_tx, pool: wide_pool, buffers, memory });
    plain.pairs[1] =
        Some(QueuePair { rx: narrow_rx, tx, pool: narrow_pool, buffers: others, memory: others_memory });
    plain.inject(&frames(0..3));
    assert_eq!(plain.pair(1).receive(), frames(0..3));
    jumbo.finish();
    plain.finish();
}

pub(crate) fn nothing_comes_apart_without_room<M: Concrete>(bed: fn() -> Sim) {
    no_room::<M, Exchanging>(bed());
    no_room::<M, StayingInPlace>(bed());
}

fn no_room<M: Concrete, F: Forward<P = Machine>>(bed: Sim) {
    let (mut setup, _, pair) = pair::<M>(bed, 64);
    let mut joined = Joined::<M, F>::new(pair);
    let (mut full, full_lent) = buffers(&setup.bed, 64, BufferSize::kib(2).expect("a size"));
    let refused = joined.forwarder.split(&mut full).expect_err("the pool is full");
    assert!(matches!(refused.error, ForwardError::NoRoom { .. }), "{refused:?}");
    joined.forwarder = refused.into_value();
    // A pool with room, but for larger buffers.
    let (mut large, large_lent) = buffers(&setup.bed, 64, BufferSize::kib(4).expect("a size"));
    let away: Vec<_> = std::iter::from_fn(|| large.take()).collect();
    let refused = joined.forwarder.split(&mut large).expect_err("the pool wants larger ones");
    assert_eq!(refused.error, ForwardError::BuffersTooLarge);
    joined.forwarder = refused.into_value();
    assert!(large.is_empty());
    away.into_iter().for_each(|frame| large.put(frame).expect("room in the pool"));
    assert!(large_lent.release(large).is_ok());
    assert!(full_lent.release(full).is_ok());
    // It goes on.
    setup.inject(&frames(0..9));
    assert_eq!(joined.forwarder.forward(32, &mut |_| true), 9);
    assert_eq!(sent(&mut setup), frames(0..9));
    setup.pairs[1] = Some(joined.split());
    setup.finish();
}
