//! Fair transmission (paper sections 2.2 and 3.6).
//!
//! The controller sends one frame from each of its queues in turn. Where there are more virtual
//! machines than queues, [`RoundRobin`] does the same in software, and [`FlowQueues`] chooses queues
//! such that no flow is reordered.
#![forbid(unsafe_code)]

/// Picks active members in turn, in constant time. At most 64 members.
///
/// # Examples
///
/// ```
/// use vmdq_core::fair::RoundRobin;
///
/// let mut turn = RoundRobin::new();
/// turn.activate(3);
/// turn.activate(7);
/// assert_eq!([turn.pick(), turn.pick(), turn.pick()], [Some(3), Some(7), Some(3)]);
/// turn.deactivate(7);
/// assert_eq!(turn.pick(), Some(3));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RoundRobin {
    active: u64,
    /// Members after the one that was picked last: theirs is the next turn.
    ahead: u64,
}

impl RoundRobin {
    /// How many members there can be.
    pub const MEMBERS: usize = 64;

    /// Makes a turn without active members.
    #[must_use]
    pub const fn new() -> Self {
        Self { active: 0, ahead: 0 }
    }

    /// Says that a member has something to send. Members from 64 on are ignored.
    #[inline]
    pub const fn activate(&mut self, member: usize) {
        if member < Self::MEMBERS {
            self.active |= 1 << member;
        }
    }

    /// Says that a member has nothing to send.
    #[inline]
    pub const fn deactivate(&mut self, member: usize) {
        if member < Self::MEMBERS {
            self.active &= !(1 << member);
        }
    }

    /// Picks the active member whose turn it is: the first one after the last that was picked.
    #[inline]
    pub const fn pick(&mut self) -> Option<usize> {
        let ahead = self.active & self.ahead;
        let from = if ahead != 0 { ahead } else { self.active };
        if from == 0 {
            return None;
        }
        let member = from.trailing_zeros();
        // Two shifts: one by 64 is not defined.
        self.ahead = (u64::MAX << member) << 1;
        Some(member as usize)
    }
}

/// Chooses a queue for each flow, and keeps to it while the flow has frames under way.
///
/// A flow (whatever the caller hashes: a virtual machine, an address pair, a connection) may change
/// its queue only when nothing of it is in the old one, else the new queue could overtake. `FLOWS`
/// counters are kept; flows that share one also share their queue.
///
/// # Examples
///
/// ```
/// use vmdq_core::fair::FlowQueues;
///
/// let mut flows = FlowQueues::<256>::new();
/// let queue = flows.enqueue(0xfeed, 2);
/// assert_eq!(queue, 2);
/// assert_eq!(flows.enqueue(0xfeed, 5), 2); // frames are still in queue 2
/// flows.sent(0xfeed);
/// flows.sent(0xfeed);
/// assert_eq!(flows.enqueue(0xfeed, 5), 5); // now it may move
/// ```
#[derive(Clone, Debug)]
pub struct FlowQueues<const FLOWS: usize> {
    flows: [Flow; FLOWS],
}

#[derive(Clone, Copy, Debug)]
struct Flow {
    queue: u8,
    under_way: u32,
}

impl<const FLOWS: usize> FlowQueues<FLOWS> {
    const CHECKED: () = assert!(FLOWS.is_power_of_two(), "the number of flow counters is a power of two");

    /// Makes counters for flows of which nothing is under way.
    #[must_use]
    pub const fn new() -> Self {
        const { Self::CHECKED };
        Self { flows: [Flow { queue: 0, under_way: 0 }; FLOWS] }
    }

    /// Counts a frame of a flow in, and returns the queue that it must take: `preferred` if the flow
    /// is free to choose.
    #[inline]
    pub const fn enqueue(&mut self, flow: u64, preferred: u8) -> u8 {
        let flow = &mut self.flows[flow as usize & (FLOWS - 1)];
        if flow.under_way == 0 {
            flow.queue = preferred;
        }
        flow.under_way = flow.under_way.saturating_add(1);
        flow.queue
    }

    /// Counts a frame of a flow out: it was sent, or dropped.
    #[inline]
    pub const fn sent(&mut self, flow: u64) {
        let flow = &mut self.flows[flow as usize & (FLOWS - 1)];
        flow.under_way = flow.under_way.saturating_sub(1);
    }
}

impl<const FLOWS: usize> Default for FlowQueues<FLOWS> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::RoundRobin;

    #[test]
    fn every_active_member_gets_each_round() {
        let mut turn = RoundRobin::new();
        for member in [0, 5, 31, 63] {
            turn.activate(member);
        }
        for _ in 0..3 {
            for member in [0, 5, 31, 63] {
                assert_eq!(turn.pick(), Some(member));
            }
        }
    }

    #[test]
    fn a_newcomer_waits_for_its_turn() {
        let mut turn = RoundRobin::new();
        turn.activate(4);
        assert_eq!(turn.pick(), Some(4));
        turn.activate(2);
        turn.activate(9);
        assert_eq!([turn.pick(), turn.pick(), turn.pick()], [Some(9), Some(2), Some(4)]);
    }

    #[test]
    fn nobody_active_nobody_picked() {
        let mut turn = RoundRobin::new();
        assert_eq!(turn.pick(), None);
        turn.activate(64);
        assert_eq!(turn.pick(), None);
        turn.activate(1);
        turn.deactivate(1);
        assert_eq!(turn.pick(), None);
    }
}
