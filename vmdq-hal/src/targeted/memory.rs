//! The memory of a targeted receive ring: descriptors, and the table of shared buffers.

use super::share::Entry;
use crate::ring::{Length, RingLength, RingMemory, RingSpace};

/// Memory of a targeted receive ring of `N` descriptors, for at most `S` shared buffers.
///
/// `N` is as in [`RingMemory`]. `S` may be more than `N`: a virtual machine also keeps buffers that
/// hold frames that it has not read yet, and a reserve for copies.
///
/// # Examples
///
/// ```
/// use vmdq_hal::device::Model;
/// use vmdq_hal::ring::{BufferSize, RingMemory};
/// use vmdq_hal::targeted::{TargetedMemory, TargetedRing, TargetedSpace, Targeting};
/// use vmdq_hal::vmm::{VmId, Vmm};
/// use vmdq_hal::{Idle, NotStarted, Platform, Pool, Port, Refused, StartError, Started, Vmdq};
///
/// fn start<M: Model, P: Platform, V: Vmm>(
///     port: &Port<M, P, Vmdq>,
///     pool: Pool<M, P, Idle>,
///     rx: &'static mut TargetedMemory<256, 512>,
///     tx: &'static mut RingMemory<256>,
///     vm: VmId,
///     vmm: V,
/// ) -> Result<Started<M, P, TargetedRing<P, V>>, Refused<StartError, NotStarted<M, P, TargetedSpace>>> {
///     let buffers = BufferSize::kib(2).expect("1 to 16 KiB");
///     port.start_targeted(pool, rx, tx, Targeting::by_software(vm, buffers), vmm)
/// }
/// ```
pub struct TargetedMemory<const N: usize, const S: usize> {
    ring: RingMemory<N>,
    entries: [Entry; S],
}

impl<const N: usize, const S: usize> TargetedMemory<N, S> {
    const CHECKED: () =
        assert!(S >= 1 && S < u16::MAX as usize, "a virtual machine shares 1 to 65534 buffers");

    /// Makes the memory, with no shared buffer.
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

/// Owns the memory of a stopped targeted receive ring of any size.
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
