//! What starting and stopping need of a receive ring of either kind.

use crate::index::{PoolIndex, RingIndex};
use crate::owner::Owner;
use crate::platform::Platform;
use crate::ring::{Frame, RingSpace, RxProgress, RxRing};

/// The receiving half of a running pool: [`RxRing`] or [`TargetedRing`](crate::targeted::TargetedRing).
pub trait ReceiveRing<P: Platform>: ReceiveHalf<P> {}
impl<P: Platform, R: ReceiveHalf<P>> ReceiveRing<P> for R {}

/// What starting and stopping need of a receive ring. Sealed: not nameable outside.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a receive ring on this machine",
    note = "stop a pool with the rings that `Port::start` or `Port::start_targeted` returned with it"
)]
pub trait ReceiveHalf<P: Platform>: Sized {
    /// What comes back when the ring is taken apart.
    type Memory;

    /// Returns the port and the pool that the ring was started for.
    fn belongs_to(&self) -> (Owner, PoolIndex);
    /// Returns the number of the ring.
    fn ring(&self) -> RingIndex;
    /// Returns how far the ring has come.
    fn progress(&self) -> RxProgress;
    /// Returns whether the ring was seen enabled, to change it.
    fn seen(&mut self) -> &mut bool;
    /// Takes the ring apart; buffers that are frames go to `freed`.
    ///
    /// # Safety
    ///
    /// The device has been seen to have stopped the ring.
    unsafe fn dismantle(self, freed: &mut impl FnMut(Frame)) -> Self::Memory;
}

impl<P: Platform> ReceiveHalf<P> for RxRing<P> {
    type Memory = RingSpace;

    fn belongs_to(&self) -> (Owner, PoolIndex) {
        (self.owner(), self.pool())
    }

    fn ring(&self) -> RingIndex {
        self.ring()
    }

    fn progress(&self) -> RxProgress {
        self.progress()
    }

    fn seen(&mut self) -> &mut bool {
        &mut self.seen
    }

    unsafe fn dismantle(self, freed: &mut impl FnMut(Frame)) -> RingSpace {
        // SAFETY: the caller's promise.
        unsafe { self.dismantle(freed) }
    }
}
