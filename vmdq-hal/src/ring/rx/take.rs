//! Taking frames out of a receive ring.

use core::mem::ManuallyDrop;

use super::{Exceptional, RxRing};
use crate::dma::{DmaSpace, WriteBack, observe, status};
use crate::platform::Platform;
use crate::ring::memory::{Place, Places};
use crate::ring::{Burst, Frame};
use vmdq_core::FrameLimit;

impl<P: Platform> RxRing<P> {
    /// Takes finished frames until the burst is full or no more are finished; returns how many.
    ///
    /// Reads no register, and writes none unless nothing is finished and the device is short of
    /// buffers that are posted but not announced. Each descriptor is read once, and what the device claims
    /// is checked against what was posted: a claim that can't be true costs the frame and is
    /// counted.
    #[inline]
    pub fn receive<const N: usize>(&mut self, burst: &mut Burst<N>) -> usize {
        self.receive_most(burst, N)
    }

    /// Takes finished frames until the burst is full, `most` are taken or no more are finished;
    /// returns how many. As [`receive`](Self::receive).
    #[inline]
    pub fn receive_most<const N: usize>(&mut self, burst: &mut Burst<N>, most: usize) -> usize {
        let taken = self.take_most(burst, most);
        if taken == 0 {
            // The next refill may be a while away; what is posted must be announced.
            self.announce();
        }
        taken
    }

    /// Takes as [`receive_most`](Self::receive_most) does, and writes no register.
    #[inline(always)]
    pub(crate) fn take_most<const N: usize>(&mut self, burst: &mut Burst<N>, most: usize) -> usize {
        let before = burst.len();
        let mut left = most.min(N - before) as u32;
        self.run_left = 0;
        while left > 0 {
            // Beyond `announced` the device was given nothing; a done bit there is a lie.
            let visible = if self.skipping { 0 } else { self.announced.wrapping_sub(self.head) };
            let run = left.min(visible).min(self.space.places.run(self.head));
            // SAFETY: `left` places of the burst are free, and `run` descriptors are the device's and
            // are adjacent.
            let taken = unsafe { self.take_good(end_of(burst), run, |_| ()) };
            // SAFETY: that many frames were written behind the last one.
            unsafe { burst.set_len(burst.len() + taken as usize) };
            left -= taken;
            if taken < run || run == 0 {
                if self.nothing_finished() {
                    break;
                }
                // SAFETY: the frame is counted.
                match unsafe { self.take_exceptional() } {
                    Exceptional::Nothing => break,
                    Exceptional::Dropped => {}
                    Exceptional::Frame(frame) => {
                        self.count_taken();
                        // SAFETY: `left` places are free.
                        unsafe { burst.push_unchecked(ManuallyDrop::into_inner(frame)) };
                        left -= 1;
                    }
                }
            }
        }
        burst.len() - before
    }

    /// Tells whether the next descriptor is not done: the short way out of an empty poll.
    #[inline(always)]
    pub(crate) fn nothing_finished(&self) -> bool {
        !self.space.places.descriptor(self.space.places.at(self.head)).is_done()
    }

    /// Takes at most `most` good frames; as `good_frames`, but counts them.
    #[inline(always)]
    unsafe fn take_good(&mut self, out: *mut Frame, most: u32, then: impl FnMut(Place)) -> u32 {
        // SAFETY: the caller's promise.
        let taken = unsafe { self.good_frames(out, most, then) };
        self.head = self.head.wrapping_add(taken);
        taken
    }

    /// Moves at most `most` good frames out, and calls `then` after each with its place in the run from
    /// `head` on; stops at the first descriptor that is not done or not good. Returns how many; the
    /// caller counts them.
    ///
    /// # Safety
    ///
    /// There is room for `most` frames at `out`. As many descriptors from `head` on are the device's
    /// and are adjacent. `then` fills no slots but of frames that were moved out.
    #[inline(always)]
    pub(crate) unsafe fn good_frames(
        &self,
        mut out: *mut Frame,
        most: u32,
        mut then: impl FnMut(Place),
    ) -> u32 {
        let places = self.space.places.from(self.head);
        // A copy, since what is reached through the ring is read again after each frame that is written.
        let judged = self.judged();
        Place::walk(most, |place| {
            let done = places.descriptor(place).peek();
            if !self.is_good_by(done, judged) {
                return false;
            }
            observe();
            // SAFETY: good, and the caller counts the descriptor. There is room (caller).
            unsafe { out.write(self.finished(&places, place, done)) };
            // SAFETY: inside the room, or at its end.
            out = unsafe { out.add(1) };
            then(place);
            true
        })
    }

    /// Tells whether a descriptor is done and simply holds a good frame.
    #[inline(always)]
    pub(crate) fn is_good(&self, done: WriteBack) -> bool {
        self.is_good_by(done, self.judged())
    }

    /// As [`is_good`](Self::is_good), with a copy of [`judged`](Self::judged).
    #[inline(always)]
    pub(crate) fn is_good_by(&self, done: WriteBack, judged: u32) -> bool {
        let good = status::DD | status::EOP;
        // One comparison of lengths does: below the shortest it wraps around, and within the limit is
        // within every posted buffer.
        let beyond_shortest = done.length().wrapping_sub(FrameLimit::SHORTEST);
        done.status() & judged == good && beyond_shortest <= self.span
    }

    /// Moves the buffer of a descriptor out of its slot, as the frame that the device reports.
    ///
    /// # Safety
    ///
    /// The descriptor is good, so that its slot holds a posted buffer, which moves out as the caller
    /// counts the descriptor.
    #[inline(always)]
    pub(crate) unsafe fn finished(&self, places: &Places, place: Place, done: WriteBack) -> Frame {
        // SAFETY: the caller's promise.
        let buffer = unsafe { places.slot(place).read() };
        // SAFETY: the device wrote the descriptor back: the buffer is the ring's, and so long (`is_good`).
        unsafe { self.dma.for_cpu(buffer.at(), usize::from(done.length())) };
        // SAFETY: the length is within the limit, and that within every posted buffer
        // (`FrameLimit::fits`).
        unsafe { Frame::received(buffer, done) }
    }
}

/// Points behind the last frame of a burst.
#[inline(always)]
pub(crate) fn end_of<const N: usize>(burst: &mut Burst<N>) -> *mut Frame {
    let len = burst.len();
    // SAFETY: at most one past the last place.
    unsafe { burst.as_mut_ptr().add(len) }
}
