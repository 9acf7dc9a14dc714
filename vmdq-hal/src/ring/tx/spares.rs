//! Spare buffers in a transmit ring's slots, for forwarders, which keep the buffers of sent frames there.

use super::TxRing;
use crate::platform::Platform;
use crate::ring::{BufferPool, Frame};

impl<P: Platform> TxRing<P> {
    /// Counts frames that are sent as reclaimed, and leaves their buffers where they are; returns how
    /// many.
    #[inline]
    pub(in crate::ring) fn count_sent(&mut self) -> u32 {
        self.reclaim_reported(|_, clean, run| *clean = clean.wrapping_add(run)) as u32
    }

    /// Puts a buffer of the pool into each slot.
    ///
    /// # Safety
    ///
    /// The ring is empty, and the pool has as many buffers.
    pub(in crate::ring) unsafe fn add_spares(&mut self, pool: &mut BufferPool) {
        let count = self.space.descriptors();
        // SAFETY: the slots are adjacent and are free, and that many buffers are in the
        // pool (caller).
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
    pub(in crate::ring) unsafe fn return_spares(&mut self, pool: &mut BufferPool) {
        for i in self.pending() as u32..self.space.descriptors() {
            let slot = self.space.places.slot(self.space.places.at(self.clean.wrapping_add(i)));
            // SAFETY: not under way, so a spare buffer (caller); read once.
            let lost = pool.put(Frame::empty(unsafe { slot.read() })).is_err();
            debug_assert!(!lost, "the pool has room");
        }
    }
}
