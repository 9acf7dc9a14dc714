//! Choice of a queue for each flow, without reordering.
#![forbid(unsafe_code)]

use core::fmt;

use super::passage::Passage;

/// Chooses a queue for each flow, and keeps it while the flow has frames in the queue.
///
/// A flow is what the caller hashes: a virtual machine, an address pair or a connection. It may change its
/// queue only when none of its frames is in the old one, else the new queue could overtake. Flows that
/// share one of the `FLOWS` entries also share their queue. There are `QUEUES` queues, each sending in
/// the order in which frames were put in; count a frame in when it is put into the ring.
///
/// A queue that will be removed is [retired](Self::retire): flows that have frames in it wait for these,
/// the others choose another queue. When a queue was stopped instead, [`flush`](Self::flush) counts out the
/// frames that it held.
///
/// # Examples
///
/// ```
/// use vmdq_core::fair::{FlowError, FlowQueues};
///
/// let mut flows = FlowQueues::<256, 16>::new();
/// assert_eq!(flows.enqueue(0xfeed, 2), Ok(2));
/// assert_eq!(flows.enqueue(0xfeed, 5), Ok(2)); // a frame is still in queue 2
/// flows.sent(2, 2); // what `TxRing::reclaim` returned for queue 2
/// assert_eq!(flows.enqueue(0xfeed, 5), Ok(5)); // now it may move
///
/// flows.retire(5);
/// assert_eq!(flows.enqueue(0xfeed, 7), Err(FlowError::Draining { queue: 5 }));
/// flows.sent(5, 1);
/// assert_eq!(flows.enqueue(0xfeed, 7), Ok(7));
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FlowQueues<const FLOWS: usize, const QUEUES: usize = 16> {
    /// The number of each flow's last frame, in the queue beside it.
    last: [u64; FLOWS],
    chosen: [u8; FLOWS],
    queues: [Queue; QUEUES],
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Queue {
    passage: Passage,
    retired: bool,
}

impl<const FLOWS: usize, const QUEUES: usize> FlowQueues<FLOWS, QUEUES> {
    const CHECKED: () = assert!(FLOWS.is_power_of_two(), "the number of flow counters is a power of two");
    const QUEUES_CHECKED: () = assert!(QUEUES >= 1 && QUEUES <= 256, "there are 1 to 256 queues");

    /// Makes counters for flows without frames in any queue.
    #[must_use]
    pub const fn new() -> Self {
        const { Self::CHECKED };
        const { Self::QUEUES_CHECKED };
        Self {
            last: [0; FLOWS],
            chosen: [0; FLOWS],
            queues: [Queue { passage: Passage::NEW, retired: false }; QUEUES],
        }
    }

    /// Counts a frame of a flow in, and returns the queue that it must take.
    ///
    /// That is `preferred` if the flow is free to choose. Nothing is counted on an error.
    ///
    /// # Errors
    ///
    /// - [`FlowError::Draining`]: frames of the flow are in a retired queue. Hold the frame back.
    /// - [`FlowError::NotInUse`]: the flow is free to choose, but `preferred` is retired or no queue.
    #[inline]
    pub fn enqueue(&mut self, flow: u64, preferred: u8) -> Result<u8, FlowError> {
        let flow = flow as usize & (FLOWS - 1);
        let (last, chosen) = (&mut self.last[flow], &mut self.chosen[flow]);
        if let Some(queue) = self.queues.get_mut(usize::from(*chosen))
            && !queue.passage.passed(*last)
        {
            if queue.retired {
                return Err(FlowError::Draining { queue: *chosen });
            }
            *last = queue.passage.enter();
            return Ok(*chosen);
        }
        match self.queues.get_mut(usize::from(preferred)) {
            Some(queue) if !queue.retired => {
                *last = queue.passage.enter();
                *chosen = preferred;
                Ok(preferred)
            }
            _ => Err(FlowError::NotInUse { queue: preferred }),
        }
    }

    /// Counts frames of a queue out that were sent, in the order in which they were put in.
    #[inline]
    pub fn sent(&mut self, queue: u8, frames: usize) {
        self.change(queue, |queue| queue.passage.leave(frames));
    }

    /// Takes back the frames that were counted in last, because they did not get into the queue.
    pub fn withdraw(&mut self, queue: u8, frames: usize) {
        self.change(queue, |queue| queue.passage.withdraw(frames));
    }

    /// Counts all frames of a queue out, because it was stopped and will send none of them.
    pub fn flush(&mut self, queue: u8) {
        self.change(queue, |queue| queue.passage.flush());
    }

    /// Lets no more frames into a queue. When nothing is [under way](Self::under_way), it can be
    /// stopped without loss.
    pub fn retire(&mut self, queue: u8) {
        self.change(queue, |queue| queue.retired = true);
    }

    /// Lets frames into a queue again.
    pub fn restore(&mut self, queue: u8) {
        self.change(queue, |queue| queue.retired = false);
    }

    /// Returns how many frames are counted into a queue and not out. None are in a queue that does
    /// not exist.
    #[must_use]
    pub fn under_way(&self, queue: u8) -> u64 {
        self.queues.get(usize::from(queue)).map_or(0, |queue| queue.passage.under_way())
    }

    #[inline(always)]
    fn change(&mut self, queue: u8, change: impl FnOnce(&mut Queue)) {
        if let Some(queue) = self.queues.get_mut(usize::from(queue)) {
            change(queue);
        }
    }
}

impl<const FLOWS: usize, const QUEUES: usize> Default for FlowQueues<FLOWS, QUEUES> {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a frame may not be put into a queue now.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FlowError {
    /// Frames of the flow are still in a retired queue.
    Draining {
        /// The queue.
        queue: u8,
    },
    /// The preferred queue is retired, or there is no such queue.
    NotInUse {
        /// The queue.
        queue: u8,
    },
}

impl fmt::Display for FlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Draining { queue } => {
                write!(
                    f,
                    "frames of the flow are in retired queue {queue}: hold the frame until they are sent"
                )
            }
            Self::NotInUse { queue } => write!(f, "queue {queue} is not in use: prefer another"),
        }
    }
}
impl core::error::Error for FlowError {}
