//! A record of which frames of a queue are still in it.
//!
//! A ring sends in order and says only how many frames it has sent. So frames are numbered as they
//! are put in, and a number is out when that many have come out. Nothing is kept for a frame.
#![forbid(unsafe_code)]

/// Counts frames into a queue and out of it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Passage {
    put: u64,
    out: u64,
}

impl Passage {
    pub(super) const NEW: Self = Self { put: 0, out: 0 };

    /// Counts a frame in; returns its number, from 1 on.
    #[inline(always)]
    pub(super) const fn enter(&mut self) -> u64 {
        self.put += 1;
        self.put
    }

    /// Counts frames out, at most those that are in.
    #[inline]
    pub(super) fn leave(&mut self, frames: usize) {
        self.out += (frames as u64).min(self.under_way());
    }

    /// Takes the last frames back that were counted in, at most those that are in.
    ///
    /// Their numbers are reused, so a holder of one waits at most for another's frame.
    #[inline]
    pub(super) fn withdraw(&mut self, frames: usize) {
        self.put -= (frames as u64).min(self.under_way());
    }

    /// Counts all frames out.
    pub(super) const fn flush(&mut self) {
        self.out = self.put;
    }

    /// Tells whether a frame and all before it are out. Number 0 always is.
    #[inline(always)]
    pub(super) const fn passed(&self, number: u64) -> bool {
        number <= self.out || self.out == self.put
    }

    /// How many frames are in.
    #[inline(always)]
    pub(super) const fn under_way(&self) -> u64 {
        self.put - self.out
    }
}
