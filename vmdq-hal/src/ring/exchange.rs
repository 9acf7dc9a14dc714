//! Forwarding by exchange: a received buffer is sent, and a sent one takes its place.

use core::mem::ManuallyDrop;

use super::forward::{Forwarder, Outcome, guarded};
use super::memory::Place;
use super::rx::{Exceptional, fill};
use super::tx::place;
use super::{BufferPool, ForwardError, ForwardedFrame, RxRing, TxRing};
use crate::dma::{TxWord, observe};
use crate::platform::Platform;
use crate::refused::Refused;

/// A receive and a transmit ring, of one port or of two, that exchange buffers.
///
/// There is no pool and no burst, and only two pointers move.
///
/// Each frame is shown to the caller and is sent unless the caller refuses it. It is for bridges and other
/// code that forwards nearly all frames; code that keeps frames or makes its own uses [`RxRing::receive`] and
/// [`TxRing::send`].
///
/// # Examples
///
/// ```
/// use vmdq_hal::ring::{Exchange, RxRing, TxRing};
/// use vmdq_hal::Platform;
///
/// /// Sends what comes back to where it came from.
/// fn reflect<P: Platform>(
///     forwarder: &mut Exchange<RxRing<P>, TxRing<P>>,
/// ) -> usize {
///     forwarder.forward(32, |frame| {
///         let (to, from) = frame.header_mut().split_at_mut(6);
///         to.swap_with_slice(&mut from[..6]);
///         true
///     })
/// }
/// ```
#[must_use = "dropping it leaks its rings: split it"]
#[derive(Debug)]
pub struct Exchange<R, T> {
    rx: R,
    /// Each of its slots holds a buffer: one under way, or a spare one.
    tx: T,
    /// Whether the next frame was looked at and refused. Only while frames are forwarded.
    dropping: bool,
}

impl<P: Platform, P2: Platform> Exchange<RxRing<P>, TxRing<P2>> {
    /// Joins two rings; `pool` gives a buffer for each descriptor that has none.
    ///
    /// # Errors
    ///
    /// [`ForwardError`] and the rings, if frames that the receiving port takes are too long for the
    /// sending one, the transmit ring is not reclaimed, or the pool has too few buffers or too small
    /// ones. Buffers that were posted stay posted.
    pub fn new(
        mut rx: RxRing<P>,
        mut tx: TxRing<P2>,
        pool: &mut BufferPool,
    ) -> Result<Self, Refused<ForwardError, (RxRing<P>, TxRing<P2>)>> {
        if let Err(error) = ForwardError::check(&rx, &tx, pool, tx.space.descriptors() as usize) {
            return Err(Refused::new(error, (rx, tx)));
        }
        rx.refill(pool);
        // SAFETY: the ring is empty, and there are as many buffers (checked above).
        unsafe { tx.add_spares(pool) };
        Ok(Self { rx, tx, dropping: false })
    }

