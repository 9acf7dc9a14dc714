//! The transmit ring: the half of a running queue that whoever sends holds.

use core::marker::PhantomData;

use super::memory::RingSpace;
use super::{BufferPool, Burst, Frame};
use crate::bus::{Bus, Offset, PortId};
use crate::controller::{Controller, RingSetup};
use crate::dma::{DmaSpace, TxWord, observe, publish};
use crate::limit::FrameLimit;

/// How far ahead reclaiming looks first: so many frames come back for one look.
const LOOK_AHEAD: u32 = 32;

/// A running transmit ring.
///
/// It owns its memory and every frame that it sends, reads no register and writes none but its own
/// tail. Only the last frame of each call to [`send`](Self::send) asks the device for a report, so
/// that one read in [`reclaim`](Self::reclaim) covers the whole batch. Dropping the ring leaks.
#[must_use = "dropping a running ring leaks its memory: stop the queue"]
pub struct TxRing<C, B, D> {
    bus: B,
    dma: D,
    space: RingSpace,
    mapped: u64,
    tail: Offset,
    /// The next descriptor to be reclaimed.
    clean: u32,
    /// The next descriptor that gets a frame.
    next: u32,
    /// The longest frame that the port sends, less the shortest.
    span: u16,
    queue: u8,
    /// Whether the queue was seen enabled when it was started.
    pub(crate) seen: bool,
    /// A descriptor's second word, as far as it is the same for all frames.
    word: TxWord,
    controller: PhantomData<fn() -> C>,
}

// SAFETY: the ring is the only owner of its memory; the parts decide the rest.
unsafe impl<C, B: Send, D: Send> Send for TxRing<C, B, D> {}

impl<C: Controller, B: Bus, D: DmaSpace> TxRing<C, B, D> {
    /// Takes over a ring that is mapped but not yet enabled.
    pub(crate) fn new(bus: B, dma: D, space: RingSpace, setup: RingSetup, limit: FrameLimit) -> Self {
        Self {
            bus,
            dma,
            space,
            mapped: setup.base,
            tail: C::tx_tail(setup.queue),
            clean: setup.first,
            next: setup.first,
            span: limit.tagged() - FrameLimit::SHORTEST,
            queue: setup.queue,
            seen: false,
            word: TxWord::new(C::tx_context(setup.queue)),
            controller: PhantomData,
        }
    }

    /// Sends frames from the front of the burst until it is empty or the ring full; returns how
    /// many. What is not sent stays in the burst, in order.
    ///
    /// Writes the tail once, or not at all if nothing was sent.
    ///
    /// # Errors
    ///
    /// [`SendError::Length`] if a frame is shorter than 14 bytes or longer than the port's limit:
    /// the frames before it are sent, it is the first that stays.
    #[inline]
    pub fn send<const N: usize>(&mut self, burst: &mut Burst<N>) -> Result<usize, SendError> {
        let room = self.room().min(burst.len());
        // SAFETY: so many places are free, and so many frames in the burst.
        let sent = unsafe { self.put(burst.as_ptr(), room) };
        if sent > 0 {
            let rest = burst.len() - sent;
            let start = burst.as_mut_ptr();
            if rest > 0 {
                // SAFETY: the frames behind those that were moved out are still in the burst.
                unsafe { start.copy_from(start.add(sent), rest) };
            }
            // SAFETY: the rest was moved to the front.
            unsafe { burst.set_len(rest) };
            self.next = self.next.wrapping_add(sent as u32);
            // Frames and descriptors must be in memory before the device fetches them.
            publish();
            self.bus.write32(self.tail, self.next & self.mask());
        }
        if sent < room {
            let len = burst.first().map_or(0, Frame::len);
            return Err(SendError::Length { len: len as u16, sent: sent as u16 });
        }
        Ok(sent)
    }

    /// Moves at most `most` frames into the ring as one batch; stops at the first whose length
    /// can't be sent. Returns how many; the caller counts them.
    ///
    /// # Safety
    ///
    /// So many places are free, and there are so many frames at `frames`, of which the caller
    /// forgets those that were moved.
    #[inline(always)]
    unsafe fn put(&self, frames: *const Frame, most: usize) -> usize {
        let last = self.next.wrapping_add(most as u32).wrapping_sub(1);
        let mut place = self.space.at(self.next);
        let mut from = frames;
        // SAFETY: at most one past the last frame (caller).
        let end = unsafe { frames.add(most) };
        let mut reporting = None;
        while from != end {
            // SAFETY: there is a frame (caller).
            let (at, bus, len) = unsafe { ((*from).at(), (*from).bus(), (*from).len() as u16) };
            // One comparison: below the shortest it wraps around.
            if len.wrapping_sub(FrameLimit::SHORTEST) > self.span {
                break;
            }
            self.dma.for_device(at, usize::from(len));
            // SAFETY: the slot is free, and the frame moves into it (caller).
            unsafe { Frame::move_into_batch(from, self.space.frame(place), last) };
            let word = self.word.length(len);
            // SAFETY: no tail covers the descriptor yet, and the buffer belongs to the ring until the
            // batch is seen done.
            unsafe { self.space.descriptor(place).send(bus, word) };
            reporting = Some((place, word));
            place = self.space.after(place);
            // SAFETY: at most `end`.
            from = unsafe { from.add(1) };
        }
        // SAFETY: both point into the frames.
        let sent = unsafe { from.offset_from_unsigned(frames) };
        if let Some((place, word)) = reporting {
            // SAFETY: no tail covers the descriptor yet.
            unsafe { self.space.descriptor(place).report(word) };
            if sent < most {
                self.end_batch(sent as u32);
            }
        }
        sent
    }

