//! Every posted buffer comes back exactly once, or is under way.

use proptest::prelude::*;
use vmdq_core::channel::{Done, FrontEnd, GuestBuffer, Posted, Status};
use vmdq_core::guest::GuestRange;

use crate::machine::{ENTRIES, back_end, shared};

#[derive(Clone, Debug)]
enum Step {
    Post { id: u16, exchange: bool },
    Take,
    Complete { which: usize, length: u32, tag: Option<u16> },
    GiveBack { which: usize, dropped: bool },
    Exchange { which: usize, length: u32 },
    TakeDone,
}

fn step() -> impl Strategy<Value = Step> {
    let which = || 0usize..ENTRIES;
    prop_oneof![
        4 => (0..ENTRIES as u16, any::<bool>()).prop_map(|(id, exchange)| Step::Post { id, exchange }),
        4 => Just(Step::Take),
        2 => (which(), 0u32..2049, any::<Option<u16>>())
            .prop_map(|(which, length, tag)| Step::Complete { which, length, tag }),
        1 => (which(), any::<bool>()).prop_map(|(which, dropped)| Step::GiveBack { which, dropped }),
        1 => (which(), 0u32..2049).prop_map(|(which, length)| Step::Exchange { which, length }),
        4 => Just(Step::TakeDone),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn buffers_are_conserved(steps in prop::collection::vec(step(), 1..300)) {
        let memory = shared();
        let mut back = back_end(&memory);
        let mut front = FrontEnd::<ENTRIES>::new(&memory).unwrap();
        // Each buffer is in one of four places, each a queue of what must come out of it next.
        let mut free = [true; ENTRIES];
        let mut requests: Vec<(GuestBuffer, bool)> = Vec::new();
        let mut held: Vec<Posted> = Vec::new();
        let mut responses: Vec<Done> = Vec::new();
        // Addresses are never used twice, so that an old entry can't pass for a new one.
        let mut fresh = 0x1000u64;
        let mut next_range = || {
            fresh += 0x1_0000_0800;
            GuestRange { at: fresh, len: 2048 }
        };
        let drain = [Step::Take, Step::GiveBack { which: 0, dropped: false }, Step::TakeDone];
        let drain = drain.iter().flat_map(|step| std::iter::repeat_n(step.clone(), ENTRIES));
        for step in steps.into_iter().chain(drain) {
            match step {
                Step::Post { id, exchange } => {
                    let buffer = GuestBuffer { id, range: next_range() };
                    let result = if exchange { front.post_for_exchange(buffer) } else { front.post(buffer) };
                    prop_assert_eq!(result.is_ok(), free[usize::from(id)]);
                    if result.is_ok() {
                        free[usize::from(id)] = false;
                        requests.push((buffer, exchange));
                    }
                }
                Step::Take => match back.next() {
                    None => prop_assert!(requests.is_empty()),
                    Some(posted) => {
                        let posted = posted.unwrap();
                        let (buffer, exchange) = requests.remove(0);
                        let got = GuestBuffer { id: posted.id(), range: posted.range() };
                        prop_assert_eq!((got, posted.may_exchange()), (buffer, exchange));
                        held.push(posted);
                    }
                },
                Step::Complete { which, length, tag } if which < held.len() => {
                    let posted = held.remove(which);
                    let buffer = GuestBuffer { id: posted.id(), range: posted.range() };
                    back.complete(posted, length, tag).unwrap();
                    responses.push(Done { buffer, length, tag, status: Status::Done });
                }
                Step::GiveBack { which, dropped } if which < held.len() => {
                    let posted = held.remove(which);
                    let buffer = GuestBuffer { id: posted.id(), range: posted.range() };
                    let status = if dropped { Status::Dropped } else { Status::Refused };
                    back.give_back(posted, status).unwrap();
                    responses.push(Done { buffer, length: 0, tag: None, status });
                }
                Step::Exchange { which, length } if which < held.len() => {
                    let posted = held.remove(which);
                    let (id, kept, given) = (posted.id(), posted.range(), next_range());
                    let consent = posted.may_exchange();
                    match back.exchange(posted, given, length, None) {
                        Ok(range) => {
                            prop_assert!(consent && range == kept);
                            let buffer = GuestBuffer { id, range: given };
                            responses.push(Done { buffer, length, tag: None, status: Status::Done });
                        }
                        Err((_, posted)) => {
                            prop_assert!(!consent);
                            held.insert(which, posted);
                        }
                    }
                }
                Step::TakeDone => match front.take_done().unwrap() {
                    None => prop_assert!(responses.is_empty()),
                    Some(done) => {
                        prop_assert_eq!(done, responses.remove(0));
                        free[usize::from(done.buffer.id)] = true;
                    }
                },
                Step::Complete { .. } | Step::GiveBack { .. } | Step::Exchange { .. } => {}
            }
            prop_assert_eq!(back.held() as usize, held.len());
            prop_assert_eq!(front.posted(), requests.len() + held.len() + responses.len());
        }
        prop_assert!(free.iter().all(|free| *free), "drained");
    }
}
