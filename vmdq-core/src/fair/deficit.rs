//! Deficit round robin: turns of bytes (Shreedhar and Varghese, SIGCOMM 1995).
#![forbid(unsafe_code)]

use super::share::{QuantumError, Shares, Turns, WeightError};
use crate::limit::FrameLimit;

/// Deficit round robin over active members: each gets wire time by its weight.
///
/// There are at most 64 members for each of `WORDS`, and at most 64 words.
///
/// A member may send a quantum of bytes times its weight in its turn. What it could not use because its next
/// frame was too long, it keeps for its next turn. Bytes are those of the wire
/// ([`wire_bytes`](super::wire_bytes)). The quantum is at least a longest frame, so every turn sends
/// something and a pick takes constant time; a smaller one lets members wait less for each other.
///
/// # The bound
///
/// Let *Q* be the quantum, *M* the wire bytes of a longest frame, and *w* a member's weight. While a
/// member stays active, over any span of time:
///
/// - **Share.** No other member, no matter what it does, gets *Q + M/w + M/w′* bytes ahead of it, both
///   counted in bytes divided by weight. What a member has sent is what its turns allowed, plus what it
///   had left before, less what it has left now. It has less than *M* left between turns, and less than
///   *wQ + M* in one. Between two turns of any member lies one of each that stays active, so the other
///   has begun at most one turn more; and it is only ahead by a turn, *Q* after division, if the span
///   did not begin inside its turn nor end inside that of the member that lags.
/// - **Wait.** Between two of its turns each other member sends less than *w′Q + M*.
///
/// # What a member can do to others
///
/// Nothing beyond that. Lengths are the caller's word, but may come from a virtual machine: one below
/// 60 is charged as 60, one beyond the frame limit as the limit at least. So the member is picked, charged, and
/// the caller finds and drops what can't be sent. A member that empties its queue, or is deactivated, loses
/// what it had left and waits for its turn when it comes back.
///
/// # Examples
///
/// Two virtual machines; the second has paid for twice the share.
///
/// ```
/// use std::collections::VecDeque;
/// use vmdq_core::FrameLimit;
/// use vmdq_core::fair::DeficitRoundRobin;
///
/// let limit = FrameLimit::new(1518, 1518).ok_or("limit")?;
/// let mut turn = DeficitRoundRobin::<8>::new(limit);
/// turn.set_weight(1, 2)?;
///
/// let mut waiting = [VecDeque::from(vec![1514; 9]), VecDeque::from(vec![1514; 9])];
/// turn.activate(0);
/// turn.activate(1);
///
/// let mut sent = [0, 0];
/// for _ in 0..9 {
///     // There is room for a frame: whose?
///     let Some(member) = turn.next(|member| waiting[member].front().copied()) else { break };
///     waiting[member].pop_front(); // into the ring
///     sent[member] += 1;
/// }
/// assert_eq!(sent, [3, 6]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A word has 64 members; 65 of them don't compile but with two words:
///
/// ```
/// # let limit = vmdq_core::FrameLimit::new(1518, 1518).unwrap();
/// let turn = vmdq_core::fair::DeficitRoundRobin::<65, 2>::wide(limit);
/// ```
///
/// ```compile_fail,E0080
/// # let limit = vmdq_core::FrameLimit::new(1518, 1518).unwrap();
/// let turn = vmdq_core::fair::DeficitRoundRobin::<65>::new(limit);
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DeficitRoundRobin<const N: usize, const WORDS: usize = 1> {
    turns: Turns<WORDS>,
    shares: Shares<N>,
}

impl<const N: usize> DeficitRoundRobin<N> {
    /// Makes a round robin of at most 64 members, none of them active.
    ///
    /// All weights are 1, and the quantum is one longest frame of a port.
    #[must_use]
    pub const fn new(limit: FrameLimit) -> Self {
        Self::wide(limit)
    }
}

impl<const N: usize, const WORDS: usize> DeficitRoundRobin<N, WORDS> {
    /// Makes a round robin of any number of members, as [`new`](DeficitRoundRobin::new) does.
    #[must_use]
    pub const fn wide(limit: FrameLimit) -> Self {
        Self { turns: Turns::NEW, shares: Shares::new::<WORDS>(limit) }
    }

    /// Sets the bytes on the wire that a member of weight 1 may send, from its next turn.
    ///
    /// # Errors
    ///
    /// The quantum is below a longest frame or above [`MAX_QUANTUM`](super::MAX_QUANTUM).
    pub fn set_quantum(&mut self, bytes: u32) -> Result<(), QuantumError> {
        self.shares.set_quantum(bytes)
    }

