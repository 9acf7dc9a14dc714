//! MSI-X vectors.
//!
//! The program writes the MSI-X table of the PCI function ([`msix`](crate::msix)); here vectors are
//! routed ([`Port::route`](crate::Port::route)), masked and unmasked. A vector writes only write-one
//! registers, so that it can be used on the core that it interrupts.

use core::fmt;

use crate::collection::Mint;
use crate::device::{Io, Model};
use crate::index::{PoolIndex, PoolSet, VectorIndex};
use crate::owner::Owner;
use crate::platform::Platform;

/// An MSI-X vector of a port; move-only.
///
/// # Examples
///
/// ```
/// use vmdq_hal::device::Model;
/// use vmdq_hal::{OtherPort, Platform, Pool, Port, Running, Vector, Vmdq};
///
/// /// Lets a vector interrupt for a pool: once, and again after each [`unmask`](Vector::unmask).
/// fn listen<M: Model, P: Platform>(
///     port: &mut Port<M, P, Vmdq>,
///     vector: &mut Vector<M, P>,
///     pool: &Pool<M, P, Running>,
/// ) -> Result<(), OtherPort> {
///     port.route(vector, pool)?;
///     vector.unmask();
///     Ok(())
/// }
/// ```
#[must_use = "a dropped vector can't be used again, and VMDq can't be turned off without it"]
pub struct Vector<M, P> {
    model: M,
    platform: P,
    owner: Owner,
    index: VectorIndex,
    /// The pools whose causes are routed here.
    pools: PoolSet,
    /// Whether all causes that belong to no pool are routed here.
    others: bool,
}

/// The data that all vectors of a port's life share.
pub struct VectorSeed<M, P> {
    pub(crate) model: M,
    pub(crate) platform: P,
    pub(crate) owner: Owner,
}

impl<M: Model, P: Platform> Mint for Vector<M, P> {
    type Seed = VectorSeed<M, P>;

    fn mint(seed: &VectorSeed<M, P>, index: usize) -> Self {
        Self {
            model: seed.model,
            platform: seed.platform.clone(),
            owner: seed.owner,
            index: VectorIndex::new(index as u8),
            pools: PoolSet::EMPTY,
            others: false,
        }
    }
}

impl<M: Model, P: Platform> Vector<M, P> {
    /// Returns the vector's place in the MSI-X table.
    #[must_use]
    pub const fn index(&self) -> VectorIndex {
        self.index
    }

    /// Returns the pools whose interrupts are routed here.
    #[must_use]
    pub const fn pools(&self) -> PoolSet {
        self.pools
    }

    pub(crate) const fn owner(&self) -> Owner {
        self.owner
    }

    pub(crate) fn serves(&mut self, pool: PoolIndex) {
        self.pools = self.pools.with(pool);
    }

    pub(crate) fn serves_others(&mut self) {
        self.others = true;
    }

    /// Unmasks the vector for one interrupt.
    ///
    /// The device masks the ring causes that fired until this is called again. (The cause for
    /// all other events of the 82598 stays unmasked; QEMU's `igb` masks nothing.)
    pub fn unmask(&self) {
        self.model.unmask(self.io(), self.mask_bits());
    }

    /// Masks the vector.
    pub fn mask(&self) {
        self.model.mask(self.io(), self.mask_bits());
    }

    /// Raises the vector's interrupt by software.
    pub fn fire(&self) {
        self.model.fire(self.io(), self.mask_bits());
    }

    fn mask_bits(&self) -> u64 {
        self.model.mask_bits(self.io(), self.index, self.pools, self.others)
    }

    fn io(&self) -> Io<'_, P> {
        // SAFETY: bits of this vector in write-one registers, which name no memory.
        unsafe { Io::new(&self.platform) }
    }
}

#[cfg(feature = "defmt")]
impl<M, P> defmt::Format for Vector<M, P> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Vector({})", self.index);
    }
}

impl<M, P> fmt::Debug for Vector<M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Vector").field(&self.index).finish()
    }
}
