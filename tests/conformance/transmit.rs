//! Transmit: order, turns, lengths, and buffers that come back.

use vmdq::ring::{Burst, SendError};
use vmdq_sim::{PlatformOf, Testbed};

use crate::bed::Bed;
use crate::common::{Concrete, Plan, STRANGER, Setup, frame, number, pools, tagged, vm};

/// Lets the controller send what it has, and takes it off the wire.
fn sent<M: Concrete, T: Testbed>(setup: &mut Setup<M, PlatformOf<T>, T>) -> Vec<Vec<u8>> {
    let _ = setup.bed.settle();
    setup.bed.take_sent().into_iter().map(|sent| sent.bytes).collect()
}

pub(crate) fn every_queue_sends_in_order<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    // The destination tells the queue, the number the order.
    for queue in 0..pools::<M>() {
        setup.pair(queue).send(&Vec::from_iter((0..20).map(|i| frame(vm(queue), i, 60 + queue))));
    }
    let sent = sent(&mut setup);
    assert_eq!(sent.len(), 20 * pools::<M>());
    for queue in 0..pools::<M>() {
        let of_queue: Vec<_> = sent.iter().filter(|bytes| bytes[..6] == vm(queue).0).cloned().collect();
        assert_eq!(
            of_queue,
            Vec::from_iter((0..20).map(|i| frame(vm(queue), i, 60 + queue))),
            "queue {queue}"
        );
    }
    for queue in 0..pools::<M>() {
        assert_eq!(setup.pair(queue).reclaim(), 20);
    }
    setup.finish();
}

/// QEMU drains a ring at each tail write, so that nothing can be seen of turns there.
pub(crate) fn queues_take_turns<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    // Queue 1 is a hog; all others have 5 frames each.
    setup.pair(1).send(&Vec::from_iter((0..40).map(|i| frame(vm(1), i, 1514))));
    for queue in (0..pools::<M>()).filter(|&queue| queue != 1) {
        setup.pair(queue).send(&Vec::from_iter((0..5).map(|i| frame(vm(queue), i, 60))));
    }
    let _ = setup.bed.settle();
    let order: Vec<_> =
        setup.bed.take_sent().into_iter().map(|sent| sent.queue.expect("models know")).collect();
    assert_eq!(order.len(), 40 + 5 * (pools::<M>() - 1));
    // While all have something to send, each has its turn before any has its next.
    for turn in order[..5 * pools::<M>()].chunks(pools::<M>()) {
        let mut turn = turn.to_vec();
        turn.sort_unstable();
        assert!(turn.into_iter().eq(0..pools::<M>()));
    }
    assert!(order[5 * pools::<M>()..].iter().all(|&queue| queue == 1));
    setup.finish();
}

pub(crate) fn sent_buffers_come_back<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    // Batches of many sizes; in all, several times around the ring.
    let mut next = 0;
    for count in [1, 2, 7, 30, 63, 1, 40, 63, 5] {
        let frames: Vec<_> = (next..next + count).map(|i| frame(STRANGER, i, 60)).collect();
        let before = setup.pair(1).buffers.len();
        setup.pair(1).send(&frames);
        assert_eq!(setup.pair(1).tx.pending(), count as usize);
        assert_eq!(sent(&mut setup), frames);
        assert_eq!(setup.pair(1).reclaim(), count as usize);
        assert_eq!((setup.pair(1).tx.pending(), setup.pair(1).buffers.len()), (0, before));
        next += count;
    }
    assert_eq!(setup.pair(1).reclaim(), 0);
    setup.finish();
}

