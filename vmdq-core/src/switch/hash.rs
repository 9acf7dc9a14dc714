//! The hash of both address tables.
//!
//! Two multiplications by odd numbers that are drawn from a seed, with folds between. One
//! (multiply-shift) would bound how often two addresses collide, but lays addresses that count up, as
//! those of virtual machines do, close together for some seeds. An attacker who does not know the seed
//! can't tell which addresses share a place, and hits one of `n` places with a chance of about `1 / n`. With
//! a seed that is fixed in the program, addresses that collide can be computed beforehand.
#![forbid(unsafe_code)]

#[derive(Clone, Copy)]
pub(super) struct Hash {
    first: u64,
    second: u64,
}

impl Hash {
    pub(super) const fn new(seed: u64) -> Self {
        let first = draw(seed);
        Self { first: first | 1, second: draw(first) | 1 }
    }

    /// Returns a place among `places`, at most 2^32.
    #[inline(always)]
    pub(super) const fn place(self, key: u64, places: usize) -> usize {
        let product = (key ^ key >> 32).wrapping_mul(self.first);
        let mixed = (product ^ product >> 32).wrapping_mul(self.second);
        // The upper half scaled: for a power of two, its upper bits.
        (((mixed >> 32) * places as u64) >> 32) as usize
    }
}

/// One step of SplitMix64, so that seeds such as 0, 1 and 2 do.
const fn draw(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

#[cfg(test)]
mod tests {
    use super::Hash;

    /// Addresses that count up, in the last byte or the second last, with any seed: no place gets
    /// many more than its part.
    #[test]
    fn consecutive_addresses_spread() {
        for seed in 0..1000 {
            for step in [1u64 << 40, 1 << 32, 1 << 48, 1 << 33, 1] {
                let hash = Hash::new(seed);
                let mut hits = [0u8; 64];
                (0..256).for_each(|n| hits[hash.place(n * step + 0x1234_5602, 64)] += 1);
                // 4 on average. By chance one place in 10^9 gets more than 20.
                assert!(hits.iter().all(|hits| *hits <= 20), "{seed} {step:x} {hits:?}");
            }
        }
    }
}
