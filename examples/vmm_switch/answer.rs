//! Checks of the answers on the wire: none missing, in order within each queue, in turns among queues.
//!
//! An answer comes from a virtual machine and has its address as source, which tells the queue even
//! where the test bed does not know it. Controllers promise an order within a queue and a turn of
//! one frame for each queue; so there is a list of what each queue was given, in order, and the
//! wire's record is held against these lists. A frame that the test bed may swallow may be missing.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};

use vmdq::MacAddress;
use vmdq_sim::WireFrame;

/// What a queue was given and has not sent yet.
struct Expected {
    address: MacAddress,
    queue: usize,
    frames: VecDeque<ExpectedFrame>,
}

/// An answer that is expected.
#[derive(Clone, Copy)]
struct ExpectedFrame {
    digest: u64,
    /// The test bed may swallow it.
    may_miss: bool,
}

/// Checks what is sent against what was handed over.
pub(crate) struct Answers {
    expected: Vec<Expected>,
    sent: Vec<u64>,
    frames: u64,
    bytes: u64,
    /// Frames that were not expected, or not with these bytes.
    foreign: u64,
    /// Frames that were handed over and not sent.
    missing: u64,
    /// Frames that the test bed swallowed.
    swallowed: u64,
    order_kept: bool,
    turns_kept: bool,
    /// Frames sent by each queue in whole turns, by the set of queues that had frames then.
    backlogged: HashMap<u64, Vec<u64>>,
}

/// What is reported of it all.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) sent: Vec<u64>,
    pub(crate) order_kept: bool,
    pub(crate) turns_kept: bool,
    /// Jain's index over the frames that each answering queue sent while all of them had frames;
    /// `None` with fewer than two.
    pub(crate) jain: Option<f64>,
    pub(crate) foreign: u64,
    pub(crate) missing: u64,
    pub(crate) swallowed: u64,
}

impl Answers {
    /// Begins, for queues (at most 64) with these addresses.
    pub(crate) fn new(guests: impl Iterator<Item = (MacAddress, usize)>) -> Self {
        let expected: Vec<_> =
            guests.map(|(address, queue)| Expected { address, queue, frames: VecDeque::new() }).collect();
        Self {
            sent: vec![0; expected.len()],
            expected,
            frames: 0,
            bytes: 0,
            foreign: 0,
            missing: 0,
            swallowed: 0,
            order_kept: true,
            turns_kept: true,
            backlogged: HashMap::new(),
        }
    }

    /// Notes a frame that is handed over to the queue of a virtual machine.
    pub(crate) fn expect(&mut self, guest: usize, frame: &[u8], may_miss: bool) {
        self.expected[guest].frames.push_back(ExpectedFrame { digest: digest(frame), may_miss });
    }

    /// Takes the wire's record once all queues are empty.
    pub(crate) fn check(&mut self, record: &[WireFrame]) {
        let mut turns = Turns::new(self.expected.iter().map(|queue| queue.frames.len()).collect());
        for sent in record {
            self.frames += 1;
            self.bytes += sent.bytes.len() as u64;
            let Some(guest) = self.guest_of(sent) else {
                self.foreign += 1;
                continue;
            };
            self.sent[guest] += 1;
            turns.sent(guest);
            let frames = &mut self.expected[guest].frames;
            let digest = digest(&sent.bytes);
            match frames.iter().position(|frame| frame.digest == digest) {
                // What comes before it and may be missing is.
                Some(at) if frames.range(..at).all(|frame| frame.may_miss) => {
                    drop(frames.drain(..=at));
                    self.swallowed += at as u64;
                }
                Some(at) => {
                    self.order_kept = false;
                    frames.remove(at);
                }
                None => self.foreign += 1,
            }
        }
        for frame in self.expected.iter_mut().flat_map(|queue| queue.frames.drain(..)) {
            *(if frame.may_miss { &mut self.swallowed } else { &mut self.missing }) += 1;
        }
        self.turns_kept &= turns.kept;
        let sums = self.backlogged.entry(turns.members).or_insert_with(|| vec![0; self.sent.len()]);
        sums.iter_mut().zip(&turns.counted).for_each(|(sum, count)| *sum += count);
    }

