//! Taking frames and posting a buffer for each in one pass.

use core::ptr::NonNull;

use super::take::end_of;
use super::{ANNOUNCE_EVERY, RxRing, fill};
use crate::dma::{observe, status};
use crate::platform::Platform;
use crate::ring::memory::Place;
use crate::ring::{Buffer, BufferPool, Burst, Frame};

impl<P: Platform> RxRing<P> {
    /// Takes finished frames as [`receive_most`](Self::receive_most) does, and posts a buffer for each.
    ///
    /// The buffers come from the pool. This costs less than a [`refill`](Self::refill) afterwards.
    ///
    /// Buffers that the pool lacks stay [`missing`](Self::missing) until a later call finds some.
    #[inline]
    pub fn receive_replacing<const N: usize>(
        &mut self,
        burst: &mut Burst<N>,
        most: usize,
        pool: &mut BufferPool,
    ) -> usize {
        let before = burst.len();
        let most = most.min(N - before) as u32;
        if pool.size() >= self.size {
            let count = most.min(self.run_left).min(pool.len() as u32);
            // SAFETY: that many places of the burst are free, that many buffers are in the pool, and
            // `count` is within `run_left`.
            let taken = unsafe { self.replace(end_of(burst), count, pool) };
            // SAFETY: that many were written behind the last one.
            unsafe { burst.set_len(before + taken as usize) };
            // While a run is left, none is missing: see `receive_on`.
            if taken == most || (taken < count && self.nothing_finished()) {
                self.announce_if_due();
                return taken as usize;
            }
        }
        self.receive_on(burst, most as usize - (burst.len() - before), pool);
        burst.len() - before
    }

    /// Goes on where [`receive_replacing`](Self::receive_replacing) must look at the whole ring.
    #[inline(never)]
    fn receive_on<const N: usize>(&mut self, burst: &mut Burst<N>, most: usize, pool: &mut BufferPool) {
        let end = burst.len() + most;
        let mut count = 1;
        // At the end of a run there may be more.
        while pool.size() >= self.size && burst.len() < end && self.run_left == 0 && count > 0 {
            self.renew();
            count = ((end - burst.len()) as u32).min(self.run_left).min(pool.len() as u32);
            // SAFETY: as in `receive_replacing`.
            let taken = unsafe { self.replace(end_of(burst), count, pool) };
            // SAFETY: that many were written behind the last one.
            unsafe { burst.set_len(burst.len() + taken as usize) };
        }
        if burst.len() < end && !self.nothing_finished() {
            self.take_most(burst, end - burst.len());
        }
        // No run is begun as long as some are missing, so that the next call comes here again.
        if self.missing() > 0 {
            self.refill(pool);
        } else {
            self.announce_posted();
        }
    }

    /// Takes a finished frame, if there is one, and posts a buffer of the pool for it.
    ///
    /// As [`receive_replacing`](Self::receive_replacing), for callers that work on one frame at a time:
    /// without the cost of a burst.
    #[inline]
    pub fn receive_one(&mut self, pool: &mut BufferPool) -> Option<Frame> {
        if self.run_left > 0 && !pool.is_empty() && pool.size() >= self.size {
            let place = self.space.places.at(self.head);
            let done = self.space.places.descriptor(place).peek();
            if done.status() & status::DD == 0 {
                self.announce_if_due();
                return None;
            }
            if self.is_good(done) {
                observe();
                // SAFETY: as in `good_frames`.
                let frame = unsafe { self.finished(&self.space.places, place, done) };
                // SAFETY: as in `replace`: there is a buffer, and a slot is free.
                unsafe {
                    fill(&self.space.places, &self.dma, self.space.places.at(self.posted), pool.top().sub(1))
                };
                // SAFETY: it was moved out.
                unsafe { pool.count_out(1) };
                self.count_replaced(1);
                self.announce_if_due();
                return Some(frame);
            }
        }
        self.receive_one_on(pool)
    }

