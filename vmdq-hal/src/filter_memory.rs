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
    /// How often the slot was unbound, modulo 2^32.
    pub(crate) round: u32,
}

/// Memory for the filters of a table.
///
/// Sealed: [`FilterMemory`] is the one implementation.
pub trait Shadow: Slots + core::fmt::Debug {
    /// How many filters there is room for.
    const ROOM: usize;
}

/// What the filter table does with its memory. Not nameable outside, which seals [`Shadow`].
pub trait Slots {
    /// Remembers that no filter is bound.
    fn new() -> Self;
    /// Returns what is remembered, by slot.
    fn slots(&self) -> &[Remembered];
    /// Returns what is remembered, by slot, to change it.
    fn slots_mut(&mut self) -> &mut [Remembered];
}

/// Memory for `N` filters.
#[derive(Clone, Debug)]
pub struct FilterMemory<const N: usize>([Remembered; N]);

impl<const N: usize> Shadow for FilterMemory<N> {
    const ROOM: usize = N;
}

impl<const N: usize> Slots for FilterMemory<N> {
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
