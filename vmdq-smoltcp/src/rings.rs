//! Who has the two rings of a running pool.

use vmdq_hal::device::Model;
use vmdq_hal::ring::{RxRing, TxRing};
use vmdq_hal::{Platform, Started};

/// The receive and the transmit ring of one running pool, owned or borrowed.
///
/// It is implemented for [`Started`], for a pair of rings, for a pair of borrowed ones, and for `&mut` of
/// these. Implement it for a type of your own that holds both rings.
pub trait Rings {
    /// The machine on which the rings run.
    type Platform: Platform;

    /// Returns the receive ring.
    fn rx(&self) -> &RxRing<Self::Platform>;

    /// Returns the transmit ring.
    fn tx(&self) -> &TxRing<Self::Platform>;

    /// Returns both rings for use.
    fn both(&mut self) -> (&mut RxRing<Self::Platform>, &mut TxRing<Self::Platform>);
}

impl<M: Model, P: Platform> Rings for Started<M, P> {
    type Platform = P;

    fn rx(&self) -> &RxRing<P> {
        &self.rx
    }

    fn tx(&self) -> &TxRing<P> {
        &self.tx
    }

    fn both(&mut self) -> (&mut RxRing<P>, &mut TxRing<P>) {
        (&mut self.rx, &mut self.tx)
    }
}

impl<P: Platform> Rings for (RxRing<P>, TxRing<P>) {
    type Platform = P;

    fn rx(&self) -> &RxRing<P> {
        &self.0
    }

    fn tx(&self) -> &TxRing<P> {
        &self.1
    }

    fn both(&mut self) -> (&mut RxRing<P>, &mut TxRing<P>) {
        (&mut self.0, &mut self.1)
    }
}

impl<P: Platform> Rings for (&mut RxRing<P>, &mut TxRing<P>) {
    type Platform = P;

    fn rx(&self) -> &RxRing<P> {
        self.0
    }

    fn tx(&self) -> &TxRing<P> {
        self.1
    }

    fn both(&mut self) -> (&mut RxRing<P>, &mut TxRing<P>) {
        (self.0, self.1)
    }
}

impl<Q: Rings> Rings for &mut Q {
    type Platform = Q::Platform;

    fn rx(&self) -> &RxRing<Q::Platform> {
        (**self).rx()
    }

    fn tx(&self) -> &TxRing<Q::Platform> {
        (**self).tx()
    }

    fn both(&mut self) -> (&mut RxRing<Q::Platform>, &mut TxRing<Q::Platform>) {
        (**self).both()
    }
}
