//! Fair transmission: the service bounds hold no matter what other members do.

use std::cell::Cell;
use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;
use vmdq_core::FrameLimit;
use vmdq_core::fair::{DeficitRoundRobin, MAX_WEIGHT, RoundRobin, Schedule, wire_bytes};

const MEMBERS: usize = 9;
/// Members below always have a frame; the others do as they like.
const HONEST: usize = 3;
/// The longest frame in memory: 1514 bytes and a tag.
const LONGEST: u16 = 1518;

fn limit() -> FrameLimit {
    FrameLimit::new(1518, 1518).unwrap()
}

/// Lengths that a virtual machine may claim.
fn claim() -> impl Strategy<Value = usize> {
    prop_oneof![
        4 => 14..=usize::from(LONGEST),
        1 => Just(60),
        1 => Just(usize::from(LONGEST)),
        1 => prop_oneof![Just(0), Just(1), Just(1519), Just(usize::MAX), any::<usize>()],
    ]
}

/// What a frame with a claimed length is charged.
fn charged(claim: usize) -> u64 {
    u64::from(wire_bytes(claim.min(usize::from(LONGEST)) as u16))
}

#[derive(Clone, Debug)]
enum Step {
    Pick(usize),
    /// A member posts frames of one length.
    Post(usize, usize, usize),
    /// A member is paused and goes on at once.
    Flap(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let hostile = || HONEST..MEMBERS;
    prop_oneof![
        4 => (1..40_usize).prop_map(Step::Pick),
        2 => (hostile(), claim(), 1..50_usize).prop_map(|(member, len, n)| Step::Post(member, len, n)),
        1 => hostile().prop_map(Step::Flap),
    ]
}

/// How far each member was ahead of each honest one, at least, so far.
struct Bound {
    weights: Vec<u16>,
    quantum: u32,
    served: [u64; MEMBERS],
    least: [[f64; MEMBERS]; HONEST],
}

impl Bound {
    fn serve(&mut self, member: usize, bytes: u64) -> Result<(), TestCaseError> {
        self.served[member] += bytes;
        let longest = f64::from(wire_bytes(LONGEST));
        let weight = |member: usize| f64::from(self.weights[member]);
        let by = |member: usize| self.served[member] as f64 / weight(member);
        for lagging in 0..HONEST {
            for other in (0..MEMBERS).filter(|&other| other != lagging) {
                let ahead = by(other) - by(lagging);
                let least = &mut self.least[lagging][other];
                *least = least.min(ahead);
                let bound = f64::from(self.quantum) + longest / weight(lagging) + longest / weight(other);
                prop_assert!(ahead - *least < bound, "{other} is {} ahead of {lagging}", ahead - *least);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// The bound of `DeficitRoundRobin`, over every span of time, for honest members among others
    /// that post, lie and flap.
    #[test]
    fn nobody_gets_further_ahead_in_bytes_than_the_bound(
        weights in vec(prop_oneof![1..=8_u16, Just(1), Just(MAX_WEIGHT)], MEMBERS),
        more in prop_oneof![Just(0), 0..20_000_u32],
        honest in vec(vec(14..=usize::from(LONGEST), 1..20), HONEST),
        steps in vec(step(), 1..60),
    ) {
        let mut turn = DeficitRoundRobin::<MEMBERS>::new(limit());
        let quantum = turn.quantum() + more;
        turn.set_quantum(quantum).unwrap();
        for (member, &weight) in weights.iter().enumerate() {
            turn.set_weight(member, weight).unwrap();
        }
        let mut bound = Bound { weights, quantum, served: [0; MEMBERS], least: [[0.0; MEMBERS]; HONEST] };
        let mut posted: [VecDeque<usize>; MEMBERS] = Default::default();
        let mut taken = [0_usize; HONEST];
        (0..HONEST).for_each(|member| turn.activate(member));
        for step in steps {
            match step {
                Step::Post(member, len, frames) => {
                    posted[member].extend(std::iter::repeat_n(len, frames));
                    turn.activate(member);
                }
                Step::Flap(member) => {
                    turn.deactivate(member);
                    if !posted[member].is_empty() {
                        turn.activate(member);
                    }
                }
                Step::Pick(picks) => for _ in 0..picks {
                    let asked = Cell::new(0);
                    let head = |member: usize| {
                        asked.set(asked.get() + 1);
                        match honest.get(member) {
                            Some(lengths) => Some(lengths[taken[member] % lengths.len()]),
                            None => posted[member].front().copied(),
                        }
                    };
                    let member = turn.next(head).expect("honest members always have a frame");
                    prop_assert!(asked.get() <= MEMBERS + 1, "asked {} times", asked.get());
                    let len = match honest.get(member) {
                        Some(lengths) => {
                            taken[member] += 1;
                            lengths[(taken[member] - 1) % lengths.len()]
                        }
                        None => posted[member].pop_front().expect("a frame that was announced"),
                    };
                    bound.serve(member, charged(len))?;
                },
            }
        }
    }

    /// A member's next turn comes after less than each other member's weight × quantum and one
    /// longest frame.
    #[test]
    fn a_newcomer_waits_for_one_turn_of_each_other(
        weights in vec(1..=8_u16, MEMBERS),
        lengths in vec(claim(), 1..50),
        before in 0..100_usize,
    ) {
        let mut turn = DeficitRoundRobin::<MEMBERS>::new(limit());
        for (member, &weight) in weights.iter().enumerate() {
            turn.set_weight(member, weight).unwrap();
        }
        (1..MEMBERS).for_each(|member| turn.activate(member));
        let mut lengths = lengths.iter().copied().cycle();
        for _ in 0..before {
            let len = lengths.next();
            turn.next(|_| len).unwrap();
        }
        turn.activate(0);
        let mut waited = [0; MEMBERS];
        loop {
            let len = lengths.next();
            match turn.next(|_| len).unwrap() {
                0 => break,
                other => waited[other] += charged(len.unwrap()),
            }
        }
        for other in 1..MEMBERS {
            let most = u64::from(turn.quantum()) * u64::from(weights[other]) + charged(LONGEST.into());
            prop_assert!(waited[other] < most, "waited {} for {other}, at most {most}", waited[other]);
        }
    }

    /// Somebody is picked whenever somebody has a frame.
    #[test]
    fn the_wire_never_idles_for_nothing(frames in vec((0..MEMBERS, claim()), 0..200)) {
        let mut turn = DeficitRoundRobin::<MEMBERS>::new(limit());
        let mut waiting: [VecDeque<usize>; MEMBERS] = Default::default();
        for &(member, len) in &frames {
            waiting[member].push_back(len);
            turn.activate(member);
        }
        for _ in 0..frames.len() {
            let member = turn.next(|member| waiting[member].front().copied());
            prop_assert!(waiting[member.expect("somebody has a frame")].pop_front().is_some());
        }
        prop_assert_eq!(turn.next(|member| waiting[member].front().copied()), None);
        prop_assert!((0..MEMBERS).all(|member| !turn.is_active(member)));
    }

    /// Round robin: between two frames of an active member, each other one gets one at most.
    #[test]
    fn nobody_gets_two_frames_ahead(steps in vec((any::<bool>(), 0..64_usize, 1..20_usize), 1..60)) {
        let mut narrow = RoundRobin::new();
        let mut wide = RoundRobin::<2>::wide();
        narrow.activate(20);
        wide.activate(20);
        let mut since = [0; 64];
        for (active, member, picks) in steps {
            if member != 20 {
                if active {
                    narrow.activate(member);
                    wide.activate(member);
                } else {
                    narrow.deactivate(member);
                    wide.deactivate(member);
                }
                prop_assert_eq!(narrow.is_active(member), active);
                prop_assert_eq!(wide.is_active(member), active);
            }
            for _ in 0..picks {
                let picked = narrow.pick();
                prop_assert_eq!(picked, wide.pick());
                match picked.unwrap() {
                    20 => since = [0; 64],
                    other => since[other] += 1,
                }
                prop_assert!(since.iter().all(|&frames| frames <= 1));
            }
        }
    }
}

/// The members behind bit 63, which the other test does not reach.
#[test]
fn wide_turns_go_round_all_members() {
    fn go_round<const WORDS: usize>() {
        let mut turn = RoundRobin::<WORDS>::wide();
        let members = RoundRobin::<WORDS>::MEMBERS;
        (0..=members).for_each(|member| turn.activate(member));
        for _ in 0..2 {
            assert!((0..members).all(|member| turn.pick() == Some(member)));
        }
        (0..members).for_each(|member| turn.deactivate(member));
        assert_eq!(turn.pick(), None);
    }
    go_round::<1>();
    go_round::<2>();
    go_round::<5>();
    go_round::<64>();
}

proptest! {
    /// Turns of several words pick as the definition says: the first active member after the last one.
    #[test]
    fn wide_turns_pick_the_next_active_member(steps in vec((any::<bool>(), 0..320_usize, 0..4_usize), 1..200)) {
        let mut turn = RoundRobin::<5>::wide();
        let mut active = std::collections::BTreeSet::new();
        let mut last = None;
        for (activate, member, picks) in steps {
            if activate {
                turn.activate(member);
                active.insert(member);
            } else {
                turn.deactivate(member);
                active.remove(&member);
            }
            prop_assert_eq!(turn.is_active(member), activate);
            for _ in 0..picks {
                let after = active.iter().find(|member| last.is_none_or(|last| **member > last));
                let expected = after.or(active.first()).copied();
                prop_assert_eq!(turn.pick(), expected);
                last = expected.or(last);
            }
        }
    }
}

/// More than 64 members, by weight, and moved between queues.
#[test]
fn hundreds_of_members_get_their_shares_and_move() {
    const MANY: usize = 300;
    let mut turn = DeficitRoundRobin::<MANY, 5>::wide(limit());
    turn.set_weight(299, 3).unwrap();
    (0..MANY).for_each(|member| turn.activate(member));
    let mut sent = [0; MANY];
    for _ in 0..(MANY + 2) * 5 {
        sent[turn.next(|_| Some(1514)).unwrap()] += 1;
    }
    assert!(sent[..299].iter().all(|sent| *sent == 5) && sent[299] == 15, "{sent:?}");

    let mut schedule = Schedule::<MANY, 2, 5>::wide(limit());
    (0..MANY).for_each(|member| schedule.assign(member, 0).unwrap());
    [3, 70, 299].into_iter().for_each(|member| schedule.activate(member));
    assert_eq!([0; 3].map(|queue| schedule.next(queue, |_| Some(1514))), [Some(3), Some(70), Some(299)]);
    // It waits until its frame, the second, is out of its old queue.
    schedule.assign(70, 1).unwrap();
    schedule.sent(0, 1);
    assert!(schedule.is_leaving(70) && !schedule.is_leaving(299) && !schedule.is_leaving(6));
    assert_eq!(schedule.next(1, |_| Some(60)), None);
    schedule.sent(0, 1);
    assert_eq!((schedule.is_leaving(70), schedule.next(1, |_| Some(60))), (false, Some(70)));
}
