//! Bursts and pools keep what they hold.

mod common;

use std::error::Error;

use common::{Bench, Machine, Run};
use vmdq_hal::Refused;
use vmdq_hal::ring::{
    BufferPool, BufferSize, BufferSlot, Burst, Exchange, ForwardError, Frame, PoolError, ReleaseError,
    SendError,
};

/// Frames of lengths 1 and up.
fn burst<const N: usize>(pool: &mut BufferPool, count: usize) -> Burst<N> {
    let mut burst = Burst::new();
    for len in 1..=count {
        let mut frame = pool.take().expect("a buffer");
        frame.set_len(len).expect("room");
        burst.push(frame).expect("room");
    }
    burst
}

fn lens(frames: &[Frame]) -> Vec<usize> {
    frames.iter().map(Frame::len).collect()
}

#[test]
fn what_is_not_drained_stays() {
    let mut pool = Bench::new().buffers::<8, 1>();
    let mut burst = burst::<6>(&mut pool, 6);
    let mut drain = burst.drain(..);
    assert_eq!((drain.len(), drain.next().map(|frame| put(&mut pool, frame))), (6, Some(1)));
    assert_eq!(drain.next_back().map(|frame| put(&mut pool, frame)), Some(6));
    assert_eq!(drain.next().map(|frame| put(&mut pool, frame)), Some(2));
    drop(drain);
    assert_eq!(lens(&burst), [3, 4, 5]);
    // A loop that is left early.
    let three = burst.drain(..).find(|frame| frame.len() == 3);
    assert_eq!(three.map(|frame| put(&mut pool, frame)), Some(3));
    assert_eq!(lens(&burst), [4, 5]);
    assert_eq!(burst.drain(..).map(|frame| put(&mut pool, frame)).sum::<usize>(), 9);
    assert!(burst.is_empty() && burst.drain(..).next().is_none());
    assert_eq!(pool.len(), 8);
}

fn put(pool: &mut BufferPool, frame: Frame) -> usize {
    let len = frame.len();
    pool.put(frame).expect("room");
    len
}

#[test]
fn a_burst_takes_so_many_and_gives_the_next_back() {
    let mut pool = Bench::new().buffers::<8, 1>();
    let mut full = burst::<4>(&mut pool, 4);
    assert!(full.is_full());
    let refused = full.push(pool.take().expect("a buffer"));
    put(&mut pool, refused.expect_err("the burst is full"));
    assert_eq!(full.pop_first().map(|frame| put(&mut pool, frame)), Some(1));
    assert_eq!(full.take(1).map(|frame| put(&mut pool, frame)), Some(3));
    assert_eq!(full.take(2).map(|frame| put(&mut pool, frame)), None);
    assert_eq!(full.pop().map(|frame| put(&mut pool, frame)), Some(4));
    // No more are taken from the iterator than fit.
    let mut frames = std::iter::from_fn(|| pool.take());
    assert_eq!((full.fill_from(&mut frames), full.len()), (3, 4));
    assert_eq!((pool.len(), pool.put_all(&mut full), pool.len()), (4, 4, 8));
}

#[test]
fn what_a_pool_refuses_stays_in_the_burst() {
    let bench = Bench::new();
    let (mut small, mut large) = (bench.buffers::<2, 1>(), bench.buffers::<4, 2>());
    let mut mixed = Burst::<8>::new();
    for len in 1..=5 {
        let mut frame = if len % 2 == 0 { small.take() } else { large.take() }.expect("a buffer");
        frame.set_len(len).expect("room");
        mixed.push(frame).expect("room");
    }
    assert_eq!(large.put_all(&mut mixed), 3);
    assert_eq!((lens(&mixed), large.len()), (vec![2, 4], 4));
    let spare = large.take().expect("a buffer");
    mixed.push(spare).expect("room");
    assert_eq!(small.put_all(&mut mixed), 2, "the pool is full then");
    assert_eq!((mixed.len(), large.put_all(&mut mixed)), (1, 1));
}

