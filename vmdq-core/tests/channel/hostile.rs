//! Sides that write what they like, when they like.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use vmdq_core::channel::{FrontEnd, GuestBuffer, Posted, ResponseError, Status, VirtualInterface, words};
use vmdq_core::guest::GuestRange;

use crate::machine::{BASE, Call, ENTRIES, Machine, back_end, buffer, limit, shared};

const N: u32 = ENTRIES as u32;
const REQUESTS: usize = 48;

/// One write of the hostile side: which word, and what.
type Scribble = (usize, u32);

fn scribble() -> impl Strategy<Value = Scribble> {
    let value = prop_oneof![
        4 => 0u32..20,
        2 => (0u32..64 << 10).prop_map(|offset| BASE as u32 + offset),
        1 => (0u32..1 << 20).prop_map(|low| low | 1 << 24),
        1 => Just(u32::MAX),
        2 => any::<u32>(),
    ];
    // The counts and the first entries are where it hurts most.
    let at = prop_oneof![2 => Just(16usize), 1 => Just(17usize), 1 => Just(32usize), 6 => 0..words(N)];
    (at, value)
}

fn write(memory: &[AtomicU32], (at, value): Scribble) {
    memory[at].store(value, Ordering::Relaxed);
}

#[derive(Clone, Debug)]
enum Step {
    /// The guest writes anything anywhere: to receive (false) or transmit (true).
    Scribble(bool, Scribble),
    /// The guest posts as a front-end would: its own idea of the next place.
    Post {
        transmit: bool,
        at: u64,
        word: u32,
        id: u16,
    },
    Deliver {
        len: usize,
        meanwhile: Vec<Scribble>,
    },
    TakeSent {
        meanwhile: Vec<Scribble>,
    },
    Hold,
    Return {
        which: usize,
        length: u32,
    },
    Exchange {
        which: usize,
    },
    MaySleep,
    Notify,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let meanwhile = || prop::collection::vec(scribble(), 0..4);
    let at = prop_oneof![3 => (0u64..80 << 10).prop_map(|offset| BASE - 4096 + offset), 1 => any::<u64>()];
    let word =
        prop_oneof![4 => 0u32..4096, 2 => (0u32..2048).prop_map(|len| len | 3 << 24), 1 => any::<u32>()];
    prop_oneof![
        2 => (any::<bool>(), scribble()).prop_map(|(transmit, scribble)| Step::Scribble(transmit, scribble)),
        8 => (any::<bool>(), at, word, 0u16..10).prop_map(|(transmit, at, word, id)| Step::Post {
            transmit, at, word, id
        }),
        5 => (0usize..2100, meanwhile()).prop_map(|(len, meanwhile)| Step::Deliver { len, meanwhile }),
        5 => meanwhile().prop_map(|meanwhile| Step::TakeSent { meanwhile }),
        2 => Just(Step::Hold),
        2 => (0usize..8, 0u32..4096).prop_map(|(which, length)| Step::Return { which, length }),
        1 => (0usize..8).prop_map(|which| Step::Exchange { which }),
        1 => Just(Step::MaySleep),
        1 => Just(Step::Notify),
        1 => Just(Step::Restart),
    ]
}

