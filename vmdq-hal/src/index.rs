//! Four kinds of index: pool, ring, filter entry, vector.
//!
//! On the first controllers with VMDq they often coincide (pool 3 has ring 3). On others a pool has several
//! rings (82599: pool p has rings 2p and 2p + 1), so each kind of index has its own type.

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $name(u8);

        impl $name {
            /// Makes the index of a number.
            #[must_use]
            pub const fn new(number: u8) -> Self {
                Self(number)
            }

            /// Returns the number.
            #[inline(always)]
            #[must_use]
            pub const fn number(self) -> usize {
                self.0 as usize
            }

            /// Returns the number as a register value.
            #[inline(always)]
            #[must_use]
            pub const fn bits(self) -> u32 {
                self.0 as u32
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

index! {
    /// Number of a pool, which a filter names and which owns rings.
    PoolIndex
}
index! {
    /// Number of a descriptor ring among those of its direction.
    RingIndex
}
index! {
    /// Number of a receive address register (RAL, RAH). Entry 0 holds the port's own address.
    FilterIndex
}
index! {
    /// Number of an MSI-X vector.
    VectorIndex
}

macro_rules! set {
    ($(#[$doc:meta])* $name:ident of $index:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $name(u64);

        impl $name {
            /// The set without members.
            pub const EMPTY: Self = Self(0);

            /// Makes the set of the first `count` members; at most 64.
            #[must_use]
            pub const fn first(count: usize) -> Self {
                Self(if count >= 64 { u64::MAX } else { (1 << count) - 1 })
            }

            /// Returns the set with a member added. Numbers from 64 on are in no set.
            #[must_use]
            pub const fn with(self, member: $index) -> Self {
                if member.number() < 64 { Self(self.0 | 1 << member.number()) } else { self }
            }

            /// Returns the set with a member taken out.
            #[must_use]
            pub const fn without(self, member: $index) -> Self {
                if member.number() < 64 { Self(self.0 & !(1 << member.number())) } else { self }
            }

            /// Tells whether it is a member.
            #[must_use]
            pub const fn contains(self, member: $index) -> bool {
                member.number() < 64 && self.0 >> member.number() & 1 != 0
            }

            /// Tells whether there is no member.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Returns how many members there are.
            #[must_use]
            pub const fn len(self) -> usize {
                self.0.count_ones() as usize
            }

            /// Returns the members as bits, bit i for number i.
            #[must_use]
            pub const fn bits(self) -> u64 {
                self.0
            }

            /// Returns the members in ascending order.
            pub fn iter(self) -> impl Iterator<Item = $index> {
                (0..64).map($index::new).filter(move |&index| self.contains(index))
            }
        }

        impl FromIterator<$index> for $name {
            fn from_iter<I: IntoIterator<Item = $index>>(members: I) -> Self {
                members.into_iter().fold(Self::EMPTY, Self::with)
            }
        }
    };
}

set! {
    /// A set of pools: as many as any controller has.
    PoolSet of PoolIndex
}
set! {
    /// A set of MSI-X vectors: as many as any controller has.
    VectorSet of VectorIndex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_each_of_64_members_and_no_more() {
        let mut set = PoolSet::EMPTY;
        for number in 0..64 {
            let pool = PoolIndex::new(number);
            assert!(!set.contains(pool));
            set = set.with(pool);
            assert!(set.contains(pool) && set.len() == usize::from(number) + 1);
        }
        assert_eq!(set, PoolSet::first(64));
        assert_eq!(set.with(PoolIndex::new(64)), set);
        assert!(!set.contains(PoolIndex::new(64)) && !set.contains(PoolIndex::new(255)));
        let even: VectorSet = (0..64).step_by(2).map(VectorIndex::new).collect();
        assert_eq!(even.bits(), 0x5555_5555_5555_5555);
        assert_eq!(even.without(VectorIndex::new(0)).iter().next(), Some(VectorIndex::new(2)));
    }
}
