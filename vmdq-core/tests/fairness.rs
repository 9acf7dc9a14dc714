//! Fair transmission: the service bounds hold whatever other members do, and nothing is reordered.

use std::cell::Cell;
use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;
use vmdq_core::FrameLimit;
use vmdq_core::fair::{
    DeficitRoundRobin, FlowError, FlowQueues, MAX_WEIGHT, RoundRobin, Schedule, WideRoundRobin, wire_bytes,
};

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
        let mut wide = WideRoundRobin::new();
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
    let mut turn = WideRoundRobin::new();
    (0..=WideRoundRobin::MEMBERS).for_each(|member| turn.activate(member));
    for _ in 0..2 {
        assert!((0..WideRoundRobin::MEMBERS).all(|member| turn.pick() == Some(member)));
    }
    (0..WideRoundRobin::MEMBERS).for_each(|member| turn.deactivate(member));
    assert_eq!(turn.pick(), None);
}

/// Queues that exist; one more is asked for.
const QUEUES: usize = 4;

#[derive(Clone, Debug)]
enum FlowStep {
    Enqueue(u64, u8),
    Sent(u8, usize),
    Withdraw(u8, usize),
    Flush(u8),
    Retire(u8),
    Restore(u8),
}

fn flow_step() -> impl Strategy<Value = FlowStep> {
    let queue = || 0..=QUEUES as u8;
    prop_oneof![
        8 => (0..12_u64, queue()).prop_map(|(flow, queue)| FlowStep::Enqueue(flow, queue)),
        4 => (queue(), 0..4_usize).prop_map(|(queue, n)| FlowStep::Sent(queue, n)),
        1 => (queue(), 0..3_usize).prop_map(|(queue, n)| FlowStep::Withdraw(queue, n)),
        1 => queue().prop_map(FlowStep::Flush),
        1 => queue().prop_map(FlowStep::Retire),
        1 => queue().prop_map(FlowStep::Restore),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// A flow never has frames in two queues, whatever is drained, stopped or not put; and it may
    /// choose when nothing of any flow is under way.
    #[test]
    fn no_flow_is_in_two_queues(steps in vec(flow_step(), 1..200)) {
        let mut flows = FlowQueues::<8, QUEUES>::new();
        let mut rings: [VecDeque<u64>; QUEUES + 1] = Default::default();
        let mut retired = [false, false, false, false, true];
        for step in steps {
            match step {
                FlowStep::Enqueue(flow, preferred) => {
                    let entry = flow % 8;
                    let found = (0..QUEUES).find(|&queue| rings[queue].contains(&entry));
                    match flows.enqueue(flow, preferred) {
                        Ok(queue) => {
                            let queue = usize::from(queue);
                            prop_assert!(!retired[queue]);
                            prop_assert!(found.is_none_or(|found| found == queue));
                            rings[queue].push_back(entry);
                        }
                        Err(FlowError::Draining { queue }) => {
                            prop_assert!(retired[usize::from(queue)]);
                            prop_assert!(!rings[usize::from(queue)].is_empty());
                        }
                        Err(error) => {
                            prop_assert_eq!(error, FlowError::NotInUse { queue: preferred });
                            prop_assert!(retired[usize::from(preferred)] && found.is_none());
                        }
                    }
                }
                FlowStep::Sent(queue, n) => {
                    flows.sent(queue, n);
                    let ring = &mut rings[usize::from(queue)];
                    ring.drain(..n.min(ring.len()));
                }
                FlowStep::Withdraw(queue, n) => {
                    flows.withdraw(queue, n);
                    let ring = &mut rings[usize::from(queue)];
                    ring.truncate(ring.len().saturating_sub(n));
                }
                FlowStep::Flush(queue) => {
                    flows.flush(queue);
                    rings[usize::from(queue)].clear();
                }
                FlowStep::Retire(queue) => {
                    flows.retire(queue);
                    retired[usize::from(queue)] = true;
                }
                FlowStep::Restore(queue) => {
                    flows.restore(queue);
                    retired[usize::from(queue)] = usize::from(queue) == QUEUES;
                }
            }
            for (queue, ring) in rings.iter().enumerate() {
                prop_assert_eq!(flows.under_way(queue as u8), ring.len() as u64);
            }
        }
        for queue in 0..QUEUES as u8 {
            flows.flush(queue);
            flows.restore(queue);
        }
        for queue in 0..QUEUES as u8 {
            for flow in 0..8 {
                prop_assert_eq!(flows.enqueue(flow, queue), Ok(queue));
            }
            flows.sent(queue, 8);
        }
    }
}

#[derive(Clone, Debug)]
enum Move {
    /// A member has a frame more, or garbage of no length.
    Post(usize, usize),
    Fill(u8, usize),
    Sent(u8, usize),
    Assign(usize, u8),
    Flush(u8),
}

fn moves() -> impl Strategy<Value = Move> {
    let queue = || 0..QUEUES as u8;
    let len = prop_oneof![4 => 60..1514_usize, 1 => Just(0)];
    prop_oneof![
        4 => (0..MEMBERS, len).prop_map(|(member, len)| Move::Post(member, len)),
        4 => (queue(), 1..8_usize).prop_map(|(queue, n)| Move::Fill(queue, n)),
        4 => (queue(), 1..8_usize).prop_map(|(queue, n)| Move::Sent(queue, n)),
        2 => (0..MEMBERS, queue()).prop_map(|(member, queue)| Move::Assign(member, queue)),
        1 => queue().prop_map(Move::Flush),
    ]
}

/// A hypervisor with more virtual machines than queues.
struct Host {
    schedule: Schedule<MEMBERS, QUEUES>,
    waiting: [VecDeque<usize>; MEMBERS],
    /// Whose frames are in each ring.
    rings: [VecDeque<usize>; QUEUES],
}

impl Host {
    /// Puts a frame into a ring, or drops it if it is garbage; `false` if there is none for it.
    fn fill(&mut self, queue: u8) -> Result<bool, TestCaseError> {
        let Self { schedule, waiting, rings } = self;
        let Some(member) = schedule.next(queue, |member| waiting[member].front().copied()) else {
            return Ok(false);
        };
        prop_assert_eq!(schedule.queue_of(member), Some(queue));
        prop_assert!(!schedule.is_leaving(member));
        match waiting[member].pop_front() {
            None => prop_assert!(false, "member {member} has nothing"),
            Some(0) => schedule.withdraw(queue, 1),
            Some(_) => {
                for (other, ring) in rings.iter().enumerate() {
                    let overtakes = other != usize::from(queue) && ring.contains(&member);
                    prop_assert!(!overtakes, "member {member} is still in {other}");
                }
                rings[usize::from(queue)].push_back(member);
            }
        }
        Ok(true)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Members are moved about while they send: no frame overtakes another of its member, none is
    /// forgotten.
    #[test]
    fn moves_lose_and_reorder_nothing(steps in vec(moves(), 1..300)) {
        let mut host = Host {
            schedule: Schedule::new(limit()),
            waiting: Default::default(),
            rings: Default::default(),
        };
        for step in steps {
            match step {
                Move::Post(member, len) => {
                    host.waiting[member].push_back(len);
                    host.schedule.activate(member);
                }
                Move::Fill(queue, frames) => {
                    for _ in 0..frames {
                        host.fill(queue)?;
                    }
                }
                Move::Sent(queue, frames) => {
                    let ring = &mut host.rings[usize::from(queue)];
                    let frames = frames.min(ring.len());
                    ring.drain(..frames);
                    host.schedule.sent(queue, frames);
                }
                Move::Assign(member, queue) => host.schedule.assign(member, queue).unwrap(),
                Move::Flush(queue) => {
                    host.rings[usize::from(queue)].clear();
                    host.schedule.flush(queue);
                }
            }
            for (queue, ring) in host.rings.iter().enumerate() {
                prop_assert_eq!(host.schedule.under_way(queue as u8), ring.len() as u64);
            }
        }
        for queue in 0..QUEUES as u8 {
            host.rings[usize::from(queue)].clear();
            host.schedule.flush(queue);
        }
        for queue in 0..QUEUES as u8 {
            while host.fill(queue)? {}
        }
        for (member, waiting) in host.waiting.iter().enumerate() {
            prop_assert!(waiting.is_empty() || host.schedule.queue_of(member).is_none());
        }
    }
}