pub(crate) fn a_full_ring_takes_no_more<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan { descriptors: 8, buffers: 30, ..Plan::default() });
    let pair = setup.pair(2);
    let mut burst = Burst::<16>::new();
    for i in 0..10 {
        let mut buffer = pair.buffers.take().expect("a buffer");
        buffer.fill(&frame(STRANGER, i, 60)).expect("room");
        burst.push(buffer).expect("room");
    }
    assert_eq!(pair.tx.room(), 7);
    assert_eq!(pair.tx.send(&mut burst), Ok(7));
    assert_eq!((pair.tx.room(), pair.tx.pending()), (0, 7));
    // What is left is left in order, and goes next.
    assert_eq!(burst.iter().map(|frame| number(frame.bytes())).collect::<Vec<_>>(), [7, 8, 9]);
    assert_eq!(pair.tx.send(&mut burst), Ok(0));
    let first = sent(&mut setup);
    assert_eq!(setup.pair(2).reclaim(), 7);
    assert_eq!(setup.pair(2).tx.send(&mut burst), Ok(3));
    let second = sent(&mut setup);
    let numbers: Vec<_> = first.iter().chain(&second).map(|bytes| number(bytes)).collect();
    assert_eq!(numbers, Vec::from_iter(0..10));
    setup.finish();
}

pub(crate) fn frames_of_wrong_length_are_not_sent<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    let pair = setup.pair(1);
    for wrong in [0, 13, 1519, 2048] {
        let mut burst = Burst::<4>::new();
        for len in [60, wrong, 61] {
            let mut buffer = pair.buffers.take().expect("a buffer");
            buffer.set_len(len).expect("room");
            burst.push(buffer).expect("room");
        }
        let refused = pair.tx.send(&mut burst);
        assert_eq!(refused, Err(SendError::Length { len: wrong as u16, sent: 1 }));
        assert_eq!(burst.iter().map(|frame| frame.len()).collect::<Vec<_>>(), [wrong, 61]);
        pair.buffers.put(burst.pop_first().expect("the wrong one")).expect("room in the pool");
        assert_eq!(pair.tx.send(&mut burst), Ok(1));
    }
    let lengths: Vec<_> = sent(&mut setup).iter().map(Vec::len).collect();
    assert_eq!(lengths, [60, 61, 60, 61, 60, 61, 60, 61]);
    setup.finish();
}

pub(crate) fn a_tagged_frame_of_full_length_is_sent<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    let frames = [tagged(STRANGER, 5, 0, 1518), frame(STRANGER, 1, 1514)];
    setup.pair(1).send(&frames);
    assert_eq!(sent(&mut setup), frames);
    setup.finish();
}

/// QEMU does not pad: see `qemu_departures`.
pub(crate) fn short_frames_are_padded<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    let shortest = frame(STRANGER, 0, 60)[..14].to_vec();
    setup.pair(1).send(&[shortest.clone(), frame(STRANGER, 0, 60)]);
    let sent = sent(&mut setup);
    assert_eq!(sent[0][..14], shortest);
    assert_eq!(sent[0][14..], [0; 46]);
    assert_eq!(sent.len(), 2);
    setup.finish();
}

pub(crate) fn a_stop_brings_unsent_buffers_home<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    let before = setup.pair(1).buffers.len();
    setup.pair(1).send(&[frame(STRANGER, 0, 60), frame(STRANGER, 1, 60)]);
    assert_eq!(setup.pair(1).buffers.len(), before - 2);
    // The stop sees all buffers come home, sent or not, and the other queues go on.
    setup.stop(1);
    setup.pair(2).send(&[frame(STRANGER, 2, 60)]);
    assert_eq!(sent(&mut setup).last(), Some(&frame(STRANGER, 2, 60)));
    setup.finish();
}

pub(crate) fn counts_what_is_sent<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.pair(1).send(&[frame(STRANGER, 0, 60), frame(STRANGER, 1, 60)]);
    setup.pair(2).send(&[frame(STRANGER, 2, 60)]);
    assert_eq!(sent(&mut setup).len(), 3);
    assert_eq!(setup.port.statistics().sent, 3);
    assert_eq!(setup.port.statistics().received, 0);
    setup.finish();
}
