//! The two ways of forwarding, as one.

use vmdq::device::Model;
use vmdq::ring::{BufferPool, Exchange, ForwardError, ForwardedFrame, InPlace, RxRing, TxRing};
use vmdq::{Platform, Pool, Refused, Running};

use super::QueuePair;

/// What looks at frames.
pub(crate) type Look<'l> = &'l mut dyn FnMut(&mut ForwardedFrame<'_>) -> bool;

/// A way of forwarding, from a receive ring to a transmit ring on the same kind of bus.
pub(crate) trait Forward: Sized {
    type P: Platform;

    fn join(
        rx: RxRing<Self::P>,
        tx: TxRing<Self::P>,
        pool: &mut BufferPool,
    ) -> Result<Self, Refused<ForwardError, (RxRing<Self::P>, TxRing<Self::P>)>>;
    fn forward(&mut self, most: usize, look: Look<'_>) -> usize;
    fn split(
        self,
        pool: &mut BufferPool,
    ) -> Result<(RxRing<Self::P>, TxRing<Self::P>), Refused<ForwardError, Self>>;
    fn rx(&self) -> &RxRing<Self::P>;
    fn tx(&self) -> &TxRing<Self::P>;
    /// Buffers that stay in the forwarder beyond those that the receive ring has posted.
    fn kept(&self) -> usize;
}

macro_rules! forward {
    ($name:ident, $kept:expr) => {
        impl<P: Platform> Forward for $name<RxRing<P>, TxRing<P>> {
            type P = P;

            fn join(
                rx: RxRing<P>,
                tx: TxRing<P>,
                pool: &mut BufferPool,
            ) -> Result<Self, Refused<ForwardError, (RxRing<P>, TxRing<P>)>> {
                Self::new(rx, tx, pool)
            }

            fn forward(&mut self, most: usize, look: Look<'_>) -> usize {
                self.forward(most, look)
            }

            fn split(
                self,
                pool: &mut BufferPool,
            ) -> Result<(RxRing<P>, TxRing<P>), Refused<ForwardError, Self>> {
                self.split(pool)
            }

            fn rx(&self) -> &RxRing<P> {
                self.receiving()
            }

            fn tx(&self) -> &TxRing<P> {
                self.sending()
            }

            fn kept(&self) -> usize {
                let kept: fn(&TxRing<P>) -> usize = $kept;
                kept(self.sending())
            }
        }
    };
}
// Every slot of the transmit ring, of which one stays empty.
forward!(Exchange, |tx| tx.pending() + tx.room() + 1);
// What is under way, and the one behind the last posted.
forward!(InPlace, |tx| tx.pending() + 1);

/// A queue pair whose rings are joined.
pub(crate) struct Joined<M: Model, F: Forward> {
    pub(crate) forwarder: F,
    pub(crate) steering: Pool<M, F::P, Running>,
    pub(crate) buffers: BufferPool,
    memory: vmdq::ring::PoolMemory<&'static mut [u8], <F::P as Platform>::Dma>,
}

impl<M: Model, F: Forward> Joined<M, F> {
    pub(crate) fn new(pair: QueuePair<M, F::P>) -> Self {
        let QueuePair { rx, tx, pool, mut buffers, memory } = pair;
        let forwarder = F::join(rx, tx, &mut buffers).expect("rings that fit");
        Self { forwarder, steering: pool, buffers, memory }
    }

    pub(crate) fn split(self) -> QueuePair<M, F::P> {
        let Self { forwarder, steering, mut buffers, memory } = self;
        let (rx, tx) = forwarder.split(&mut buffers).expect("room for the rest");
        QueuePair { rx, tx, pool: steering, buffers, memory }
    }

    /// Buffers of the queue pair: in the forwarder, and in the pool.
    pub(crate) fn total(&self) -> usize {
        self.forwarder.rx().posted() + self.forwarder.kept() + self.buffers.len()
    }
}
