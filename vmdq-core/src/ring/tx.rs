//! The transmit ring: the half of a running queue that whoever sends holds.

use core::marker::PhantomData;

use super::memory::{Place, Places, RingSpace};
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
    pub(super) dma: D,
    pub(super) space: RingSpace,
    mapped: u64,
    tail: Offset,
    /// The next descriptor to be reclaimed.
    pub(super) clean: u32,
    /// The next descriptor that gets a frame.
    pub(super) next: u32,
    /// How many frames can be sent from here on without another thought: so many descriptors are free
    /// and lie one behind the other. A lower bound.
    pub(super) clear: u32,
    /// The reports asked for and not seen yet, as numbers that run freely: see `RingSpace::note`.
    first_report: u32,
    next_report: u32,
    /// The longest frame that the port sends, less the shortest.
    span: u16,
    queue: u8,
    /// Whether the queue was seen enabled when it was started.
    pub(crate) seen: bool,
    /// A descriptor's second word, as far as it is the same for all frames.
    pub(super) word: TxWord,
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
            clear: 0,
            first_report: 0,
            next_report: 0,
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
        let count = burst.len() as u32;
        let mut last = self.word;
        // SAFETY: so many frames are in the burst, and so many places within `clear`.
        let put = unsafe { self.put(burst.as_ptr(), count.min(self.clear), &mut last) };
        if put == count {
            if count > 0 {
                // SAFETY: all were moved out.
                unsafe { burst.set_len(0) };
                self.hand_over_batch(last);
            }
            return Ok(count as usize);
        }
        self.send_on(burst, put, last)
    }

    /// Goes on where [`send`](Self::send) must look at the whole ring: `sent` frames are in it, of
    /// which the last one has this word.
    #[inline(never)]
    fn send_on<const N: usize>(
        &mut self,
        burst: &mut Burst<N>,
        mut sent: u32,
        mut last: TxWord,
    ) -> Result<usize, SendError> {
        let count = burst.len() as u32;
        while sent < count {
            self.renew();
            let run = self.clear.min(count - sent);
            // SAFETY: so many frames are left in the burst, and `run` is within `clear`.
            let put = unsafe { self.put(burst.as_ptr().add(sent as usize), run, &mut last) };
            sent += put;
            if put < run || run == 0 {
                break;
            }
        }
        if sent > 0 {
            // SAFETY: the first `sent` were moved out.
            unsafe { forget_first(burst, sent as usize) };
            self.hand_over_batch(last);
        }
        match burst.first().map(Frame::len) {
            Some(len) if self.room() > 0 => Err(SendError::Length { len: len as u16, sent: sent as u16 }),
            _ => Ok(sent as usize),
        }
    }

    /// Sends one frame: as [`send`](Self::send), without the cost of a burst.
    ///
    /// # Errors
    ///
    /// [`SendError`] and the frame, if the ring is full or the frame's length can't be sent.
    #[inline]
    pub fn send_one(&mut self, frame: Frame) -> Result<(), (SendError, Frame)> {
        if self.clear == 0 {
            self.renew();
            if self.clear == 0 {
                return Err((SendError::Full, frame));
            }
        }
        if !self.can_send(&frame) {
            return Err((SendError::Length { len: frame.len() as u16, sent: 0 }, frame));
        }
        // SAFETY: one place is clear, and the frame is forgotten here.
        unsafe {
            place(
                &self.space.places,
                &self.dma,
                self.space.places.at(self.next),
                &frame,
                self.word.reporting(),
            )
        };
        self.count_placed(1);
        self.hand_over();
        Ok(())
    }

    /// Moves at most `most` frames into the ring; stops at the first whose length can't be sent.
    /// Returns how many, and the last one's word in `last` if there is one.
    ///
    /// # Safety
    ///
    /// There are so many frames at `frames`, of which the caller forgets those that were moved, and
    /// `most` is within `clear`.
    #[inline(always)]
    unsafe fn put(&mut self, frames: *const Frame, most: u32, last: &mut TxWord) -> u32 {
        let begin = self.space.places.at(self.next);
        let end = begin.ahead(most);
        let (mut place, mut from) = (begin, frames);
        while place != end {
            // SAFETY: there is a frame (caller).
            let frame = unsafe { &*from };
            if !self.can_send(frame) {
                break;
            }
            // SAFETY: the place is clear, and the caller forgets the frame.
            *last = unsafe { self::place(&self.space.places, &self.dma, place, frame, self.word) };
            place = place.next();
            // SAFETY: at most one past the last frame.
            from = unsafe { from.add(1) };
        }
        let put = place.since(begin);
        self.count_placed(put);
        put
    }

    /// Tells whether the port can send a frame of this length.
    #[inline(always)]
    fn can_send(&self, frame: &Frame) -> bool {
        // One comparison: below the shortest it wraps around.
        (frame.len() as u16).wrapping_sub(FrameLimit::SHORTEST) <= self.span
    }

    /// Counts frames that were placed.
    #[inline(always)]
    pub(super) fn count_placed(&mut self, count: u32) {
        self.next = self.next.wrapping_add(count);
        self.clear -= count;
    }

    /// Finds out how many frames can be sent without another thought.
    #[inline]
    pub(super) fn renew(&mut self) {
        self.clear = (self.room() as u32).min(self.space.places.run(self.next));
    }

    /// Asks for a report on the frame that was put last, which has this word, and hands all over.
    #[inline(always)]
    pub(super) fn hand_over_batch(&mut self, word: TxWord) {
        let last = self.space.places.descriptor(self.space.places.at(self.next.wrapping_sub(1)));
        // SAFETY: no tail covers the descriptor yet; it holds this word (callers).
        unsafe { last.report(word) };
        self.hand_over();
    }

    /// Hands all frames over that were put into the ring, of which the last one asks for a report.
    #[inline(always)]
    fn hand_over(&mut self) {
        // SAFETY: there are no more reports under way than descriptors.
        unsafe { self.space.note(self.next_report).write(self.next.wrapping_sub(1)) };
        self.next_report = self.next_report.wrapping_add(1);
        // Frames and descriptors must be in memory before the device fetches them.
        publish();
        self.bus.write32(self.tail, self.next & self.mask());
    }

    /// Takes back the buffers of frames that are sent, into the pool; returns how many.
    ///
    /// Reads no register. Stops early when the pool takes no more; what is left comes next time.
    /// Whoever sends in small bursts saves work by calling it only when many are
    /// [`pending`](Self::pending).
    // Not worth a place in the caller's code: it is called for many frames at once.
    #[inline(never)]
    pub fn reclaim(&mut self, pool: &mut BufferPool) -> usize {
        self.reclaim_reported(|space, clean, run| {
            // SAFETY: `run` places from here on hold buffers and lie one behind the other; they are
            // counted out as far as they were put.
            let put = unsafe { pool.put_many(space.places.slot(space.places.at(*clean)), run) };
            *clean = clean.wrapping_add(put);
        })
    }

    /// Takes back the buffers of frames that are sent, as empty frames; returns how many.
    ///
    /// As [`reclaim`](Self::reclaim), for buffers that go elsewhere: one that `put` gives back
    /// stays in the ring and ends the call.
    #[inline]
    pub fn reclaim_into(&mut self, mut put: impl FnMut(Frame) -> Result<(), Frame>) -> usize {
        self.reclaim_reported(|space, clean, run| {
            for _ in 0..run {
                let slot = space.places.slot(space.places.at(*clean));
                // SAFETY: sent and not yet reclaimed; counted out before `put` could panic.
                let buffer = unsafe { slot.read() };
                *clean = clean.wrapping_add(1);
                if let Err(frame) = put(Frame::empty(buffer)) {
                    // SAFETY: the slot was emptied above.
                    unsafe { slot.write(frame.into_buffer()) };
                    *clean = clean.wrapping_sub(1);
                    return;
                }
            }
        })
    }

    /// Counts frames that are sent as reclaimed, and leaves their buffers where they are; returns how
    /// many.
    #[inline]
    pub(super) fn settle(&mut self) -> u32 {
        self.reclaim_reported(|_, clean, run| *clean = clean.wrapping_add(run)) as u32
    }

    /// Puts a buffer of the pool into each slot.
    ///
    /// # Safety
    ///
    /// The ring is empty, and the pool has as many buffers.
    pub(super) unsafe fn stock(&mut self, pool: &mut BufferPool) {
        let count = self.space.descriptors();
        // SAFETY: the slots lie one behind the other and are free, and so many buffers are on the
        // shelf (caller).
        unsafe {
            self.space
                .places
                .slot(self.space.places.at(0))
                .copy_from_nonoverlapping(pool.top().sub(count as usize), count as usize)
        };
        // SAFETY: they were moved out.
        unsafe { pool.count_out(count) };
    }

    /// Puts the buffers of all slots but those under way into a pool.
    ///
    /// # Safety
    ///
    /// Each slot holds a buffer. What the pool does not take is lost.
    pub(super) unsafe fn unstock(&mut self, pool: &mut BufferPool) {
        for i in self.pending() as u32..self.space.descriptors() {
            let slot = self.space.places.slot(self.space.places.at(self.clean.wrapping_add(i)));
            // SAFETY: not under way, so a spare buffer (caller); read once.
            let lost = pool.put(Frame::empty(unsafe { slot.read() })).is_err();
            debug_assert!(!lost, "the pool has room");
        }
    }

    /// Tells whether the port sends every frame that a port with this limit takes.
    pub(super) const fn sends_all_of(&self, limit: FrameLimit) -> bool {
        limit.tagged() - FrameLimit::SHORTEST <= self.span
    }

    /// Calls `take` for buffers of frames that are sent, with the counter of the first and how many lie
    /// one behind the other; `take` moves buffers out in order and counts them. Ends at a report that
    /// is not seen, or when not all were taken.
    #[inline(always)]
    fn reclaim_reported(&mut self, mut take: impl FnMut(&RingSpace, &mut u32, u32)) -> usize {
        let begin = self.clean;
        while let Some((reports, end)) = self.seen_report() {
            // The buffers may be used again only after the report was seen.
            observe();
            while self.clean != end {
                let run = end.wrapping_sub(self.clean).min(self.space.places.run(self.clean));
                let before = self.clean;
                take(&self.space, &mut self.clean, run);
                if self.clean.wrapping_sub(before) != run {
                    // The report, or an earlier one, is seen again next time.
                    return self.clean.wrapping_sub(begin) as usize;
                }
            }
            self.first_report = self.first_report.wrapping_add(reports);
        }
        self.clean.wrapping_sub(begin) as usize
    }

    /// Looks for a report that the device has made: at one that lies ahead first, since frames are sent
    /// in order and a report covers all before it, then at the nearest. Returns how many reports that
    /// settles, and the counter behind the frame that was reported.
    #[inline(always)]
    fn seen_report(&mut self) -> Option<(u32, u32)> {
        let ahead = self.next_report.wrapping_sub(self.first_report).min(LOOK_AHEAD);
        let reported = |count: u32| {
            // SAFETY: `count` reports were asked for and not settled (below).
            let last = unsafe { self.space.note(self.first_report.wrapping_add(count - 1)).read() };
            let sent = self.space.places.descriptor(self.space.places.at(last)).sent();
            // What was reclaimed before, up to a full pool, is not again.
            let end = last.wrapping_add(1);
            let past = self.clean.wrapping_sub(end) < self.space.descriptors();
            sent.then_some((count, if past { self.clean } else { end }))
        };
        if ahead == 0 {
            return None;
        }
        reported(ahead).or_else(|| if ahead > 1 { reported(1) } else { None })
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
            freed(Frame::empty(unsafe { self.space.places.slot(self.space.places.at(self.clean)).read() }));
            self.clean = self.clean.wrapping_add(1);
        }
        let (_, bytes) = self.space.shared();
        self.dma.unmap(self.mapped, bytes, crate::dma::Direction::Both);
        self.space
    }
}