    /// Returns how many bytes of the wire a member of weight 1 may send in its turn.
    #[must_use]
    pub const fn quantum(&self) -> u32 {
        self.shares.quantum()
    }

    /// Sets a member's weight, from its next turn on.
    ///
    /// # Errors
    ///
    /// There is no such member, or the weight is 0 or above [`MAX_WEIGHT`](super::MAX_WEIGHT).
    pub fn set_weight(&mut self, member: usize, weight: u16) -> Result<(), WeightError> {
        self.shares.set_weight(member, weight)
    }

    /// Returns a member's weight, or `None` if there is no such member.
    #[must_use]
    pub fn weight(&self, member: usize) -> Option<u16> {
        self.shares.weight(member)
    }

    /// Marks a member as having frames to send; numbers from `N` on are ignored.
    ///
    /// Call it whenever a frame is added; nothing changes for a member that is active.
    #[inline]
    pub const fn activate(&mut self, member: usize) {
        if member < N {
            self.turns.activate(member);
        }
    }

    /// Deactivates a member: it sends nothing until it is activated again, even if it has frames waiting.
    ///
    /// A member that runs out of frames need not be deactivated: [`next`](Self::next) does.
    #[inline]
    pub fn deactivate(&mut self, member: usize) {
        self.turns.deactivate(&mut self.shares, member);
    }

    /// Tells whether a member is active.
    #[inline]
    #[must_use]
    pub const fn is_active(&self, member: usize) -> bool {
        self.turns.is_active(member)
    }

    /// Picks the member whose head frame is sent next, and charges it for that frame.
    ///
    /// `head` returns the length in memory of the first frame that a member has waiting, or `None`
    /// if it has none, which deactivates it. Returns `None` when nobody has one. Call it when there
    /// is room for a frame, and take the head frame of the member that it returns: send it, or drop
    /// it if it can't be sent.
    ///
    /// Calls `head` once or twice for each pick, and once more for each member that it deactivates.
    #[inline]
    pub fn next(&mut self, head: impl FnMut(usize) -> Option<usize>) -> Option<usize> {
        self.turns.next(&mut self.shares, head)
    }
}

#[cfg(test)]
mod tests {
    use super::DeficitRoundRobin;
    use crate::fair::{MAX_QUANTUM, MAX_WEIGHT, QuantumError, WeightError};
    use crate::limit::FrameLimit;

    fn turn() -> DeficitRoundRobin<4> {
        DeficitRoundRobin::new(FrameLimit::new(1518, 1518).unwrap())
    }

    #[test]
    fn nobody_active_nobody_picked_or_asked() {
        let mut turn = turn();
        turn.activate(4);
        assert_eq!(turn.next(|_| panic!("asked")), None);
        turn.activate(1);
        turn.deactivate(1);
        assert_eq!(turn.next(|_| panic!("asked")), None);
    }

    #[test]
    fn who_runs_out_is_not_asked_again() {
        let mut turn = turn();
        (0..4).for_each(|member| turn.activate(member));
        assert_eq!(turn.next(|member| (member == 2).then_some(60)), Some(2));
        assert_eq!([0, 1, 2, 3].map(|member| turn.is_active(member)), [false, false, true, true]);
    }

    #[test]
    fn largest_shares_do_not_overflow() {
        let mut turn = DeficitRoundRobin::<2>::new(FrameLimit::new(u16::MAX, u16::MAX).unwrap());
        turn.set_quantum(MAX_QUANTUM).unwrap();
        turn.set_weight(0, MAX_WEIGHT).unwrap();
        turn.activate(0);
        // Turn after turn, with more left over each time than a short frame costs.
        for i in 0..200_000 {
            assert_eq!(turn.next(|_| Some(if i % 3 == 0 { 61 } else { usize::MAX })), Some(0));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut turn = turn();
        let least = turn.quantum();
        assert_eq!(turn.set_quantum(0), Err(QuantumError::BelowLongestFrame { least }));
        assert_eq!(turn.set_quantum(least - 1), Err(QuantumError::BelowLongestFrame { least }));
        assert_eq!(turn.set_quantum(MAX_QUANTUM + 1), Err(QuantumError::TooLarge));
        assert_eq!(turn.quantum(), least);
        assert_eq!(turn.set_weight(4, 1), Err(WeightError::NoSuchMember));
        assert_eq!(turn.set_weight(3, 0), Err(WeightError::Zero));
        assert_eq!(turn.set_weight(3, MAX_WEIGHT + 1), Err(WeightError::TooLarge));
        assert_eq!(turn.weight(3), Some(1));
    }
}
