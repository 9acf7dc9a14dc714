//! More virtual machines than hardware queues.
#![forbid(unsafe_code)]

use core::fmt;

use super::members::Members;
use super::passage::Passage;
use super::share::{QuantumError, Shares, Turns, WeightError};
use crate::limit::FrameLimit;

/// Shares `QUEUES` hardware queues among `N` members (virtual machines).
///
/// There are at most 64 members for each of `WORDS`, and at most 64 words.
///
/// Each member sends through the queue that it is assigned to. Those of one queue take turns of bytes
/// by weight ([`DeficitRoundRobin`](super::DeficitRoundRobin), with its bounds); the queues take turns
/// of frames, in hardware. So the members of a queue divide its share: for equal shares, give each queue the
/// same number of members. Keep rings short, because a ring sends frames in the order in which they were put
/// there.
///
/// A member can be assigned to another queue at any time. Its frames are not reordered: while some of
/// them are in the old queue it waits, and it continues in the new one when they are sent.
///
/// # Examples
///
/// ```
/// use std::collections::VecDeque;
/// use vmdq_core::FrameLimit;
/// use vmdq_core::fair::Schedule;
///
/// // Three virtual machines on two queues.
/// let limit = FrameLimit::new(1518, 1518).ok_or("limit")?;
/// let mut schedule = Schedule::<3, 2>::new(limit);
/// for (member, queue) in [(0, 0), (1, 0), (2, 1)] {
///     schedule.assign(member, queue)?;
/// }
///
/// // Lengths of frames that each of them has waiting.
/// let mut waiting = [VecDeque::from([1514, 1514]), VecDeque::from([60]), VecDeque::from([300])];
/// (0..3).for_each(|member| schedule.activate(member));
///
/// // Queue 0 has room for two frames.
/// for expected in [0, 1] {
///     let member = schedule.next(0, |member| waiting[member].front().copied());
///     assert_eq!(member, Some(expected));
///     waiting[expected].pop_front(); // into the ring of queue 0
/// }
///
/// // Machine 0 moves. Its first frame is still in queue 0, so its second waits.
/// schedule.assign(0, 1)?;
/// assert_eq!(schedule.next(1, |member| waiting[member].front().copied()), Some(2));
/// waiting[2].pop_front();
/// assert_eq!(schedule.next(1, |member| waiting[member].front().copied()), None);
/// schedule.sent(0, 2); // what `TxRing::reclaim` returned for queue 0
/// assert_eq!(schedule.next(1, |member| waiting[member].front().copied()), Some(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Schedule<const N: usize, const QUEUES: usize, const WORDS: usize = 1> {
    shares: Shares<N>,
    places: [Place; N],
    queues: [Queue<WORDS>; QUEUES],
    /// Members that leave a queue when their frames are out of it.
    leaving: Members<WORDS>,
}

/// Where a member sends.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Place {
    /// The queue that its last frame was put into, with that frame's number.
    queue: u8,
    last: u64,
    /// The queue that it is assigned to: another one while it is leaving, none at first.
    assigned: Option<u8>,
    /// Whether it became active while it could not take turns.
    waiting: bool,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Queue<const WORDS: usize> {
    turns: Turns<WORDS>,
    passage: Passage,
}

impl<const N: usize, const QUEUES: usize> Schedule<N, QUEUES> {
    /// Makes a schedule of at most 64 members that are assigned to no queue.
    ///
    /// All weights are 1, and the quantum is one longest frame of a port.
    #[must_use]
    pub const fn new(limit: FrameLimit) -> Self {
        Self::wide(limit)
    }
}

impl<const N: usize, const QUEUES: usize, const WORDS: usize> Schedule<N, QUEUES, WORDS> {
    const QUEUES_CHECKED: () = assert!(QUEUES >= 1 && QUEUES <= 256, "there are 1 to 256 queues");

    /// Makes a schedule of any number of members, as [`new`](Schedule::new) does.
    #[must_use]
    pub const fn wide(limit: FrameLimit) -> Self {
        const { Self::QUEUES_CHECKED };
        Self {
            shares: Shares::new::<WORDS>(limit),
            places: [Place { queue: 0, last: 0, assigned: None, waiting: false }; N],
            queues: [Queue { turns: Turns::NEW, passage: Passage::NEW }; QUEUES],
            leaving: Members::EMPTY,
        }
    }

    /// Sets the bytes on the wire that a member of weight 1 may send, from its next turn.
    ///
    /// # Errors
    ///
    /// The quantum is below a longest frame or above [`MAX_QUANTUM`](super::MAX_QUANTUM).
    pub fn set_quantum(&mut self, bytes: u32) -> Result<(), QuantumError> {
        self.shares.set_quantum(bytes)
    }

    /// Sets a member's weight among those of its queue, from its next turn on.
    ///
    /// # Errors
    ///
    /// There is no such member, or the weight is 0 or above [`MAX_WEIGHT`](super::MAX_WEIGHT).
    pub fn set_weight(&mut self, member: usize, weight: u16) -> Result<(), WeightError> {
        self.shares.set_weight(member, weight)
    }

