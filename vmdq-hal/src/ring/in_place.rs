//! Forwarding in place: each buffer keeps its descriptor and is sent from where it was received.

use core::mem::ManuallyDrop;

use super::forward::{Forwarder, Outcome, guarded};
use super::memory::Place;
use super::rx::{ANNOUNCE_EVERY, fill};
use super::tx::describe;
use super::{BufferPool, ForwardError, ForwardedFrame, Frame, RxRing, TxRing};
use crate::dma::{DmaSpace, TxWord, observe};
use crate::platform::Platform;
use crate::refused::Refused;

/// A receive and a transmit ring, of one port or of two, that share the receive ring's buffers.
///
/// There is no pool and no burst, and no buffer moves.
///
/// This is the cheapest way to forward, for reflectors and bridges that pass nearly everything. Frames are
/// sent in the order in which they came, and **dropping one waits** until all before it are sent. Code that
/// drops or keeps frames uses [`Exchange`](super::Exchange) or bursts.
///
/// # Examples
///
/// ```
/// use vmdq_hal::ring::{InPlace, RxRing, TxRing};
/// use vmdq_hal::Platform;
///
/// fn reflect<P: Platform>(
///     forwarder: &mut InPlace<RxRing<P>, TxRing<P>>,
/// ) -> usize {
///     forwarder.forward(32, |frame| {
///         let (to, from) = frame.header_mut().split_at_mut(6);
///         to.swap_with_slice(&mut from[..6]);
///         true
///     })
/// }
/// ```
// The counters of the rings mean what they mean elsewhere, but for this: every slot of the receive
// ring holds a buffer. Those from `head` back, as many as are under way in the transmit ring, are
// being sent from; `posted` ends one before them, so that one descriptor is never announced. The slots of
// the transmit ring hold nothing.
#[must_use = "dropping it leaks its rings: split it"]
#[derive(Debug)]
pub struct InPlace<R, T> {
    rx: R,
    tx: T,
    /// Whether the next frame is to be dropped, as soon as all before it are sent.
    dropping: bool,
    /// Whether buffers were taken back since it was last looked at whether to announce them.
    took_back: bool,
}

