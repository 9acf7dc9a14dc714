//! Taking buffers back that were sent from.

use super::TxRing;
use crate::dma::observe;
use crate::platform::Platform;
use crate::ring::memory::RingSpace;
use crate::ring::{BufferPool, Frame};

/// How far ahead reclaiming looks first, in frames.
const LOOK_AHEAD: u32 = 32;

impl<P: Platform> TxRing<P> {
    /// Puts the buffers of sent frames back into the pool; returns how many.
    ///
    /// Reads no register. Stops early when the pool takes no more; what is left comes next time.
    /// A caller that sends in small bursts saves work by calling it only when many are
    /// [`pending`](Self::pending).
    // Not worth a place in the caller's code: it is called for many frames at once.
    #[inline(never)]
    pub fn reclaim(&mut self, pool: &mut BufferPool) -> usize {
        self.reclaim_reported(|space, clean, run| {
            // SAFETY: `run` places from here on hold buffers and are adjacent; they are
            // counted out as far as they were put.
            let put = unsafe { pool.put_many(space.places.slot(space.places.at(*clean)), run) };
            *clean = clean.wrapping_add(put);
        })
    }

    /// Gives the buffers of sent frames to `put`, as empty frames; returns how many.
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

    /// Calls `take` for buffers of frames that are sent, with the counter of the first and how many lie
    /// one behind the other; `take` moves buffers out in order and counts them. Ends at a report that
    /// is not seen, or when not all were taken.
    #[inline(always)]
    pub(super) fn reclaim_reported(&mut self, mut take: impl FnMut(&RingSpace, &mut u32, u32)) -> usize {
        let begin = self.clean;
        while let Some((reports, end)) = self.seen_report() {
            // The buffers may be used again only after the report was seen.
            observe();
            while self.clean != end {
                let run = end.wrapping_sub(self.clean).min(self.space.places.run(self.clean));
                let before = self.clean;
                take(&self.space, &mut self.clean, run);
                if self.clean.wrapping_sub(before) != run {
                    // The report is seen again next time.
                    self.forget_passed();
                    return self.clean.wrapping_sub(begin) as usize;
                }
            }
            self.first_report = self.first_report.wrapping_add(reports);
        }
        self.clean.wrapping_sub(begin) as usize
    }

    /// Forgets reports on frames that are reclaimed, so that no more are under way than frames.
    #[cold]
    fn forget_passed(&mut self) {
        while self.first_report != self.next_report && self.report(1).is_none() {
            self.first_report = self.first_report.wrapping_add(1);
        }
    }

    /// Returns the counter of the frame on which the `count`th report was asked for, unless that is
    /// reclaimed. That many reports were asked for and not settled.
    #[inline(always)]
    fn report(&self, count: u32) -> Option<u32> {
        let report = self.space.note(self.first_report.wrapping_add(count - 1));
        // SAFETY: it was asked for, so it was written.
        let last = unsafe { report.read() };
        (last.wrapping_sub(self.clean) < self.pending() as u32).then_some(last)
    }

    /// Tells whether the device has reported frames that are not reclaimed.
    pub(super) fn is_reported(&self) -> bool {
        self.seen_report().is_some()
    }

    /// Looks for a report that the device has made: at one that lies ahead first, since frames are sent
    /// in order and a report covers all before it, then at the nearest. Returns how many reports that
    /// settles, and the counter behind the frame that was reported.
    #[inline(always)]
    fn seen_report(&self) -> Option<(u32, u32)> {
        let ahead = self.next_report.wrapping_sub(self.first_report).min(LOOK_AHEAD);
        let seen = |count: u32| {
            // A report that was left behind (`put` panicked) must not be taken for one that a later
            // frame in the same descriptor asked for.
            let Some(last) = self.report(count) else { return Some((count, self.clean)) };
            let sent = self.space.places.descriptor(self.space.places.at(last)).sent();
            sent.then_some((count, last.wrapping_add(1)))
        };
        if ahead == 0 {
            return None;
        }
        seen(ahead).or_else(|| if ahead > 1 { seen(1) } else { None })
    }
}