    /// Forwards at most `most` finished frames; returns how many were forwarded.
    ///
    /// Ends early when no more are finished or the transmit ring is full. Dropped frames count towards `most`.
    /// `look` sees each frame once, may change it, and tells whether it is sent. It is sent as it is in memory,
    /// so a frame whose tag the controller removed is sent without one. If `look` panics, the frames before it
    /// are sent, and that one is shown again. Reads no register and writes at most the two tails: the transmit
    /// tail if anything goes out, and the receive tail as [`RxRing::refill`] does.
    #[inline]
    pub fn forward(&mut self, most: usize, mut look: impl FnMut(&mut ForwardedFrame<'_>) -> bool) -> usize {
        if self.rx.run_left > 0 && self.rx.nothing_finished() {
            self.rx.announce();
            return 0;
        }
        let mut left = most;
        let (before, mut last) = (self.tx.next, self.tx.word);
        while left > 0 {
            let run = left.min(self.next_run() as usize) as u32;
            let taken = self.exchange(run, before, &mut last, &mut look);
            left -= taken as usize;
            if left > 0 && (taken < run || run == 0) {
                match self.exchange_exceptional(before, &mut look) {
                    Outcome::Nothing => break,
                    Outcome::Dropped => {}
                    Outcome::Sent(word) => last = word,
                }
                left -= 1;
            }
        }
        let sent = self.tx.next.wrapping_sub(before);
        if sent > 0 {
            self.tx.hand_over_batch(last);
        }
        self.rx.announce();
        sent as usize
    }

    /// Returns how many frames can be exchanged within one run of both rings.
    #[inline(always)]
    fn next_run(&mut self) -> u32 {
        if self.rx.run_left == 0 {
            self.rx.renew();
        }
        if self.tx.run_left == 0 {
            self.tx.count_sent();
            self.tx.renew();
        }
        self.rx.run_left.min(self.tx.run_left)
    }

    /// Exchanges at most `most` good frames, within one run; returns how many.
    #[inline(always)]
    fn exchange(
        &mut self,
        most: u32,
        before: u32,
        last: &mut TxWord,
        look: &mut impl FnMut(&mut ForwardedFrame<'_>) -> bool,
    ) -> u32 {
        let (receive, send) =
            (self.rx.space.places.from(self.rx.head), self.tx.space.places.from(self.tx.next));
        let (behind, common) = (self.rx.space.places.from(self.rx.posted), self.tx.word);
        let passed = Place::walk(most, |at| {
            let done = receive.descriptor(at).peek();
            if !self.rx.is_good(done) {
                return false;
            }
            observe();
            // SAFETY: good. It moves into the transmit ring, or stays where it is.
            let mut frame = ManuallyDrop::new(unsafe { self.rx.finished(&receive, at, done) });
            let begun = (at.since(Place::FIRST), before);
            let goes_out = guarded(self, begun, |this| {
                if !look(&mut ForwardedFrame(&mut frame)) {
                    return false;
                }
                // SAFETY: each slot of the transmit ring holds a buffer, this one a spare one: it is free.
                // The spare one moves into the free slot behind those that are posted, as in
                // `RxRing::replace`, and is as large as the ring needs (`new`, and it was received into).
                unsafe { fill(&behind, &this.rx.dma, at, send.slot(at)) };
                // SAFETY: the slot was emptied just now; the frame's length is within the limit of the
                // sending port (`ForwardError::check`).
                *last = unsafe { place(&send, &this.tx.dma, at, &frame, common) };
                true
            });
            if !goes_out {
                self.dropping = true;
            }
            goes_out
        });
        self.count(passed);
        passed
    }

    /// Counts frames that passed, in both rings.
    #[inline(always)]
    fn count(&mut self, frames: u32) {
        self.rx.count_replaced(frames);
        self.tx.count_placed(frames);
    }

    /// Handles the next descriptor where it does not simply hold a good frame.
    #[inline(never)]
    fn exchange_exceptional(
        &mut self,
        before: u32,
        look: &mut impl FnMut(&mut ForwardedFrame<'_>) -> bool,
    ) -> Outcome {
        if core::mem::take(&mut self.dropping) {
            // SAFETY: `exchange` looked at the descriptor: it is done.
            unsafe { self.rx.post_again() };
            return Outcome::Dropped;
        }
        self.tx.count_sent();
        self.tx.renew();
        if self.tx.run_left == 0 {
            return Outcome::Nothing;
        }
        // SAFETY: the frame is counted, or forgotten while its buffer stays in the ring.
        match unsafe { self.rx.take_exceptional() } {
            Exceptional::Nothing => Outcome::Nothing,
            Exceptional::Dropped => Outcome::Dropped,
            Exceptional::Frame(mut frame) => {
                let (at, behind) =
                    (self.tx.space.places.at(self.tx.next), self.rx.space.places.at(self.rx.posted));
                let word = guarded(self, (0, before), |this| {
                    if !look(&mut ForwardedFrame(&mut frame)) {
                        return None;
                    }
                    let (receive, send) = (&this.rx.space.places, &this.tx.space.places);
                    // SAFETY: a spare buffer, since the ring is not full, and a free slot: as in `exchange`.
                    unsafe { fill(receive, &this.rx.dma, behind, send.slot(at)) };
                    // SAFETY: emptied just now; for the length see `exchange`.
                    Some(unsafe { place(send, &this.tx.dma, at, &frame, this.tx.word) })
                });
                let Some(word) = word else {
                    // SAFETY: `take_exceptional` found it done, and it is not counted yet.
                    unsafe { self.rx.post_again() };
                    return Outcome::Dropped;
                };
                self.rx.count_taken();
                self.rx.posted = self.rx.posted.wrapping_add(1);
                self.tx.count_placed(1);
                Outcome::Sent(word)
            }
        }
    }

    /// Returns the receive ring, for inspection.
    pub const fn receiving(&self) -> &RxRing<P> {
        &self.rx
    }

    /// Returns the transmit ring, for inspection.
    pub const fn sending(&self) -> &TxRing<P2> {
        &self.tx
    }

    /// Splits the forwarder into its rings, and puts the spare buffers into a pool.
    ///
    /// Frames under way stay in the transmit ring.
    ///
    /// # Errors
    ///
    /// [`ForwardError::NoRoom`] or [`ForwardError::BuffersTooLarge`] and the forwarder, if the pool does
    /// not take the spare buffers.
    pub fn split(
        mut self,
        pool: &mut BufferPool,
    ) -> Result<(RxRing<P>, TxRing<P2>), Refused<ForwardError, Self>> {
        self.tx.count_sent();
        let spare = self.tx.space.descriptors() as usize - self.tx.pending();
        if let Err(error) = ForwardError::check_split(&self.rx, pool, spare) {
            return Err(Refused::new(error, self));
        }
        let Self { mut rx, mut tx, .. } = self;
        rx.run_left = 0;
        // SAFETY: each slot beyond those under way holds a spare buffer, and the pool takes them.
        unsafe { tx.return_spares(pool) };
        Ok((rx, tx))
    }
}

impl<P: Platform, P2: Platform> Forwarder for Exchange<RxRing<P>, TxRing<P2>> {
    #[cold]
    fn cut_short(&mut self, passed: u32, before: u32) {
        self.count(passed);
        self.tx.hand_over_since(before);
        self.rx.announce();
    }
}