/// What the entries named at this moment.
fn named(memory: &[AtomicU32]) -> Vec<GuestRange> {
    let word = |at: usize| memory[at].load(Ordering::Relaxed);
    (0..ENTRIES)
        .map(|entry| REQUESTS + 4 * entry)
        .map(|at| GuestRange {
            at: u64::from(word(at)) | u64::from(word(at + 1)) << 32,
            len: word(at + 2) & 0xff_ffff,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the guest writes, its memory is reached only where an entry named it, once for each
    /// call and within its length; each call costs one entry at most, and the books balance.
    #[test]
    fn a_hostile_guest_harms_itself_alone(steps in prop::collection::vec(step(), 1..120)) {
        let (receive, transmit) = (shared(), shared());
        let vmm = Machine::new();
        let mut interface =
            VirtualInterface::new(vmm.vm, back_end(&receive), back_end(&transmit), limit());
        let mut held: Vec<Posted> = Vec::new();
        let mut guest = [0u32; 2];
        let (mut delivers, mut notifies) = (0, 0);
        for step in steps {
            let before = [interface.receive().counters(), interface.transmit().counters()];
            let entries = [named(&receive), named(&transmit)];
            vmm.calls.borrow_mut().clear();
            match step {
                Step::Scribble(to_transmit, scribble) => {
                    write(if to_transmit { &transmit } else { &receive }, scribble);
                }
                Step::Post { transmit: to_transmit, at, word, id } => {
                    let memory = if to_transmit { &transmit } else { &receive };
                    let next = &mut guest[usize::from(to_transmit)];
                    let place = REQUESTS + 4 * (*next as usize % ENTRIES);
                    for (offset, value) in [at as u32, (at >> 32) as u32, word, u32::from(id)].into_iter().enumerate() {
                        write(memory, (place + offset, value));
                    }
                    *next = next.wrapping_add(1);
                    write(memory, (16, *next));
                }
                Step::Deliver { len, meanwhile } => {
                    delivers += 1;
                    let frame = vec![0xa5; len];
                    let memory = &receive;
                    *vmm.meanwhile.borrow_mut() =
                        Box::new(move || meanwhile.iter().for_each(|scribble| write(memory, *scribble)));
                    let delivered = interface.deliver(&vmm, &frame, None);
                    let calls = vmm.calls.borrow();
                    prop_assert!(calls.len() <= 1);
                    for call in calls.iter() {
                        let Call::Write(range) = *call else { panic!("{call:?}") };
                        prop_assert_eq!(range.len as usize, len);
                        prop_assert!(entries[0].iter().any(|entry| entry.at == range.at && entry.len >= range.len));
                    }
                    prop_assert!(delivered.is_err() || calls.len() == 1);
                }
                Step::TakeSent { meanwhile } => {
                    let mut into = [0xee; 2048];
                    let memory = &transmit;
                    *vmm.meanwhile.borrow_mut() =
                        Box::new(move || meanwhile.iter().for_each(|scribble| write(memory, *scribble)));
                    let sent = interface.take_sent(&vmm, &mut into);
                    let calls = vmm.calls.borrow();
                    prop_assert!(calls.len() <= 1);
                    for call in calls.iter() {
                        let Call::Read(range) = *call else { panic!("{call:?}") };
                        prop_assert!(entries[1].contains(&range));
                        prop_assert!((14..=1518).contains(&range.len));
                    }
                    if let Some(Ok(sent)) = sent {
                        prop_assert!((14..=1518).contains(&sent.len));
                        prop_assert!(into[sent.len..].iter().all(|byte| *byte == 0xee));
                    }
                }
                Step::Hold => {
                    if let Some(Ok(posted)) = interface.receive().next() {
                        prop_assert!(entries[0].contains(&posted.range()));
                        prop_assert!(u32::from(posted.id()) < N && posted.range().end().is_some());
                        held.push(posted);
                    }
                }
                Step::Return { which, length } if which < held.len() => {
                    let posted = held.swap_remove(which);
                    if let Err((_, posted)) = interface.receive().complete(posted, length, Some(1)) {
                        match interface.receive().give_back(posted, Status::Refused) {
                            Ok(()) => {}
                            Err((_, posted)) => held.push(posted),
                        }
                    }
                }
                Step::Exchange { which } if which < held.len() => {
                    let posted = held.swap_remove(which);
                    let (range, consent) = (posted.range(), posted.may_exchange());
                    match interface.receive().exchange(posted, GuestRange { at: BASE, ..range }, 0, None) {
                        Ok(kept) => prop_assert!(kept == range && consent),
                        Err((_, posted)) => held.push(posted),
                    }
                }
                Step::Return { .. } | Step::Exchange { .. } => {}
                Step::MaySleep => {
                    let _ = (interface.may_sleep(), interface.receive().may_sleep());
                }
                Step::Notify => {
                    notifies += 1;
                    interface.notify_if_needed(&vmm);
                }
                Step::Restart => {
                    interface.restart();
                    guest = [0; 2];
                }
            }
            let after = [interface.receive().counters(), interface.transmit().counters()];
            for (before, after) in before.iter().zip(&after) {
                let work = after.taken + after.malformed - before.taken - before.malformed;
                prop_assert!(work <= 1);
            }
            let [counts, _] = after;
            let out = counts.taken - counts.done - counts.refused - counts.dropped - counts.forgotten;
            prop_assert_eq!(out, u64::from(interface.receive().held()));
            prop_assert!(interface.receive().held() <= N);
            prop_assert_eq!(interface.transmit().held(), 0);
        }
        let counters = interface.counters();
        let undelivered = counters.no_buffer + counters.buffer_too_short + counters.buffer_not_owned
            + counters.buffer_malformed + counters.receive_corrupt;
        prop_assert_eq!(counters.delivered + undelivered, delivers);
        prop_assert!(counters.notified + counters.suppressed <= notifies);
    }

    /// Whatever the back-end writes, the guest gets back only buffers that it posted, each once.
    #[test]
    fn a_hostile_back_end_gives_back_nothing_else(
        steps in prop::collection::vec(
            (0u8..4, scribble(), 0u16..N as u16, any::<[u32; 4]>(), any::<bool>()), 1..150),
    ) {
        let memory = shared();
        let _back = back_end(&memory);
        let mut front = FrontEnd::<ENTRIES>::new(&memory).unwrap();
        let mut posted: [Option<(GuestBuffer, bool)>; ENTRIES] = [None; ENTRIES];
        let mut responded = 0u32;
        for (what, scribble, id, words, honest) in steps {
            match what {
                0 => write(&memory, scribble),
                1 => {
                    // A response at the next place, half right.
                    let at = buffer(id).range.at as u32;
                    let words = if honest { [at, 0, words[2] & 0x0dff_0fff, u32::from(id)] } else { words };
                    let place = REQUESTS + 4 * ENTRIES + 4 * (responded as usize % ENTRIES);
                    words.into_iter().enumerate().for_each(|(at, value)| write(&memory, (place + at, value)));
                    responded = responded.wrapping_add(1);
                    write(&memory, (32, responded));
                }
                2 => {
                    let place = &mut posted[usize::from(id)];
                    let result =
                        if honest { front.post(buffer(id)) } else { front.post_for_exchange(buffer(id)) };
                    if result.is_ok() {
                        prop_assert!(place.is_none());
                        *place = Some((buffer(id), !honest));
                    }
                }
                _ => match front.take_done() {
                    Ok(Some(done)) => {
                        let (was, exchange) = posted[usize::from(done.buffer.id)].take().unwrap();
                        prop_assert!(done.buffer == was || exchange);
                        prop_assert_eq!(done.buffer.range.len, was.range.len);
                        prop_assert!(done.length <= was.range.len);
                    }
                    Err(ResponseError::Garbled(was) | ResponseError::Exchanged(was)) => {
                        prop_assert!(posted[usize::from(was.id)].take().is_some());
                    }
                    Err(ResponseError::NotPosted(id)) => {
                        prop_assert!(posted.get(usize::from(id)).is_none_or(Option::is_none));
                    }
                    Ok(None) | Err(_) => {}
                },
            }
            prop_assert_eq!(front.posted(), posted.iter().flatten().count());
            prop_assert!((0..N as u16).all(|id| front.is_posted(id) == posted[usize::from(id)].is_some()));
        }
    }
}
