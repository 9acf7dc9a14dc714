//! A buffer has one owner, no matter what safe code does.

mod common;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{QueuePair, buffers, frame, ready, vm};
use vmdq::igb::I82575;
use vmdq::ring::{BufferPool, BufferSize, BufferSlot, Frame};
use vmdq::{Accept, Config, Resources};
use vmdq_sim::{Rule, Settled, Sim, Testbed};

const EVERYTHING: Config =
    Config { max_frame: 1518, accept: Accept::all(), default_drops: true, strip_tags: false };

fn slots(places: usize) -> &'static mut [BufferSlot] {
    Box::leak(Box::new_uninit_slice(places))
}

#[test]
fn memory_that_was_not_initialised_becomes_zeros() {
    let bed = Sim::i82575();
    let region: &'static mut [std::mem::MaybeUninit<u8>] = Box::leak(Box::new_uninit_slice(8192));
    let size = BufferSize::kib(1).expect("a size");
    let (mut pool, _memory) = BufferPool::carve(region, size, slots(4), bed.dma()).expect("a pool");
    while let Some(mut frame) = pool.take() {
        frame.set_len(1024).expect("room");
        assert!(frame.bytes().iter().all(|&byte| byte == 0));
    }
}

#[test]
fn memory_that_is_too_small_comes_back() {
    let bed = Sim::i82575();
    let size = BufferSize::kib(2).expect("a size");
    let refused = BufferPool::carve(vec![7u8; 100].leak(), size, slots(4), bed.dma());
    let (region, places) = refused.expect_err("100 bytes hold no buffer").into_value();
    assert_eq!((region.len(), places.len()), (100, 4));
    assert!(region.iter().all(|&byte| byte == 7));
}

#[test]
fn a_panic_while_frames_come_back_gives_none_of_them_twice() {
    let mut bed = Sim::i82575();
    let port = ready::<I82575, _>(bed.platform(), &EVERYTHING);
    let Resources { port, pools: [pool, ..], .. } = port.enable();
    let size = BufferSize::kib(2).expect("a size");
    let mut pair = QueuePair::start(&bed, &port, pool, 64, 80, size);
    pair.send(&Vec::from_iter((0..4).map(|i| frame(vm(1), i, 60))));
    assert_eq!(bed.settle(), Settled::Idle);

    let mut home: Vec<Frame> = Vec::new();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        pair.tx.reclaim_into(|frame| {
            home.push(frame);
            assert!(home.len() < 2, "the second frame is one too many");
            Ok(())
        });
    }));
    assert!(panicked.is_err());
    pair.tx.reclaim_into(|frame| {
        home.push(frame);
        Ok(())
    });
    let places: HashSet<_> = home.iter().map(|frame| frame.bytes().as_ptr()).collect();
    assert_eq!((home.len(), places.len()), (4, 4));
}

#[test]
fn a_frame_that_another_is_given_back_for_keeps_the_batch_whole() {
    let mut bed = Sim::i82575();
    let port = ready::<I82575, _>(bed.platform(), &EVERYTHING);
    let Resources { port, pools: [pool, ..], .. } = port.enable();
    let size = BufferSize::kib(2).expect("a size");
    let mut pair = QueuePair::start(&bed, &port, pool, 64, 80, size);
    pair.send(&Vec::from_iter((0..4).map(|i| frame(vm(1), i, 60))));
    assert_eq!(bed.settle(), Settled::Idle);

    let mut spare = pair.buffers.take();
    let mut first = None;
    assert_eq!(
        pair.tx.reclaim_into(|frame| spare.take().map_or(Ok(()), |spare| {
            first = Some(frame);
            Err(spare)
        })),
        0
    );
    assert_eq!(pair.tx.pending(), 4);
    assert_eq!(pair.tx.reclaim(&mut pair.buffers), 4);
    assert!(first.is_some());
}

#[test]
fn a_frame_of_one_port_never_reaches_memory_of_another() {
    let mut bed = Sim::i82575();
    let other = Sim::i82575();
    let port = ready::<I82575, _>(bed.platform(), &EVERYTHING);
    let Resources { port, pools: [pool, ..], .. } = port.enable();
    let size = BufferSize::kib(2).expect("a size");
    let mut pair = QueuePair::start(&bed, &port, pool, 64, 63, size);
    let (mut foreign, _memory) = buffers(&other, 1, size);

    // In place of one of its own buffers, the ring gets one that only the other controller reaches.
    bed.inject(&[0xff; 60]);
    assert_eq!(bed.settle(), Settled::Idle);
    assert_eq!(pair.take().len(), 1);
    pair.rx.post_one(foreign.take().expect("a frame")).expect("a place");
    for _ in 0..62 {
        bed.inject(&[0xff; 60]);
    }
    assert_eq!(bed.settle(), Settled::Idle);
    assert_eq!(pair.take().len(), 62);
    assert!(bed.violations().is_empty());
    // Now the foreign buffer is the only one left.
    bed.inject(&[0xff; 60]);
    let _ = bed.settle();
    // The address means nothing to this controller, and the model refuses it.
    let rules = Vec::from_iter(bed.violations().iter().map(|violation| violation.rule));
    assert!(rules.contains(&Rule::DmaOutsideGrant), "{rules:?}");
    assert!(rules.iter().all(|rule| *rule == Rule::DmaOutsideGrant), "{rules:?}");
}