impl<P: Platform, P2: Platform> InPlace<RxRing<P>, TxRing<P2>> {
    /// Joins two rings; `pool` gives a buffer for each receive descriptor that has none.
    ///
    /// # Errors
    ///
    /// As [`Exchange::new`](super::Exchange::new).
    pub fn new(
        mut rx: RxRing<P>,
        tx: TxRing<P2>,
        pool: &mut BufferPool,
    ) -> Result<Self, Refused<ForwardError, (RxRing<P>, TxRing<P2>)>> {
        if let Err(error) = ForwardError::check(&rx, &tx, pool, 1) {
            return Err(Refused::new(error, (rx, tx)));
        }
        rx.refill(pool);
        // SAFETY: the ring is full but for the one slot behind the last posted, and the pool has one
        // buffer more (checked above).
        unsafe { fill(&rx.space.places, &rx.dma, rx.space.places.at(rx.posted), pool.top().sub(1)) };
        // SAFETY: it was moved out.
        unsafe { pool.count_out(1) };
        Ok(Self { rx, tx, dropping: false, took_back: false })
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
        let mut left = most;
        let (before, mut last) = (self.tx.next, self.tx.word);
        // What is under way can't receive: the device keeps three quarters of the ring at least, if it
        // sends as fast as it receives.
        if self.tx.pending() as u32 * 4 >= self.rx.space.descriptors() {
            self.take_back();
        }
        // The short way out. With less than a quarter under way, the device has descriptors: see `announce`.
        if self.rx.nothing_finished() {
            if self.took_back {
                self.announce();
            }
            return 0;
        }
        while left > 0 {
            let run = if self.dropping { 0 } else { left.min(self.next_run() as usize) as u32 };
            let taken = self.pass(run, before, &mut last, &mut look);
            left -= taken as usize;
            if left > 0 && (taken < run || run == 0) {
                match self.pass_exceptional(before, &mut look) {
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
        // Once, however often something was taken back.
        if self.took_back {
            self.announce();
        }
        sent as usize
    }

    /// Takes back what was sent: the buffers are posted already and may be announced.
    #[inline(never)]
    fn take_back(&mut self) {
        let sent = self.tx.count_sent();
        for i in 0..sent {
            let place = self.rx.space.places.at(self.rx.posted.wrapping_add(1 + i));
            // SAFETY: every slot holds a buffer.
            let buffer = unsafe { self.rx.space.places.slot(place).as_ref() };
            // SAFETY: the frame in it was reported sent, and no receive descriptor of it is announced yet.
            unsafe { self.rx.dma.for_device(buffer.at(), buffer.capacity()) };
        }
        self.rx.posted = self.rx.posted.wrapping_add(sent);
        self.took_back = true;
    }

    /// Announces buffers that were taken back, if it is time to.
    ///
    /// Looked at only then, and until the next time a quarter of the ring may come to be under way: of the
    /// other three the device still knows half.
    #[inline(never)]
    fn announce(&mut self) {
        self.took_back = false;
        self.rx.announce_from(ANNOUNCE_EVERY.min(self.rx.space.descriptors() / 8 * 3));
    }

    /// Returns how many frames can pass within one run of both rings.
    #[inline(always)]
    fn next_run(&mut self) -> u32 {
        if self.rx.run_left == 0 {
            let visible = self.rx.announced.wrapping_sub(self.rx.head);
            self.rx.run_left =
                if self.rx.skipping { 0 } else { visible.min(self.rx.space.places.run(self.rx.head)) };
        }
        if self.tx.run_left == 0 {
            self.take_back();
            self.tx.renew();
        }
        self.rx.run_left.min(self.tx.run_left)
    }

    /// Lets at most `most` good frames pass, within one run; returns how many.
    #[inline(always)]
    fn pass(
        &mut self,
        most: u32,
        before: u32,
        last: &mut TxWord,
        look: &mut impl FnMut(&mut ForwardedFrame<'_>) -> bool,
    ) -> u32 {
        let (receive, send) =
            (self.rx.space.places.from(self.rx.head), self.tx.space.places.from(self.tx.next));
        let (common, judged) = (self.tx.word, self.rx.judged());
        let passed = Place::walk(most, |place| {
            let done = receive.descriptor(place).peek();
            if !self.rx.is_good_by(done, judged) {
                return false;
            }
            observe();
            // SAFETY: good. The buffer stays where it is, too: the frame is only shown.
            let mut frame = ManuallyDrop::new(unsafe { self.rx.finished(&receive, place, done) });
            let begun = (place.since(Place::FIRST), before);
            let goes_out = guarded(self, begun, |this| {
                let goes_out = look(&mut ForwardedFrame(&mut frame));
                if goes_out {
                    // SAFETY: no tail covers either descriptor. The buffer stays in its slot, and the receive
                    // tail does not cover it before the frame is reported sent (`take_back`). The length is
                    // within the limit of the sending port (`ForwardError::check`).
                    *last = unsafe { describe(&send, &this.tx.dma, place, &frame, common) };
                    // SAFETY: as above.
                    unsafe { receive.descriptor(place).post(frame.buffer().bus()) };
                }
                goes_out
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
        self.rx.head = self.rx.head.wrapping_add(frames);
        self.rx.run_left -= frames;
        self.tx.count_placed(frames);
    }

    /// Handles the next descriptor where it does not simply hold a good frame.
    #[inline(never)]
    fn pass_exceptional(
        &mut self,
        before: u32,
        look: &mut impl FnMut(&mut ForwardedFrame<'_>) -> bool,
    ) -> Outcome {
        self.take_back();
        let place = self.rx.space.places.at(self.rx.head);
        if self.rx.head == self.rx.announced || self.tx.room() == 0 {
            return Outcome::Nothing;
        }
        let Some(done) = self.rx.space.places.descriptor(place).written_back() else {
            return Outcome::Nothing;
        };
        observe();
        if !self.dropping {
            // SAFETY: done. The buffer stays where it is, too: the frame is only shown.
            let frame = unsafe { self.rx.examine(place, done) };
            let word = frame.and_then(|mut frame| {
                guarded(self, (0, before), |this| {
                    let to = this.tx.space.places.at(this.tx.next);
                    look(&mut ForwardedFrame(&mut frame)).then(|| {
                        // SAFETY: as in `pass`.
                        unsafe { describe(&this.tx.space.places, &this.tx.dma, to, &frame, this.tx.word) }
                    })
                })
            });
            if let Some(word) = word {
                self.tx.renew();
                self.tx.count_placed(1);
                self.leave(place);
                return Outcome::Sent(word);
            }
            self.dropping = true;
        }
        // A gap between what was received and what is sent, which is none once all is sent.
        if self.tx.pending() > 0 {
            return Outcome::Nothing;
        }
        self.dropping = false;
        // SAFETY: every slot holds a buffer.
        let buffer = unsafe { self.rx.space.places.slot(place).as_ref() };
        // SAFETY: the device wrote its descriptor back, and no receive descriptor of it is announced yet.
        // The caller looked at the frame and may have changed it.
        unsafe { self.rx.dma.for_device(buffer.at(), buffer.capacity()) };
        self.leave(place);
        self.rx.posted = self.rx.posted.wrapping_add(1);
        self.took_back = true;
        Outcome::Dropped
    }

    /// Prepares the descriptor at `head`, the buffer of which stays, and counts it.
    fn leave(&mut self, place: Place) {
        // SAFETY: every slot holds a buffer.
        let buffer = unsafe { self.rx.space.places.slot(place).as_ref() };
        // SAFETY: no tail covers the descriptor, nor will before the frame is sent or dropped.
        unsafe { self.rx.space.places.descriptor(place).post(buffer.bus()) };
        self.rx.count_taken();
    }

    /// Returns the receive ring, for inspection.
    pub const fn receiving(&self) -> &RxRing<P> {
        &self.rx
    }

    /// Returns the transmit ring, for inspection.
    pub const fn sending(&self) -> &TxRing<P2> {
        &self.tx
    }

    /// Splits the forwarder into its rings, and puts the one surplus buffer into a pool.
    ///
    /// Frames under way move into the transmit ring.
    ///
    /// # Errors
    ///
    /// [`ForwardError::NoRoom`] or [`ForwardError::BuffersTooLarge`] and the forwarder, if the pool does
    /// not take that buffer.
    pub fn split(
        mut self,
        pool: &mut BufferPool,
    ) -> Result<(RxRing<P>, TxRing<P2>), Refused<ForwardError, Self>> {
        self.take_back();
        self.announce();
        if let Err(error) = ForwardError::check_split(&self.rx, pool, 1) {
            return Err(Refused::new(error, self));
        }
        let Self { mut rx, tx, .. } = self;
        // SAFETY: every slot holds a buffer. This one is behind the last posted, and no more after.
        let spare = unsafe { rx.space.places.slot(rx.space.places.at(rx.posted)).read() };
        let put = pool.put(Frame::empty(spare));
        debug_assert!(put.is_ok(), "there is room");
        for i in 0..tx.pending() as u32 {
            let from = rx.space.places.at(rx.head.wrapping_sub(tx.pending() as u32).wrapping_add(i));
            // SAFETY: the frame under way is in this buffer.
            let buffer = unsafe { rx.space.places.slot(from).read() };
            // SAFETY: the slots of the transmit ring hold nothing.
            unsafe { tx.space.places.slot(tx.space.places.at(tx.clean.wrapping_add(i))).write(buffer) };
        }
        rx.run_left = 0;
        Ok((rx, tx))
    }
}

impl<P: Platform, P2: Platform> Forwarder for InPlace<RxRing<P>, TxRing<P2>> {
    #[cold]
    fn cut_short(&mut self, passed: u32, before: u32) {
        self.count(passed);
        self.tx.hand_over_since(before);
        self.announce();
    }
}