    /// Goes on where [`receive_one`](Self::receive_one) must look at the whole ring.
    #[inline(never)]
    fn receive_one_on(&mut self, pool: &mut BufferPool) -> Option<Frame> {
        let mut burst = Burst::<1>::new();
        self.receive_on(&mut burst, 1, pool);
        burst.pop()
    }

    /// Announces posted buffers after frames were replaced, if enough are waiting.
    #[inline(always)]
    fn announce_if_due(&mut self) {
        if self.posted.wrapping_sub(self.announced) >= self.announce_at {
            self.announce_all();
        }
    }

    /// Moves at most `count` good frames to `out` and posts as many buffers; returns how many.
    ///
    /// # Safety
    ///
    /// There is room for `count` frames at `out`, the pool has as many buffers, and `count` is within
    /// `run_left`.
    #[inline(always)]
    unsafe fn replace(&mut self, out: *mut Frame, count: u32, pool: &mut BufferPool) -> u32 {
        let behind = self.space.places.from(self.posted);
        let (fresh, begun) = (pool.top(), 0);
        let mut batch = Replacing { ring: self, pool, fresh, begun };
        let ring = &*batch.ring;
        // SAFETY: room (caller). `run_left` says that `count` descriptors are the device's, and that
        // neither run ends. A buffer moves into the slot behind the last that is posted, of which one
        // is free before a frame is taken and so one after each.
        let taken = unsafe {
            ring.good_frames(out, count, |place| {
                batch.begun = place.since(Place::FIRST) + 1;
                let from = batch.fresh.sub(1);
                fill(&behind, &ring.dma, place, from);
                batch.fresh = from;
            })
        };
        core::mem::forget(batch);
        // SAFETY: that many were moved out.
        unsafe { pool.count_out(taken) };
        self.count_replaced(taken);
        taken
    }

    /// Counts frames that were taken, and as many buffers posted.
    #[inline(always)]
    pub(crate) fn count_replaced(&mut self, count: u32) {
        self.head = self.head.wrapping_add(count);
        self.posted = self.posted.wrapping_add(count);
        self.run_left -= count;
    }

    /// Finds out how many frames can be taken and replaced within one run.
    pub(crate) fn renew(&mut self) {
        let visible = self.announced.wrapping_sub(self.head);
        let runs = self.space.places.run(self.head).min(self.space.places.run(self.posted));
        self.run_left = if self.skipping { 0 } else { visible.min(runs) };
        // While frames are replaced, as many buffers are posted as now: see `announce_posted`.
        let posted = self.posted() as u32;
        self.announce_at = if posted < ANNOUNCE_EVERY { 1 } else { ANNOUNCE_EVERY.min(posted / 2 + 1) };
    }
}

/// A batch of frames that are being replaced, and nothing of it counted yet.
///
/// Only a platform that breaks its word and panics ends it by a drop. A buffer must not be in two places
/// then, in the ring and in the pool: frames that were moved out and not returned are lost instead.
struct Replacing<'r, P: Platform> {
    ring: &'r mut RxRing<P>,
    pool: &'r mut BufferPool,
    /// One past the next buffer of the pool: those from here on are in the ring.
    fresh: NonNull<Buffer>,
    /// How many frames were moved out.
    begun: u32,
}

impl<P: Platform> Drop for Replacing<'_, P> {
    // Inlined, so that nothing points to the value, which is thereby free.
    #[inline(always)]
    fn drop(&mut self) {
        cut_short(self.ring, self.pool, self.fresh, self.begun);
    }
}

/// Counts what a batch did that was cut short: `begun` frames are out, and as many buffers in as the
/// pool is short of those from `fresh` on.
#[cold]
fn cut_short<P: Platform>(ring: &mut RxRing<P>, pool: &mut BufferPool, fresh: NonNull<Buffer>, begun: u32) {
    // SAFETY: both point into the pool's memory, `fresh` at or below the top.
    let filled = unsafe { pool.top().offset_from(fresh) } as u32;
    // SAFETY: that many were moved into the ring.
    unsafe { pool.count_out(filled) };
    ring.head = ring.head.wrapping_add(begun);
    ring.posted = ring.posted.wrapping_add(filled);
    ring.run_left = 0;
}
