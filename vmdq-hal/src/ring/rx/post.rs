//! Posting buffers, and announcing them to the device.

use core::ptr::NonNull;

use super::RxRing;
use crate::bus::Bus;
use crate::dma::{DmaSpace, publish};
use crate::platform::Platform;
use crate::ring::memory::{Place, Places};
use crate::ring::{Buffer, BufferPool, Frame};

/// How many descriptors are prepared before one register write announces them to the device.
pub(crate) const ANNOUNCE_EVERY: u32 = 32;

impl<P: Platform> RxRing<P> {
    /// Posts buffers of the pool until the ring is full or the pool is empty; returns how many.
    ///
    /// Writes the tail at most once: when 32 posted buffers are not announced, when fewer than half of the
    /// posted ones are announced, or when fewer than 32 are posted and not all are announced; see
    /// [`flush`](Self::flush). A pool whose buffers are smaller than
    /// the ring's posts nothing. A caller that receives in small bursts saves work by calling it only when
    /// some are [`missing`](Self::missing).
    #[inline]
    pub fn refill(&mut self, pool: &mut BufferPool) -> usize {
        let count = if pool.size() < self.size { 0 } else { self.missing().min(pool.len()) as u32 };
        let mut left = count;
        while left > 0 {
            let run = left.min(self.space.places.run(self.posted));
            let mut place = self.space.places.at(self.posted);
            let mut fresh = pool.top();
            for _ in 0..run {
                // SAFETY: at least `run` buffers are in the pool.
                fresh = unsafe { fresh.sub(1) };
                // SAFETY: the buffer moves into a slot that is free: fewer than `mask` are posted.
                unsafe { fill(&self.space.places, &self.dma, place, fresh) };
                place = place.next();
            }
            // SAFETY: that many were moved out.
            unsafe { pool.count_out(run) };
            self.posted = self.posted.wrapping_add(run);
            left -= run;
        }
        self.run_left = 0;
        self.announce_posted();
        count as usize
    }

    /// Posts one buffer; the frame in it is forgotten.
    ///
    /// # Errors
    ///
    /// Gives the frame back if the ring is full or the buffer smaller than the ring's. The buffer is
    /// announced as with [`refill`](Self::refill).
    pub fn post_one(&mut self, frame: Frame) -> Result<(), Frame> {
        if self.missing() == 0 || frame.buffer().is_smaller_than(self.size) {
            return Err(frame);
        }
        self.post(frame.into_buffer());
        self.announce_posted();
        Ok(())
    }

    /// Announces all posted buffers to the device, by one register write if any are not announced.
    ///
    /// Call it for a ring that will not be refilled for a while: up to 31 posted buffers may not be announced.
    pub fn flush(&mut self) {
        if self.posted != self.announced {
            self.announce_all();
        }
    }

    /// Puts a buffer into the ring. One descriptor is free and the buffer large enough (callers).
    pub(crate) fn post(&mut self, buffer: Buffer) {
        let place = self.space.places.at(self.posted);
        // SAFETY: the slot is free: `posted - head < mask`.
        unsafe { fill(&self.space.places, &self.dma, place, NonNull::from(&buffer)) };
        self.posted = self.posted.wrapping_add(1);
        self.run_left = 0;
    }

    /// Announces posted buffers after some were posted; all of them while they are few, since each is needed.
    #[inline(always)]
    pub(crate) fn announce_posted(&mut self) {
        if self.posted.wrapping_sub(self.head) < ANNOUNCE_EVERY {
            self.flush();
        } else {
            self.announce();
        }
    }

    /// Announces posted buffers to the device, if it is time to.
    #[inline(always)]
    pub(crate) fn announce(&mut self) {
        self.announce_from(ANNOUNCE_EVERY);
    }

    /// Announces posted buffers, if at least `least` are new or more than the device knows of.
    #[inline(always)]
    pub(crate) fn announce_from(&mut self, least: u32) {
        let unannounced = self.posted.wrapping_sub(self.announced);
        let announced = self.announced.wrapping_sub(self.head);
        if unannounced >= least || unannounced > announced {
            self.announce_all();
        }
    }

    /// Announces all posted buffers to the device.
    #[inline(always)]
    pub(crate) fn announce_all(&mut self) {
        self.announced = self.posted;
        // The descriptors must be in memory before the device fetches them.
        publish();
        // SAFETY: the device may use the buffers up to the tail: all are posted and owned by the ring.
        unsafe { self.bus.write32(self.tail, self.posted & self.mask()) };
    }
}

/// Moves a buffer into a slot and writes its receive descriptor.
///
/// # Safety
///
/// `from` holds a buffer, which is moved out, the slot is free, and no tail covers the descriptor.
#[inline(always)]
pub(crate) unsafe fn fill<D: DmaSpace>(places: &Places, dma: &D, place: Place, from: NonNull<Buffer>) {
    // SAFETY: there is a buffer, and the slot is free (caller).
    unsafe { places.slot(place).copy_from_nonoverlapping(from, 1) };
    // SAFETY: the buffer's bits are still there.
    let buffer = unsafe { from.as_ref() };
    // SAFETY: a mapped buffer, which the caller owned and no tail covers.
    unsafe { dma.for_device(buffer.at(), buffer.capacity()) };
    // SAFETY: the buffer belongs to the ring from here on: it stays in the slot until the descriptor is
    // seen done.
    unsafe { places.descriptor(place).post(buffer.bus()) };
}
