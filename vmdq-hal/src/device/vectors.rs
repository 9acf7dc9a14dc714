//! MSI-X vectors and interrupt causes.

use super::Io;
use crate::config::Causes;
use crate::index::{PoolIndex, PoolSet, VectorIndex};
use crate::platform::Platform;

/// Interrupts: which cause leads to which vector, and which may interrupt.
///
/// # Safety
///
/// See [`Model`](super::Model).
pub unsafe trait Vectors: Copy {
    /// Routes the causes of a pool's rings, both ways, to a vector.
    fn route<P: Platform>(self, io: Io<'_, P>, vector: VectorIndex, pool: PoolIndex);

    /// Routes all other causes to a vector.
    fn route_others<P: Platform>(self, io: Io<'_, P>, vector: VectorIndex);

    /// Returns the bits of the interrupt mask registers (EIMS and its kin, low word first) that stand for
    /// a vector to which these pools are routed, and all other causes if `others`.
    fn mask_bits<P: Platform>(self, io: Io<'_, P>, vector: VectorIndex, pools: PoolSet, others: bool) -> u64;

    /// Lets the causes in `mask` interrupt.
    fn unmask<P: Platform>(self, io: Io<'_, P>, mask: u64);

    /// Keeps the causes in `mask` from interrupting.
    fn mask<P: Platform>(self, io: Io<'_, P>, mask: u64);

    /// Raises the causes in `mask` by software.
    fn fire<P: Platform>(self, io: Io<'_, P>, mask: u64);

    /// Reads and clears the causes that are not those of a ring.
    fn causes<P: Platform>(self, io: Io<'_, P>) -> Causes;
}
