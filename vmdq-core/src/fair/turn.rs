//! Round robin: turns of frames.
//!
//! A set of bits says who is active, and a mask who comes after the last that was picked; the lowest
//! bit in both is next. With more members than a word has bits there is a word for each 64 of them, and
//! one more that says which of these are not empty. Nobody is searched for, so a pick costs the same
//! whoever is active.
#![forbid(unsafe_code)]

/// Round robin over active members, in constant time.
///
/// There are at most 64 members for each of `WORDS`, and at most 64 words.
///
/// # Examples
///
/// ```
/// use vmdq_core::fair::RoundRobin;
///
/// let mut turn = RoundRobin::new();
/// turn.activate(3);
/// turn.activate(7);
/// assert_eq!([turn.pick(), turn.pick(), turn.pick()], [Some(3), Some(7), Some(3)]);
/// turn.deactivate(7);
/// assert_eq!(turn.pick(), Some(3));
/// ```
///
/// With 256 members; a pick costs about twice as much:
///
/// ```
/// use vmdq_core::fair::RoundRobin;
///
/// let mut turn = RoundRobin::<4>::wide();
/// turn.activate(3);
/// turn.activate(255);
/// assert_eq!([turn.pick(), turn.pick(), turn.pick()], [Some(3), Some(255), Some(3)]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RoundRobin<const WORDS: usize = 1> {
    active: [u64; WORDS],
    /// Members of the word `at` after the one that was picked last: theirs is the next turn.
    ahead: u64,
    /// The words that are not empty. Not kept where there is one word.
    words: u64,
    /// The word of the member that was picked last.
    at: usize,
}

impl RoundRobin {
    /// Makes a turn of at most 64 members, none of them active.
    #[must_use]
    pub const fn new() -> Self {
        Self::wide()
    }
}

impl<const WORDS: usize> RoundRobin<WORDS> {
    const CHECKED: () = assert!(WORDS >= 1 && WORDS <= 64, "a turn has 1 to 64 words, of 64 members each");

    /// How many members there can be.
    pub const MEMBERS: usize = 64 * WORDS;

    /// Makes a turn of at most 64 times `WORDS` members, none of them active.
    #[must_use]
    pub const fn wide() -> Self {
        const { Self::CHECKED };
        Self { active: [0; WORDS], ahead: u64::MAX, words: 0, at: 0 }
    }

    /// Says that a member has something to send. A number from [`MEMBERS`](Self::MEMBERS) on is
    /// nobody's and ignored.
    #[inline]
    pub const fn activate(&mut self, member: usize) {
        if member < Self::MEMBERS {
            self.active[member / 64] |= 1 << (member % 64);
            if WORDS > 1 {
                self.words |= 1 << (member / 64);
            }
        }
    }

    /// Says that a member has nothing to send.
    #[inline]
    pub const fn deactivate(&mut self, member: usize) {
        if member < Self::MEMBERS {
            self.active[member / 64] &= !(1 << (member % 64));
            if WORDS > 1 && self.active[member / 64] == 0 {
                self.words &= !(1 << (member / 64));
            }
        }
    }

    /// Tells whether a member has something to send.
    #[inline]
    #[must_use]
    pub const fn is_active(&self, member: usize) -> bool {
        member < Self::MEMBERS && self.active[member / 64] >> (member % 64) & 1 != 0
    }

    /// Picks the active member whose turn it is: the first one after the last that was picked.
    #[inline]
    pub const fn pick(&mut self) -> Option<usize> {
        let mut at = if WORDS == 1 { 0 } else { self.at };
        if at >= WORDS {
            return None;
        }
        let mut from = self.active[at] & self.ahead;
        if from == 0 {
            if WORDS > 1 {
                // The words behind, then all from the first on, this one's beginning among them.
                let ahead = self.words & above(at as u32);
                let words = if ahead != 0 { ahead } else { self.words };
                at = words.trailing_zeros() as usize;
                if at >= WORDS {
                    return None;
                }
                self.at = at;
            }
            from = self.active[at];
            if from == 0 {
                return None;
            }
        }
        let bit = from.trailing_zeros();
        self.ahead = above(bit);
        Some(64 * at + bit as usize)
    }
}

impl<const WORDS: usize> Default for RoundRobin<WORDS> {
    fn default() -> Self {
        Self::wide()
    }
}

/// Returns the bits above one.
#[inline(always)]
const fn above(bit: u32) -> u64 {
    // Two shifts: one by all bits is not defined.
    (u64::MAX << bit) << 1
}

#[cfg(test)]
mod tests {
    use super::RoundRobin;

    #[test]
    fn every_active_member_gets_each_round() {
        let mut turn = RoundRobin::new();
        for member in [0, 5, 31, 63] {
            turn.activate(member);
        }
        for _ in 0..3 {
            for member in [0, 5, 31, 63] {
                assert_eq!(turn.pick(), Some(member));
            }
        }
    }

    #[test]
    fn a_newcomer_waits_for_its_turn() {
        let mut turn = RoundRobin::new();
        turn.activate(4);
        assert_eq!(turn.pick(), Some(4));
        turn.activate(2);
        turn.activate(9);
        assert_eq!([turn.pick(), turn.pick(), turn.pick()], [Some(9), Some(2), Some(4)]);
    }

    #[test]
    fn nobody_active_nobody_picked() {
        let mut turn = RoundRobin::new();
        assert_eq!(turn.pick(), None);
        turn.activate(64);
        assert_eq!(turn.pick(), None);
        turn.activate(1);
        turn.deactivate(1);
        assert_eq!(turn.pick(), None);
    }
}
