//! The channel under a model checker that tries every order of both sides' loads and stores.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p vmdq-core --lib --release channel::loom`
#![forbid(unsafe_code)]

extern crate std;

use std::boxed::Box;
use std::vec::Vec;

use loom::sync::{Arc, Notify};
use loom::thread;

use super::sync::AtomicU32;
use super::{BackEnd, FrontEnd, GuestBuffer, words};
use crate::guest::GuestRange;

const ENTRIES: usize = 2;

fn channel() -> (FrontEnd<'static, ENTRIES>, BackEnd<'static>) {
    let memory: Vec<AtomicU32> = (0..words(ENTRIES as u32)).map(|_| AtomicU32::new(0)).collect();
    let memory: &'static [AtomicU32] = Box::leak(memory.into_boxed_slice());
    let back_end = BackEnd::new(memory, ENTRIES as u32).unwrap();
    (FrontEnd::new(memory).unwrap(), back_end)
}

fn buffer(id: u16, generation: u64) -> GuestBuffer {
    GuestBuffer { id, range: GuestRange { at: 0x1_0000_1000 * (generation + 1), len: 100 } }
}

/// A back-end that sleeps when it may gets every buffer: else it sleeps for good, which the checker
/// reports as a deadlock.
#[test]
fn a_sleeping_back_end_is_woken() {
    loom::model(|| {
        let (mut front_end, mut back_end) = channel();
        let kick = Arc::new(Notify::new());
        let bell = kick.clone();
        let guest = thread::spawn(move || {
            for id in 0..ENTRIES as u16 {
                front_end.post(buffer(id, u64::from(id))).unwrap();
                if front_end.needs_notify() {
                    bell.notify();
                }
            }
        });
        let mut taken = 0;
        while taken < ENTRIES as u16 {
            match back_end.next() {
                Some(posted) => {
                    let posted = posted.unwrap();
                    // The entry is as it was posted, not as it was before.
                    assert_eq!((posted.id(), posted.range()), (taken, buffer(taken, u64::from(taken)).range));
                    taken += 1;
                }
                None => {
                    if back_end.may_sleep().unwrap() {
                        kick.wait();
                    }
                }
            }
        }
        guest.join().unwrap();
    });
}

/// The same the other way, with both responses in one batch, the second buffer first.
#[test]
fn a_sleeping_front_end_is_woken() {
    loom::model(|| {
        let (mut front_end, mut back_end) = channel();
        front_end.post(buffer(0, 0)).unwrap();
        front_end.post(buffer(1, 1)).unwrap();
        let kick = Arc::new(Notify::new());
        let bell = kick.clone();
        let container = thread::spawn(move || {
            let first = back_end.next().unwrap().unwrap();
            let second = back_end.next().unwrap().unwrap();
            back_end.complete(second, 61, Some(1)).unwrap();
            back_end.complete(first, 60, None).unwrap();
            if back_end.needs_notify() {
                bell.notify();
            }
        });
        let mut lengths = Vec::new();
        while lengths.len() < ENTRIES {
            match front_end.take_done().unwrap() {
                Some(done) => lengths.push(done.length),
                None => {
                    if front_end.may_sleep().unwrap() {
                        kick.wait();
                    }
                }
            }
        }
        assert_eq!(lengths, [61, 60]);
        container.join().unwrap();
    });
}

/// Places are reused, and neither side reads what the other writes anew.
#[test]
fn a_place_is_not_overwritten_before_it_was_read() {
    loom::model(|| {
        let (mut front_end, mut back_end) = channel();
        front_end.post(buffer(0, 0)).unwrap();
        front_end.post(buffer(1, 1)).unwrap();
        let container = thread::spawn(move || {
            for generation in 0..3 {
                let posted = loop {
                    match back_end.next() {
                        Some(posted) => break posted.unwrap(),
                        None => thread::yield_now(),
                    }
                };
                assert_eq!(posted.range(), buffer(0, generation).range);
                back_end.complete(posted, 60 + generation as u32, None).unwrap();
            }
        });
        // The third request takes the first one's place.
        let mut generation = 2;
        for expected in 60..63 {
            let done = loop {
                match front_end.take_done().unwrap() {
                    Some(done) => break done,
                    None => thread::yield_now(),
                }
            };
            assert_eq!(done.length, expected);
            if generation == 2 {
                front_end.post(buffer(done.buffer.id, generation)).unwrap();
                generation += 1;
            }
        }
        container.join().unwrap();
    });
}
