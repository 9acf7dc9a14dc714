//! MSI-X vectors and interrupt causes.

use super::Io;
use crate::config::Causes;
use crate::index::{PoolIndex, PoolSet, VectorIndex};
use crate::platform::Platform;

/// Interrupts: which cause raises which vector, and which causes are masked.
///
/// # Safety
///
/// See [`Model`](super::Model).
pub unsafe trait Vectors: Copy {
    /// Routes the causes of a pool's rings, both ways, to a vector.
    fn route<P: Platform>(self, io: Io<'_, P>, vector: VectorIndex, pool: PoolIndex);

    /// Routes all other causes to a vector.
    fn route_others<P: Platform>(self, io: Io<'_, P>, vector: VectorIndex);

    /// Returns the bits of the interrupt mask registers (EIMS, EIMC, EICS, EIAC; low word first) of a vector.
    ///
    /// `pools` are routed to the vector, and all other causes if `others`.
    fn mask_bits<P: Platform>(self, io: Io<'_, P>, vector: VectorIndex, pools: PoolSet, others: bool) -> u64;

    /// Unmasks the causes in `mask`.
    fn unmask<P: Platform>(self, io: Io<'_, P>, mask: u64);

    /// Reads the causes that are not masked; the bits are those of [`mask_bits`](Self::mask_bits).
    fn unmasked<P: Platform>(self, io: Io<'_, P>) -> u64;

    /// Masks the causes in `mask`.
    fn mask<P: Platform>(self, io: Io<'_, P>, mask: u64);

    /// Raises the causes in `mask` by software.
    fn fire<P: Platform>(self, io: Io<'_, P>, mask: u64);

    /// Reads and clears the causes that do not belong to a ring.
    fn causes<P: Platform>(self, io: Io<'_, P>) -> Causes;
}
