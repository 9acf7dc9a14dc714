//! The hash of both address tables.
//!
//! Multiply-shift with an odd multiplier that is drawn from a seed: whoever does not know the seed
//! and chooses two addresses makes them collide among `n` places with a chance of at most `2 / n`
//! (Dietzfelbinger et al., 1997). With a seed that is fixed in the program the distribution is
//! the same, but addresses that collide can be computed beforehand.
#![forbid(unsafe_code)]

#[derive(Clone, Copy)]
pub(super) struct Hash(u64);

impl Hash {
    /// Draws a multiplier (SplitMix64, so that seeds such as 0, 1, 2 do).
    pub(super) const fn new(seed: u64) -> Self {
        let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self(z ^ z >> 31 | 1)
    }

    /// Returns a place among `places`, at most 2^32.
    #[inline(always)]
    pub(super) const fn place(self, key: u64, places: usize) -> usize {
        // The upper half of the product scaled: for a power of two, its upper bits.
        (((key.wrapping_mul(self.0) >> 32) * places as u64) >> 32) as usize
    }
}