/// `?` carries an error with what was refused, and both can be had of it.
#[test]
fn what_is_refused_comes_back() {
    let Run { started, mut buffers, .. } = Bench::new().run::<8, 16>();
    let (rx, mut tx) = (started.rx, started.tx);
    let mut send = |frame| -> Result<(), Box<dyn Error>> { Ok(tx.send_one(frame)?) };
    let error = send(buffers.take().expect("a buffer")).expect_err("it is empty");
    let refused = error.downcast::<Refused<SendError, Frame>>().expect("nothing else fails");
    assert_eq!(refused.error, SendError::Length { len: 0, sent: 0 });
    buffers.put(refused.value).expect("room");

    // Eight for the transmit ring; the receive ring has its seven.
    let mut taken = Burst::<16>::new();
    taken.fill_from(&mut std::iter::from_fn(|| buffers.take()).take(2));
    let refused = Exchange::new(rx, tx, &mut buffers).expect_err("seven are left");
    assert_eq!(refused.error, ForwardError::TooFewBuffers { needed: 8 });
    let (rx, tx) = refused.value;
    buffers.put_all(&mut taken);
    let exchange = Exchange::new(rx, tx, &mut buffers).expect("enough");
    let mut other = Bench::new().buffers::<1, 2>();
    let refused = exchange.split(&mut other).expect_err("there is no room");
    assert_eq!(refused.error, ForwardError::NoRoom { needed: 8 });
    assert!(refused.value.split(&mut buffers).is_ok());
}

/// An unsendable frame is named, can be taken out, and those behind it are sent.
#[test]
fn a_frame_that_cannot_be_sent_does_not_block_the_burst() {
    let Run { mut started, mut buffers, mut device, .. } = Bench::new().run::<8, 16>();
    let mut burst = Burst::<4>::new();
    for len in [60, 5, 61, 1600] {
        let mut frame = buffers.take().expect("a buffer");
        frame.set_len(len).expect("room");
        burst.push(frame).expect("room");
    }
    let mut refused = Vec::new();
    while let Err(SendError::Length { len, .. }) = started.tx.send(&mut burst) {
        refused.push(len);
        assert_eq!(burst.pop_first().map(|frame| put(&mut buffers, frame)), Some(usize::from(len)));
    }
    assert!(burst.is_empty());
    assert_eq!(refused, [5, 1600]);
    assert_eq!(device.send().iter().map(Vec::len).collect::<Vec<_>>(), [60, 61]);
}

#[test]
fn a_region_comes_back_whole() {
    let machine = Machine::default();
    let region = vec![0xee_u8; 5000].leak();
    let slots: &'static mut [BufferSlot] = Box::leak(Box::new_uninit_slice(5));
    let before = (region.as_ptr(), region.len(), slots.as_ptr(), slots.len());
    let same = |region: &[u8], slots: &[BufferSlot]| {
        assert_eq!((region.as_ptr(), region.len(), slots.as_ptr(), slots.len()), before);
    };
    // Not one buffer fits.
    let large = BufferSize::kib(16).expect("a size");
    let refused = BufferPool::carve(region, large, slots, machine.clone()).expect_err("no room");
    assert_eq!((refused.error, machine.mapped()), (PoolError::NoRoom, 0));
    let (region, slots) = refused.value;
    same(region, slots);

    let size = BufferSize::kib(1).expect("a size");
    let (mut pool, memory) = BufferPool::carve(region, size, slots, machine.clone()).expect("room");
    assert_eq!((pool.len(), machine.mapped()), (4, 1));
    let mut frame = pool.take().expect("a buffer");
    frame.fill(&[9; 1024]).expect("room");
    let refused = memory.release(pool).expect_err("one is missing");
    assert_eq!(refused.error, ReleaseError::Missing { held: 3, total: 4 });
    let (memory, mut pool) = refused.value;
    put(&mut pool, frame);
    let (region, slots) = memory.release(pool).expect("all are home");
    assert_eq!(machine.mapped(), 0);
    same(region, slots);
    // It is the caller's again, in each byte.
    region.fill(1);
    assert_eq!(region.iter().map(|&byte| usize::from(byte)).sum::<usize>(), 5000);
}