    /// Finds who sent a frame; the test bed must not say otherwise.
    fn guest_of(&self, sent: &WireFrame) -> Option<usize> {
        let source = sent.bytes.get(6..12)?;
        let guest = self.expected.iter().position(|queue| queue.address.0 == source)?;
        let queue = self.expected[guest].queue;
        sent.queue.is_none_or(|known| known == queue).then_some(guest)
    }

    pub(crate) fn verdict(self) -> Verdict {
        let answering = self.sent.iter().enumerate().filter(|(_, sent)| **sent > 0);
        let all = answering.fold(0, |set, (guest, _)| set | 1 << guest);
        let counted = self.backlogged.get(&all).filter(|_| all.count_ones() >= 2);
        let jain = counted.and_then(|sums| {
            jain(sums.iter().enumerate().filter(|(guest, _)| all >> guest & 1 == 1).map(|(_, &sum)| sum))
        });
        Verdict {
            frames: self.frames,
            bytes: self.bytes,
            sent: self.sent,
            order_kept: self.order_kept,
            turns_kept: self.turns_kept,
            jain,
            foreign: self.foreign,
            missing: self.missing,
            swallowed: self.swallowed,
        }
    }
}

/// Follows the turns among queues from when they were filled until they are empty.
struct Turns {
    /// Frames that each queue still has.
    left: Vec<usize>,
    /// The queues that had frames when this turn began, as a set, and those that had theirs.
    turn: u64,
    served: u64,
    kept: bool,
    /// The queues that had frames at the very beginning, as a set.
    members: u64,
    /// Frames since the beginning of this measure of as many frames as there are members.
    measure: u32,
    /// Whether each member had frames when this measure began.
    all_backlogged: bool,
    /// Frames sent by each queue in measures that began with frames in each.
    counted: Vec<u64>,
}

impl Turns {
    fn new(left: Vec<usize>) -> Self {
        let counted = vec![0; left.len()];
        let members = backlogged(&left);
        Self { left, turn: 0, served: 0, kept: true, members, measure: 0, all_backlogged: false, counted }
    }

    fn sent(&mut self, guest: usize) {
        let bit = 1 << guest;
        if self.served == self.turn {
            self.turn = backlogged(&self.left);
            self.served = 0;
        }
        // In a turn each queue that has frames sends one of them, in any order.
        if self.turn & bit == 0 || self.served & bit != 0 {
            self.kept = false;
        }
        self.served |= bit & self.turn;

        // Fairness is judged without supposing that there are turns: over as many frames as there
        // are queues at a time, so that a remainder of one frame does not count as unfair.
        if self.measure == 0 {
            self.all_backlogged = backlogged(&self.left) == self.members;
        }
        self.measure = (self.measure + 1) % self.members.count_ones().max(1);
        if self.all_backlogged {
            self.counted[guest] += 1;
        }
        self.left[guest] = self.left[guest].saturating_sub(1);
    }
}

/// Returns the queues that have frames, as a set.
fn backlogged(left: &[usize]) -> u64 {
    left.iter().enumerate().filter(|(_, left)| **left > 0).fold(0, |set, (guest, _)| set | 1 << guest)
}

/// Jain's fairness index: 1 when all have the same, 1/n when one has all.
fn jain(shares: impl Iterator<Item = u64>) -> Option<f64> {
    let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for share in shares {
        let share = share as f64;
        n += 1.0;
        sum += share;
        squares += share * share;
    }
    (squares > 0.0).then(|| sum * sum / (n * squares))
}

