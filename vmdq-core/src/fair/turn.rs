//! Round robin: frames in turn.
//!
//! A set of bits says who is active, another who comes after the last that was picked; the lowest
//! bit in both is next. Nobody is searched for, so a pick costs the same whoever is active.
#![forbid(unsafe_code)]

/// Defines a turn on one word.
macro_rules! turn {
    ($(#[$doc:meta])* $name:ident, $word:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $name {
            active: $word,
            /// Members after the one that was picked last: theirs is the next turn.
            ahead: $word,
        }

        impl $name {
            /// How many members there can be.
            pub const MEMBERS: usize = <$word>::BITS as usize;

            /// Makes a turn without active members.
            #[must_use]
            pub const fn new() -> Self {
                Self { active: 0, ahead: 0 }
            }

            /// Says that a member has something to send. A number from
            /// [`MEMBERS`](Self::MEMBERS) on is nobody's and ignored.
            #[inline]
            pub const fn activate(&mut self, member: usize) {
                if member < Self::MEMBERS {
                    self.active |= 1 << member;
                }
            }

            /// Says that a member has nothing to send.
            #[inline]
            pub const fn deactivate(&mut self, member: usize) {
                if member < Self::MEMBERS {
                    self.active &= !(1 << member);
                }
            }

            /// Tells whether a member has something to send.
            #[inline]
            #[must_use]
            pub const fn is_active(&self, member: usize) -> bool {
                member < Self::MEMBERS && self.active >> member & 1 != 0
            }

            /// Picks the active member whose turn it is: the first one after the last that was
            /// picked.
            #[inline]
            pub const fn pick(&mut self) -> Option<usize> {
                let ahead = self.active & self.ahead;
                let from = if ahead != 0 { ahead } else { self.active };
                if from == 0 {
                    return None;
                }
                let member = from.trailing_zeros();
                // Two shifts: one by all bits is not defined.
                self.ahead = (<$word>::MAX << member) << 1;
                Some(member as usize)
            }
        }
    };
}

turn! {
    /// Picks active members in turn, in constant time. At most 64 members.
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
    RoundRobin, u64
}

turn! {
    /// Picks active members in turn, in constant time. At most 128 members.
    ///
    /// For more members than [`RoundRobin`] has; a pick costs about twice as much.
    ///
    /// # Examples
    ///
    /// ```
    /// use vmdq_core::fair::WideRoundRobin;
    ///
    /// let mut turn = WideRoundRobin::new();
    /// turn.activate(3);
    /// turn.activate(127);
    /// assert_eq!([turn.pick(), turn.pick(), turn.pick()], [Some(3), Some(127), Some(3)]);
    /// ```
    WideRoundRobin, u128
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