    /// Assigns a member to a queue, at once or when its frames have left the queue that it is in.
    ///
    /// The last call counts.
    ///
    /// # Errors
    ///
    /// There is no such member or no such queue.
    pub fn assign(&mut self, member: usize, queue: u8) -> Result<(), AssignError> {
        if usize::from(queue) >= QUEUES {
            return Err(AssignError::NoSuchQueue);
        }
        let place = self.places.get_mut(member).ok_or(AssignError::NoSuchMember)?;
        if let Some(old) = place.assigned
            && let Some(old) = self.queues.get_mut(usize::from(old))
        {
            place.waiting |= old.turns.is_active(member);
            old.turns.deactivate(&mut self.shares, member);
        }
        place.assigned = Some(queue);
        self.leaving.insert(member);
        self.settle();
        Ok(())
    }

    /// Lets members go on whose frames are out of the queue that they leave.
    fn settle(&mut self) {
        for member in self.leaving.iter() {
            let Some(place) = self.places.get_mut(member) else { return };
            let here = place.assigned == Some(place.queue);
            let passed =
                self.queues.get(usize::from(place.queue)).is_none_or(|old| old.passage.passed(place.last));
            if here || passed {
                self.leaving.remove(member);
                if core::mem::take(&mut place.waiting) {
                    self.activate(member);
                }
            }
        }
    }

    /// Marks a member as having frames to send; numbers from `N` on are ignored.
    ///
    /// Call it whenever a frame is added; nothing changes for a member that is active. A member
    /// without a queue waits until it is assigned to one.
    #[inline]
    pub fn activate(&mut self, member: usize) {
        let Some(place) = self.places.get_mut(member) else { return };
        match place.assigned.and_then(|queue| self.queues.get_mut(usize::from(queue))) {
            Some(queue) if !self.leaving.contains(member) => queue.turns.activate(member),
            _ => place.waiting = true,
        }
    }

    /// Deactivates a member: it sends nothing until it is activated again, even if it has frames waiting.
    pub fn deactivate(&mut self, member: usize) {
        let Some(place) = self.places.get_mut(member) else { return };
        place.waiting = false;
        if let Some(queue) = place.assigned.and_then(|queue| self.queues.get_mut(usize::from(queue))) {
            queue.turns.deactivate(&mut self.shares, member);
        }
    }

    /// Picks the member whose head frame is put into a queue next.
    ///
    /// Charges the member for that frame and counts the frame in.
    ///
    /// `head` returns the length in memory of the first frame that a member has waiting, or `None`
    /// if it has none, which deactivates it. Returns `None` when none of the queue's members has
    /// one. Call it when the queue's ring has room, and put the member's head frame there; if it
    /// can't be sent, drop it and [`withdraw`](Self::withdraw) it.
    #[inline]
    pub fn next(&mut self, queue: u8, head: impl FnMut(usize) -> Option<usize>) -> Option<usize> {
        let to = self.queues.get_mut(usize::from(queue))?;
        let member = to.turns.next(&mut self.shares, head)?;
        let place = self.places.get_mut(member)?;
        place.queue = queue;
        place.last = to.passage.enter();
        Some(member)
    }

    /// Counts frames of a queue out that were sent, in the order in which they were put in.
    #[inline]
    pub fn sent(&mut self, queue: u8, frames: usize) {
        self.change(queue, |passage| passage.leave(frames));
    }

    /// Takes back the frames that were counted in last, because they did not get into the queue.
    ///
    /// Without this call, moves are delayed.
    pub fn withdraw(&mut self, queue: u8, frames: usize) {
        self.change(queue, |passage| passage.withdraw(frames));
    }

    /// Counts all frames of a queue out, because it was stopped and will send none of them.
    pub fn flush(&mut self, queue: u8) {
        self.change(queue, |passage| passage.flush());
    }

    #[inline(always)]
    fn change(&mut self, queue: u8, change: impl FnOnce(&mut Passage)) {
        if let Some(queue) = self.queues.get_mut(usize::from(queue)) {
            change(&mut queue.passage);
            if !self.leaving.is_empty() {
                self.settle();
            }
        }
    }

    /// Returns how many frames are counted into a queue and not out. None are in a queue that does
    /// not exist.
    #[must_use]
    pub fn under_way(&self, queue: u8) -> u64 {
        self.queues.get(usize::from(queue)).map_or(0, |queue| queue.passage.under_way())
    }

    /// Returns the queue that a member is assigned to.
    #[must_use]
    pub fn queue_of(&self, member: usize) -> Option<u8> {
        self.places.get(member)?.assigned
    }

    /// Tells whether a member waits for its frames to get out of the queue that it leaves.
    #[must_use]
    pub const fn is_leaving(&self, member: usize) -> bool {
        member < N && self.leaving.contains(member)
    }
}

/// Why a member is not assigned.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AssignError {
    /// There is no such member.
    NoSuchMember,
    /// There is no such queue.
    NoSuchQueue,
}

impl fmt::Display for AssignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchMember => "no such member: make a schedule for more",
            Self::NoSuchQueue => "no such queue: make a schedule for more",
        })
    }
}
impl core::error::Error for AssignError {}