    /// Corrects where a batch ends that became shorter than was thought.
    #[cold]
    fn end_batch(&self, sent: u32) {
        let last = self.next.wrapping_add(sent).wrapping_sub(1);
        for i in 0..sent {
            // SAFETY: the slot was filled just now.
            unsafe { self.space.frame(self.space.at(self.next.wrapping_add(i))).as_mut() }.set_batch(last);
        }
    }

    /// Takes back the buffers of frames that are sent, into the pool; returns how many.
    ///
    /// Reads no register. Stops early when the pool takes no more; what is left comes next time.
    /// Whoever sends in small bursts saves work by calling it only when some are
    /// [`pending`](Self::pending).
    #[inline]
    pub fn reclaim(&mut self, pool: &mut BufferPool) -> usize {
        self.reclaim_batches(|space, clean, count, _| {
            let mut place = space.at(*clean);
            // SAFETY: `count` places from here on hold frames, and are counted out as far as they
            // were put. Nothing in between can panic.
            let put = unsafe {
                pool.put_many(count, || {
                    let frame = space.frame(place);
                    place = space.after(place);
                    frame
                })
            };
            *clean = clean.wrapping_add(put);
        })
    }

    /// Takes back the buffers of frames that are sent; returns how many.
    ///
    /// As [`reclaim`](Self::reclaim), for frames that go elsewhere: a frame that `put` gives back
    /// stays in the ring and ends the call.
    #[inline]
    pub fn reclaim_into(&mut self, mut put: impl FnMut(Frame) -> Result<(), Frame>) -> usize {
        self.reclaim_batches(|space, clean, count, last| {
            for _ in 0..count {
                let place = space.at(*clean);
                // SAFETY: sent and not yet reclaimed; counted out before `put` could panic.
                let frame = unsafe { space.frame(place).read() };
                *clean = clean.wrapping_add(1);
                if let Err(mut frame) = put(frame) {
                    // It may be another frame than was put.
                    frame.set_batch(last);
                    // SAFETY: the slot was emptied above.
                    unsafe { space.frame(place).write(frame) };
                    *clean = clean.wrapping_sub(1);
                    return;
                }
            }
        })
    }

    /// Calls `take` for frames that are sent, with the counter of the first, how many there are and
    /// the end of their batch; `take` moves frames out in order and counts them. Ends at a batch
    /// that is not sent, or when not all were taken.
    #[inline(always)]
    fn reclaim_batches(&mut self, mut take: impl FnMut(&RingSpace, &mut u32, u32, u32)) -> usize {
        let begin = self.clean;
        while self.clean != self.next {
            // Frames are sent in order, so a report covers all before it: look at one that lies ahead
            // first, then at the nearest.
            let ahead = self.clean.wrapping_add(self.next.wrapping_sub(self.clean).min(LOOK_AHEAD) - 1);
            let Some(last) = self.reported(ahead).or_else(|| self.reported(self.clean)) else { break };
            // The buffers may be used again only after the report was seen.
            observe();
            let count = last.wrapping_sub(self.clean).wrapping_add(1);
            take(&self.space, &mut self.clean, count, last);
            if self.clean != last.wrapping_add(1) {
                break;
            }
        }
        self.clean.wrapping_sub(begin) as usize
    }

    /// Returns the end of the batch to which a frame under way belongs, if that is sent.
    #[inline(always)]
    fn reported(&self, counter: u32) -> Option<u32> {
        // SAFETY: slots from `clean` to `next` were filled (callers).
        let last = unsafe { self.space.frame(self.space.at(counter)).as_ref().batch() };
        self.space.descriptor(self.space.at(last)).sent().then_some(last)
    }

    /// Returns how many frames are handed over and not reclaimed.
    #[inline]
    #[must_use]
    pub const fn pending(&self) -> usize {
        self.next.wrapping_sub(self.clean) as usize
    }

    /// Returns how many frames the ring takes before something is reclaimed.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.mask() as usize - self.pending()
    }

    /// Returns the number of the queue.
    #[must_use]
    pub const fn queue(&self) -> usize {
        self.queue as usize
    }

    pub(crate) fn port(&self) -> PortId {
        self.bus.id()
    }

    /// The bus handle through which the queue is stopped; see `RxRing::bus`.
    pub(crate) const fn bus(&self) -> &B {
        &self.bus
    }

    #[inline(always)]
    const fn mask(&self) -> u32 {
        self.space.descriptors() - 1
    }

    /// Takes the ring apart.
    ///
    /// # Safety
    ///
    /// The device has been seen to have stopped the queue.
    pub(crate) unsafe fn dismantle(mut self, freed: &mut impl FnMut(Frame)) -> RingSpace {
        while self.clean != self.next {
            // SAFETY: handed over and not reclaimed.
            freed(unsafe { self.space.frame(self.space.at(self.clean)).read() });
            self.clean = self.clean.wrapping_add(1);
        }
        let (_, bytes) = self.space.shared();
        self.dma.unmap(self.mapped, bytes, crate::dma::Direction::Both);
        self.space
    }
}

impl<C, B, D> core::fmt::Debug for TxRing<C, B, D> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TxRing")
            .field("queue", &self.queue)
            .field("clean", &self.clean)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

/// Why a frame was not sent.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SendError {
    /// The first frame left in the burst is too short or too long for the port: take it out.
    Length {
        /// Its length in bytes.
        len: u16,
        /// How many frames before it were sent.
        sent: u16,
    },
}

impl core::fmt::Display for SendError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self::Length { len, .. } = self;
        write!(f, "a frame of {len} bytes can't be sent: take it out of the burst")
    }
}
impl core::error::Error for SendError {}