fn digest(frame: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(frame);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VMS: [MacAddress; 3] =
        [MacAddress([2, 0, 0, 0, 0, 1]), MacAddress([2, 0, 0, 0, 0, 2]), MacAddress([2, 0, 0, 0, 0, 3])];

    fn frame(guest: usize, number: u8) -> Vec<u8> {
        // The destination is the first virtual machine: it must not be taken for the sender.
        [&VMS[0].0[..], &VMS[guest].0, &[number; 48]].concat()
    }

    /// Hands over `counts` frames for each, lets the wire see `order`.
    fn judge(counts: [u8; 3], order: &[(usize, u8)]) -> Verdict {
        let mut answers = Answers::new(VMS.iter().copied().zip(1..));
        for (guest, count) in counts.into_iter().enumerate() {
            (0..count).for_each(|number| answers.expect(guest, &frame(guest, number), false));
        }
        let sent = |&(guest, number): &(usize, u8)| WireFrame {
            bytes: frame(guest, number),
            queue: Some(guest + 1),
        };
        answers.check(&order.iter().map(sent).collect::<Vec<_>>());
        answers.verdict()
    }

    #[test]
    fn turns_from_any_queue_on_until_each_is_empty() {
        let verdict = judge([3, 1, 2], &[(1, 0), (2, 0), (0, 0), (2, 1), (0, 1), (0, 2)]);
        assert_eq!((verdict.order_kept, verdict.turns_kept), (true, true));
        assert_eq!((verdict.frames, verdict.bytes, verdict.sent), (6, 360, vec![3, 1, 2]));
        assert_eq!(verdict.jain, Some(1.0));
        assert_eq!((verdict.foreign, verdict.missing), (0, 0));
    }

    #[test]
    fn one_queue_at_a_time_is_no_turn_and_not_fair() {
        let verdict = judge([3, 3, 0], &[(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
        assert_eq!((verdict.order_kept, verdict.turns_kept), (true, false));
        // One sent three frames and the other one before the first was seen empty.
        assert_eq!(verdict.jain, Some(16.0 / 20.0));
    }

    #[test]
    fn order_loss_and_strangers_are_seen() {
        assert!(!judge([2, 0, 0], &[(0, 1), (0, 0)]).order_kept);
        let verdict = judge([2, 1, 0], &[(0, 0), (1, 0)]);
        assert_eq!((verdict.missing, verdict.foreign), (1, 0));
        assert_eq!(judge([1, 0, 0], &[(0, 0), (2, 9)]).foreign, 1);

        let mut answers = Answers::new(VMS.iter().copied().zip(1..));
        answers.expect(0, &frame(0, 0), false);
        answers.check(&[WireFrame { bytes: frame(0, 0), queue: Some(2) }]);
        assert_eq!(answers.verdict().foreign, 1, "sent by another queue");
    }

    #[test]
    fn what_may_be_missing_may_also_come() {
        let judge = |order: &[u8]| {
            let mut answers = Answers::new(VMS.iter().copied().zip(1..));
            (0..5).for_each(|number| answers.expect(0, &frame(0, number), matches!(number, 1 | 4)));
            let sent = |&number: &u8| WireFrame { bytes: frame(0, number), queue: None };
            answers.check(&order.iter().map(sent).collect::<Vec<_>>());
            let Verdict { order_kept, swallowed, missing, foreign, .. } = answers.verdict();
            (order_kept, swallowed, missing, foreign)
        };
        assert_eq!(judge(&[0, 1, 2, 3, 4]), (true, 0, 0, 0));
        assert_eq!(judge(&[0, 2, 3]), (true, 2, 0, 0));
        assert_eq!(judge(&[0, 1, 3, 4]), (false, 0, 1, 0));
    }

    #[test]
    fn fairness_needs_two_that_answer_at_one_time() {
        assert_eq!(judge([2, 0, 0], &[(0, 0), (0, 1)]).jain, None);
        let mut answers = Answers::new(VMS.iter().copied().zip(1..));
        for guest in 0..2 {
            answers.expect(guest, &frame(guest, 0), false);
            answers.check(&[WireFrame { bytes: frame(guest, 0), queue: None }]);
        }
        assert_eq!(answers.verdict().jain, None);
    }

    #[test]
    fn jain_is_one_over_n_when_one_has_all() {
        assert_eq!(jain([5, 0, 0, 0].into_iter()), Some(0.25));
        assert_eq!(jain([7, 7].into_iter()), Some(1.0));
        assert_eq!(jain([0, 0].into_iter()), None);
    }
}