/// Moves a frame into a place; returns its descriptor's word, which has `common` with others.
///
/// # Safety
///
/// As for [`describe`]; the slot is free, and the caller forgets the frame.
#[inline(always)]
pub(super) unsafe fn place<D: DmaSpace>(
    places: &Places,
    dma: &D,
    place: Place,
    frame: &Frame,
    common: TxWord,
) -> TxWord {
    // SAFETY: the slot is free, and the buffer moves into it (caller).
    unsafe { places.slot(place).copy_from_nonoverlapping(frame.buffer().into(), 1) };
    // SAFETY: the buffer belongs to the ring until a report on it or a later one is seen.
    unsafe { describe(places, dma, place, frame, common) }
}

/// Writes the descriptor for a frame; returns its word, which has `common` with others.
///
/// # Safety
///
/// No tail covers the descriptor yet. The frame's buffer stays until a report on it or a later one is
/// seen, and the port can send its length.
#[inline(always)]
pub(super) unsafe fn describe<D: DmaSpace>(
    places: &Places,
    dma: &D,
    place: Place,
    frame: &Frame,
    common: TxWord,
) -> TxWord {
    dma.for_device(frame.buffer().at(), frame.len());
    let word = common.length(frame.len() as u16);
    // SAFETY: the caller's promise.
    unsafe { places.descriptor(place).send(frame.buffer().bus(), word) };
    word
}

/// Forgets the first frames of a burst.
///
/// # Safety
///
/// There are more than `count`, or as many, and the first `count` were moved out.
unsafe fn forget_first<const N: usize>(burst: &mut Burst<N>, count: usize) {
    let rest = burst.len() - count;
    let start = burst.as_mut_ptr();
    // SAFETY: the frames behind those that were moved out are still in the burst (caller).
    unsafe { start.copy_from(start.add(count), rest) };
    // SAFETY: the rest was moved to the front.
    unsafe { burst.set_len(rest) };
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
    /// The ring is full: reclaim buffers, and try again.
    Full,
    /// A frame is too short or too long for the port; in a burst it is the first one left: take it
    /// out.
    Length {
        /// Its length in bytes.
        len: u16,
        /// How many frames before it were sent.
        sent: u16,
    },
}

impl core::fmt::Display for SendError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full => f.write_str("the ring is full: reclaim buffers, and try again"),
            Self::Length { len, .. } => write!(f, "a frame of {len} bytes can't be sent: take it out"),
        }
    }
}
impl core::error::Error for SendError {}
