//! Frames of a flow or of a virtual machine keep their order, no matter which queue they are moved to.

use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;
use vmdq_core::FrameLimit;
use vmdq_core::fair::{FlowError, FlowQueues, Schedule};

const MEMBERS: usize = 9;
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
            schedule: Schedule::new(FrameLimit::new(1518, 1518).unwrap()),
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
