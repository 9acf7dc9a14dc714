//! The memory of a targeted receive ring: descriptors, and the table of shared buffers.

use super::share::Entry;
use crate::ring::{Length, RingLength, RingMemory, RingSpace};

/// Memory of a targeted receive ring of `N` descriptors, for at most `S` shared buffers.
///
/// `N` is as in [`RingMemory`]. `S` may be more than `N`: a virtual machine also keeps buffers that
/// hold frames which it has not looked at, and a reserve for copies.
pub struct TargetedMemory<const N: usize, const S: usize> {
    ring: RingMemory<N>,
    entries: [Entry; S],
}

impl<const N: usize, const S: usize> TargetedMemory<N, S> {
    const CHECKED: () =
        assert!(S >= 1 && S < u16::MAX as usize, "a virtual machine shares 1 to 65534 buffers");

    /// Makes memory of which nothing is shared.
    #[must_use]
    pub const fn new() -> Self
    where
        Length<N>: RingLength,
    {
        const { Self::CHECKED };
        Self { ring: RingMemory::new(), entries: [Entry::EMPTY; S] }
    }
}

impl<const N: usize, const S: usize> Default for TargetedMemory<N, S>
where
    Length<N>: RingLength,
{
    fn default() -> Self {
        Self::new()
    }
}

/// Owns the memory of a stopped targeted receive ring, whatever its sizes.
///
/// Made from a `&'static mut` to the memory; comes back when the queue is stopped.
#[must_use = "dropping it loses the memory"]
#[derive(Debug)]
pub struct TargetedSpace {
    pub(super) ring: RingSpace,
    pub(super) entries: &'static mut [Entry],
}

impl<const N: usize, const S: usize> From<&'static mut TargetedMemory<N, S>> for TargetedSpace
where
    Length<N>: RingLength,
{
    fn from(memory: &'static mut TargetedMemory<N, S>) -> Self {
        const { TargetedMemory::<N, S>::CHECKED };
        Self { ring: RingSpace::from(&mut memory.ring), entries: &mut memory.entries }
    }
}
