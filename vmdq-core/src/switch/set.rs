//! Sets of interfaces.
#![forbid(unsafe_code)]

use core::fmt;

/// A set of interfaces, by their numbers.
///
/// # Examples
///
/// ```
/// use vmdq_core::switch::InterfaceSet;
///
/// let set: InterfaceSet = [2, 127, 5].into_iter().collect();
/// assert_eq!(set.iter().collect::<Vec<_>>(), [2, 5, 127]);
/// assert!(set.contains(5) && !set.contains(3));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct InterfaceSet(u128);

impl InterfaceSet {
    /// How many interfaces there can be.
    pub const MEMBERS: usize = 128;

    /// The set without interfaces.
    pub const EMPTY: Self = Self(0);

    /// Makes the set of one interface; of none for numbers from 128 on.
    #[must_use]
    pub const fn of(number: usize) -> Self {
        // Halves by hand, here and below: a shift of 128 bits costs three times as much.
        match number {
            0..64 => Self(1u64.wrapping_shl(number as u32) as u128),
            64..Self::MEMBERS => Self((1u64.wrapping_shl(number as u32) as u128) << 64),
            _ => Self::EMPTY,
        }
    }

    /// Adds an interface. Numbers from 128 on are ignored.
    pub const fn insert(&mut self, number: usize) {
        self.0 |= Self::of(number).0;
    }

    /// Takes an interface out.
    pub const fn remove(&mut self, number: usize) {
        self.0 &= !Self::of(number).0;
    }

    /// Tells whether an interface is in the set.
    #[inline]
    #[must_use]
    pub const fn contains(self, number: usize) -> bool {
        let half = if number < 64 { self.0 as u64 } else { (self.0 >> 64) as u64 };
        number < Self::MEMBERS && half >> (number & 63) & 1 != 0
    }

    /// Returns how many interfaces are in the set.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Tells whether no interface is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns what is in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns what is in either set.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Lists the numbers of the interfaces, lowest first; each costs the same.
    #[must_use]
    pub const fn iter(self) -> InterfaceNumbers {
        InterfaceNumbers { half: self.0 as u64, upper: (self.0 >> 64) as u64, first: 0 }
    }
}

/// The numbers of the interfaces of a set, lowest first.
#[derive(Clone, Debug)]
pub struct InterfaceNumbers {
    half: u64,
    /// What comes after this half.
    upper: u64,
    /// The lowest number of this half.
    first: u8,
}

impl Iterator for InterfaceNumbers {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.half == 0 {
            if self.upper == 0 {
                return None;
            }
            *self = Self { half: self.upper, upper: 0, first: 64 };
        }
        let number = usize::from(self.first) + self.half.trailing_zeros() as usize;
        self.half &= self.half - 1;
        Some(number)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.half.count_ones() + self.upper.count_ones()) as usize;
        (left, Some(left))
    }
}
impl ExactSizeIterator for InterfaceNumbers {}

impl IntoIterator for InterfaceSet {
    type Item = usize;
    type IntoIter = InterfaceNumbers;

    fn into_iter(self) -> InterfaceNumbers {
        self.iter()
    }
}

impl FromIterator<usize> for InterfaceSet {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        let mut set = Self::EMPTY;
        numbers.into_iter().for_each(|number| set.insert(number));
        set
    }
}

impl fmt::Debug for InterfaceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for InterfaceSet {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u128:x}", self.0);
    }
}
