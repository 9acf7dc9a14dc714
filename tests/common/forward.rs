//! The two ways of forwarding, as one.

use vmdq::bus::Bus;
use vmdq::dma::DmaSpace;
use vmdq::ring::{BufferPool, Exchange, ForwardError, InPlace, Passing, RxRing, TxRing};
use vmdq::{Controller, Pool};

use super::Lane;

/// What looks at frames.
pub(crate) type Look<'l> = &'l mut dyn FnMut(&mut Passing<'_>) -> bool;

/// A way of forwarding, from a receive ring to a transmit ring on the same kind of bus.
pub(crate) trait Forward: Sized {
    type C: Controller;
    type B: Bus;
    type D: DmaSpace;

    fn join(
        rx: RxRing<Self::C, Self::B, Self::D>,
        tx: TxRing<Self::C, Self::B, Self::D>,
        pool: &mut BufferPool,
    ) -> Result<Self, (ForwardError, RxRing<Self::C, Self::B, Self::D>, TxRing<Self::C, Self::B, Self::D>)>;
    fn forward(&mut self, most: usize, look: Look<'_>) -> usize;
    fn split(
        self,
        pool: &mut BufferPool,
    ) -> Result<(RxRing<Self::C, Self::B, Self::D>, TxRing<Self::C, Self::B, Self::D>), Self>;
    fn rx(&self) -> &RxRing<Self::C, Self::B, Self::D>;
    fn tx(&self) -> &TxRing<Self::C, Self::B, Self::D>;
    /// Buffers that stay in the forwarder beyond those that the receive ring has posted.
    fn kept(&self) -> usize;
}

macro_rules! forward {
    ($name:ident, $kept:expr) => {
        impl<C: Controller, B: Bus, D: DmaSpace> Forward for $name<RxRing<C, B, D>, TxRing<C, B, D>> {
            type C = C;
            type B = B;
            type D = D;

            fn join(
                rx: RxRing<C, B, D>,
                tx: TxRing<C, B, D>,
                pool: &mut BufferPool,
            ) -> Result<Self, (ForwardError, RxRing<C, B, D>, TxRing<C, B, D>)> {
                Self::new(rx, tx, pool)
            }

            fn forward(&mut self, most: usize, look: Look<'_>) -> usize {
                self.forward(most, look)
            }

            fn split(self, pool: &mut BufferPool) -> Result<(RxRing<C, B, D>, TxRing<C, B, D>), Self> {
                self.split(pool)
            }

            fn rx(&self) -> &RxRing<C, B, D> {
                self.receiving()
            }

            fn tx(&self) -> &TxRing<C, B, D> {
                self.sending()
            }

            fn kept(&self) -> usize {
                let kept: fn(&TxRing<C, B, D>) -> usize = $kept;
                kept(self.sending())
            }
        }
    };
}
// Every slot of the transmit ring, of which one stays empty.
forward!(Exchange, |tx| tx.pending() + tx.room() + 1);
// What is under way, and the one behind the last posted.
forward!(InPlace, |tx| tx.pending() + 1);

/// A lane whose rings are joined.
pub(crate) struct Joined<F: Forward> {
    pub(crate) forwarder: F,
    pub(crate) steering: Pool<F::C, F::B>,
    pub(crate) buffers: BufferPool,
    lent: vmdq::ring::Lent<&'static mut [u8], F::D>,
}

impl<F: Forward> Joined<F> {
    pub(crate) fn new(lane: Lane<F::C, F::B, F::D>) -> Self {
        let Lane { rx, tx, pool, mut buffers, lent } = lane;
        let forwarder = F::join(rx, tx, &mut buffers).map_err(|(error, ..)| error).expect("rings that fit");
        Self { forwarder, steering: pool, buffers, lent }
    }

    pub(crate) fn split(self) -> Lane<F::C, F::B, F::D> {
        let Self { forwarder, steering, mut buffers, lent } = self;
        let (rx, tx) = forwarder.split(&mut buffers).map_err(|_| "no room").expect("room for the rest");
        Lane { rx, tx, pool: steering, buffers, lent }
    }

    /// Buffers of the lane: in the forwarder, and on the shelf.
    pub(crate) fn total(&self) -> usize {
        self.forwarder.rx().posted() + self.forwarder.kept() + self.buffers.len()
    }
}
