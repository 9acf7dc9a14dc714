//! The filter table's record of each filter.

use vmdq_core::MacAddress;

use crate::index::PoolIndex;

/// A bound filter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) address: MacAddress,
    pub(crate) pool: PoolIndex,
}

/// The contents of a slot.
#[derive(Clone, Copy, Debug)]
pub struct Remembered {
    pub(crate) bound: Option<Entry>,
    /// How often the slot was unbound, modulo 2^16.
    pub(crate) round: u16,
}

/// Memory for the filters of a table.
///
/// Sealed: [`FilterMemory`] is the one implementation.
pub trait Shadow: sealed::Sealed + core::fmt::Debug {
    #[doc(hidden)]
    fn new() -> Self;
    #[doc(hidden)]
    fn slots(&self) -> &[Remembered];
    #[doc(hidden)]
    fn slots_mut(&mut self) -> &mut [Remembered];
}

/// Memory for `N` filters.
#[derive(Clone, Debug)]
pub struct FilterMemory<const N: usize>([Remembered; N]);

mod sealed {
    pub trait Sealed {}
    impl<const N: usize> Sealed for super::FilterMemory<N> {}
}

impl<const N: usize> Shadow for FilterMemory<N> {
    fn new() -> Self {
        Self([Remembered { bound: None, round: 0 }; N])
    }

    fn slots(&self) -> &[Remembered] {
        &self.0
    }

    fn slots_mut(&mut self) -> &mut [Remembered] {
        &mut self.0
    }
}
