//! Moving frames into a transmit ring.

use super::TxRing;
use crate::bus::Bus;
use crate::dma::{DmaSpace, TxWord, publish};
use crate::platform::Platform;
use crate::refused::Refused;
use crate::ring::memory::{Place, Places};
use crate::ring::{Burst, Frame};
use vmdq_core::FrameLimit;

impl<P: Platform> TxRing<P> {
    /// Sends frames from the front of the burst until it is empty or the ring full; returns how
    /// many. What is not sent stays in the burst, in order.
    ///
    /// Writes the tail once, or not at all if nothing was sent.
    ///
    /// # Errors
    ///
    /// [`SendError::Length`] if a frame is shorter than 14 bytes or longer than the port's limit:
    /// the frames before it are sent, it is the first that stays. It can never be sent and blocks all behind
    /// it: take it out ([`Burst::pop_first`]), and go on.
    ///
    /// # Examples
    ///
    /// Sends a burst, and drops the frames that can't be sent:
    ///
    /// ```
    /// use vmdq_hal::Platform;
    /// use vmdq_hal::ring::{BufferPool, Burst, SendError, TxRing};
    ///
    /// fn send_all<P: Platform>(tx: &mut TxRing<P>, burst: &mut Burst<32>, pool: &mut BufferPool) {
    ///     while let Err(SendError::Length { .. }) = tx.send(burst) {
    ///         if let Some(Err(foreign)) = burst.pop_first().map(|frame| pool.put(frame)) {
    ///             panic!("{foreign:?} is of another pool");
    ///         }
    ///     }
    ///     // What is still in the burst has to wait until the ring has room: reclaim, and send again.
    /// }
    /// ```
    #[inline]
    pub fn send<const N: usize>(&mut self, burst: &mut Burst<N>) -> Result<usize, SendError> {
        let count = burst.len() as u32;
        let mut last = self.word;
        // SAFETY: that many frames are in the burst, and that many places within `run_left`.
        let put = unsafe { self.put(burst.as_ptr(), count.min(self.run_left), &mut last) };
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
            let run = self.run_left.min(count - sent);
            // SAFETY: that many frames are left in the burst, and `run` is within `run_left`.
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

    /// Sends one frame, as [`send`](Self::send) does but without the cost of a burst.
    ///
    /// # Errors
    ///
    /// [`SendError`] and the frame, if the ring is full or the frame's length can't be sent.
    #[inline]
    pub fn send_one(&mut self, frame: Frame) -> Result<(), Refused<SendError, Frame>> {
        if self.run_left == 0 {
            self.renew();
            if self.run_left == 0 {
                return Err(Refused::new(SendError::Full, frame));
            }
        }
        if !self.can_send(&frame) {
            let error = SendError::Length { len: frame.len() as u16, sent: 0 };
            return Err(Refused::new(error, frame));
        }
        // SAFETY: one place is free, and the frame is forgotten here.
        unsafe {
            place(
                &self.space.places,
                &self.dma,
                self.space.places.at(self.next),
                &frame,
                self.word.reporting(),
            )
        };
        core::mem::forget(frame);
        self.count_placed(1);
        self.hand_over();
        Ok(())
    }

    /// Moves at most `most` frames into the ring; stops at the first whose length can't be sent.
    ///
    /// Returns how many, and the last one's word in `last` if there is one.
    ///
    /// # Safety
    ///
    /// There are `most` frames at `frames`, of which the caller forgets those that were moved, and
    /// `most` is within `run_left`.
    #[inline(always)]
    unsafe fn put(&mut self, frames: *const Frame, most: u32, last: &mut TxWord) -> u32 {
        let places = self.space.places.from(self.next);
        let mut from = frames;
        let put = Place::walk(most, |place| {
            // SAFETY: there is a frame (caller).
            let frame = unsafe { &*from };
            if !self.can_send(frame) {
                return false;
            }
            // SAFETY: the place is free, and the caller forgets the frame.
            *last = unsafe { self::place(&places, &self.dma, place, frame, self.word) };
            // SAFETY: at most one past the last frame.
            from = unsafe { from.add(1) };
            true
        });
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
    pub(in crate::ring) fn count_placed(&mut self, count: u32) {
        self.next = self.next.wrapping_add(count);
        self.run_left -= count;
    }

    /// Finds out how many frames can be sent within one run.
    #[inline]
    pub(in crate::ring) fn renew(&mut self) {
        self.run_left = (self.room() as u32).min(self.space.places.run(self.next));
    }

    /// Asks for a report on the frame that was put last, which has this word, and hands all over.
    #[inline(always)]
    pub(in crate::ring) fn hand_over_batch(&mut self, word: TxWord) {
        let last = self.space.places.descriptor(self.space.places.at(self.next.wrapping_sub(1)));
        // SAFETY: no tail covers the descriptor yet; it holds this word (callers).
        unsafe { last.report(word) };
        self.hand_over();
    }

    /// Hands over what was put into the ring from the counter `before` on, if there is anything, by code
    /// that does not know the last one's word.
    pub(in crate::ring) fn hand_over_since(&mut self, before: u32) {
        if self.next != before {
            let last = self.space.places.descriptor(self.space.places.at(self.next.wrapping_sub(1)));
            // SAFETY: no tail covers the descriptor yet.
            unsafe { last.report_placed() };
            self.hand_over();
        }
    }

    /// Hands all frames over that were put into the ring, of which the last one asks for a report.
    #[inline(always)]
    fn hand_over(&mut self) {
        // SAFETY: there are no more reports under way than descriptors.
        unsafe { self.space.note(self.next_report).write(self.next.wrapping_sub(1)) };
        self.next_report = self.next_report.wrapping_add(1);
        // Frames and descriptors must be in memory before the device fetches them.
        publish();
        // SAFETY: the device may read the frames up to the tail: all are placed and owned by the ring.
        unsafe { self.bus.write32(self.tail, self.next & self.mask()) };
    }
}

/// Moves a frame into a place; returns its descriptor's word, which has `common` with others.
///
/// # Safety
///
/// As for [`describe`]; the slot is free, and the caller forgets the frame.
#[inline(always)]
pub(in crate::ring) unsafe fn place<D: DmaSpace>(
    places: &Places,
    dma: &D,
    place: Place,
    frame: &Frame,
    common: TxWord,
) -> TxWord {
    // Before the buffer moves: should a platform break its word and panic here, it is in one place.
    // SAFETY: a mapped buffer, which the caller owns and no tail covers.
    unsafe { dma.for_device(frame.buffer().at(), frame.len()) };
    // SAFETY: the slot is free, and the buffer moves into it (caller).
    unsafe { places.slot(place).copy_from_nonoverlapping(frame.buffer().into(), 1) };
    // SAFETY: the buffer belongs to the ring until a report on it or a later one is seen.
    unsafe { write(places, place, frame, common) }
}

/// Writes the descriptor for a frame; returns its word, which has `common` with others.
///
/// # Safety
///
/// No tail covers the descriptor yet. The frame's buffer stays until a report on it or a later one is
/// seen, and the port can send its length.
#[inline(always)]
pub(in crate::ring) unsafe fn describe<D: DmaSpace>(
    places: &Places,
    dma: &D,
    place: Place,
    frame: &Frame,
    common: TxWord,
) -> TxWord {
    // SAFETY: a mapped buffer, which the caller owned and no tail covers.
    unsafe { dma.for_device(frame.buffer().at(), frame.len()) };
    // SAFETY: the caller's promise.
    unsafe { write(places, place, frame, common) }
}

/// Writes the descriptor for a frame that the device may read; else as [`describe`].
///
/// # Safety
///
/// As for [`describe`].
#[inline(always)]
unsafe fn write(places: &Places, place: Place, frame: &Frame, common: TxWord) -> TxWord {
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
            Self::Full => f.write_str(
                "the ring is full: reclaim buffers and try again; if it stays full, `check` the device",
            ),
            Self::Length { len, .. } => write!(f, "a frame of {len} bytes can't be sent: take it out"),
        }
    }
}
impl core::error::Error for SendError {}
