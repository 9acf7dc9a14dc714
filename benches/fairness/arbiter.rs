//! Who is sent next: one queue for all, a turn of frames, a turn of bytes.

use std::collections::VecDeque;

use vmdq_core::FrameLimit;
use vmdq_core::fair::{DeficitRoundRobin, RoundRobin};

/// The largest number of virtual machines.
pub(crate) const MEMBERS: usize = 16;

/// A frame that waits.
#[derive(Clone, Copy)]
pub(crate) struct Waiting {
    pub(crate) member: usize,
    pub(crate) len: u16,
    /// The slot in which it came.
    pub(crate) since: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Discipline {
    /// One queue for all.
    Fifo,
    /// A queue for each, one frame of each in turn: what the controller does.
    Frames,
    /// A queue for each, bytes in turn.
    Bytes,
}

impl Discipline {
    pub(crate) const ALL: [Self; 3] = [Self::Fifo, Self::Frames, Self::Bytes];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fifo => "one FIFO",
            Self::Frames => "round robin",
            Self::Bytes => "deficit round robin",
        }
    }
}

/// Queues with the same number of descriptors each, and the arbiter.
pub(crate) struct Arbiter {
    queues: Vec<VecDeque<Waiting>>,
    descriptors: usize,
    pick: Pick,
}

enum Pick {
    Only,
    Frames(RoundRobin),
    Bytes(DeficitRoundRobin<MEMBERS>),
}

impl Arbiter {
    /// Makes queues for some members, with `descriptors` descriptors in all.
    pub(crate) fn new(discipline: Discipline, weights: &[u16], descriptors: usize) -> Self {
        let (queues, pick) = match discipline {
            Discipline::Fifo => (1, Pick::Only),
            Discipline::Frames => (weights.len(), Pick::Frames(RoundRobin::new())),
            Discipline::Bytes => {
                // 1514 bytes, no tags: the quantum is 1538 bytes of the wire.
                let limit = FrameLimit::new(1514, 1514).expect("a limit");
                let mut turn = DeficitRoundRobin::new(limit);
                for (member, &weight) in weights.iter().enumerate() {
                    turn.set_weight(member, weight).expect("a weight");
                }
                (weights.len(), Pick::Bytes(turn))
            }
        };
        Self { queues: vec![VecDeque::new(); queues], descriptors: descriptors / queues, pick }
    }

    /// Takes a frame, unless its queue is full.
    pub(crate) fn offer(&mut self, frame: Waiting) -> bool {
        let queue = frame.member % self.queues.len();
        if self.queues[queue].len() == self.descriptors {
            return false;
        }
        self.queues[queue].push_back(frame);
        match &mut self.pick {
            Pick::Only => {}
            Pick::Frames(turn) => turn.activate(queue),
            Pick::Bytes(turn) => turn.activate(queue),
        }
        true
    }

    /// Picks the frame that is sent next.
    pub(crate) fn next(&mut self) -> Option<Waiting> {
        let queue = match &mut self.pick {
            Pick::Only => 0,
            Pick::Frames(turn) => turn.pick()?,
            Pick::Bytes(turn) => turn.next(|member| Some(usize::from(self.queues[member].front()?.len)))?,
        };
        let frame = self.queues[queue].pop_front();
        if let Pick::Frames(turn) = &mut self.pick
            && self.queues[queue].is_empty()
        {
            turn.deactivate(queue);
        }
        frame
    }
}
