//! Starting a pool with either kind of receive ring.
//!
//! There are two steps, and the caller makes the receive ring between them. Until then everything can be given
//! back; from [`Prepared::launch`] on the device may have the memory.

use super::error::StartError;
use super::half::ReceiveHalf;
use super::started::{NotStarted, Started, stop_both};
use crate::device::{Io, Model, ReceiveSetup, RingKind, RingSetup};
use crate::dma::{Direction, DmaSpace};
use crate::fmt::{event, warning};
use crate::platform::Platform;
use crate::pool::{Idle, Pool};
use crate::refused::Refused;
use crate::ring::{BufferSize, RingSpace, RingStart, RxRing, TxRing};

/// Alignment that the devices ask of ring memory, in bytes.
const RING_ALIGN: u64 = 128;

/// A pool whose ring memory is mapped and checked, while the device does not know of it yet.
///
/// Dropping it leaks.
#[must_use]
pub(crate) struct Prepared<M, P> {
    pool: Pool<M, P, Idle>,
    receive: RingStart,
    transmit: RingStart,
    tx: RingSpace,
    size: BufferSize,
}

/// Why a pool could not be prepared, with everything that was passed.
type Unprepared<M, P> = Refused<StartError, (Pool<M, P, Idle>, RingSpace, RingSpace)>;

impl<M: Model, P: Platform> Pool<M, P, Idle> {
    /// Maps and checks the memory of both rings, for receive buffers of `size`. Gives the memory of
    /// the receive ring back for the ring that is going to own it.
    pub(crate) fn prepare(
        self,
        rx: RingSpace,
        tx: RingSpace,
        size: BufferSize,
    ) -> Result<(Prepared<M, P>, RingSpace), Unprepared<M, P>> {
        match self.map(&rx, &tx, size) {
            Ok((receive, transmit)) => Ok((Prepared { pool: self, receive, transmit, tx, size }, rx)),
            Err(error) => {
                warning!("{}: pool {} not started: {}", self.model.limits().name, self.index(), error);
                Err(Refused::new(error, (self, rx, tx)))
            }
        }
    }

    fn map(
        &self,
        rx: &RingSpace,
        tx: &RingSpace,
        size: BufferSize,
    ) -> Result<(RingStart, RingStart), StartError> {
        if !size.fits(self.setup.limit) {
            return Err(StartError::BufferTooSmall { least: BufferSize::for_limit(self.setup.limit) });
        }
        // SAFETY: reads alone.
        let io = unsafe { Io::new(&self.platform) };
        let (receive, transmit) =
            (self.model.receive_ring(self.index()), self.model.transmit_ring(self.index()));
        let rx_first = self.model.first_descriptor(io, RingKind::Receive, receive);
        let tx_first = self.model.first_descriptor(io, RingKind::Transmit, transmit);
        // Afterwards: what was read of a device that is gone is nothing.
        if self.model.is_gone(io) {
            return Err(StartError::Gone);
        }
        if rx_first >= rx.descriptors() || tx_first >= tx.descriptors() {
            return Err(StartError::RingTooShort { least: rx_first.max(tx_first) + 1 });
        }
        let rx_bus = self.map_ring(rx)?;
        let tx_bus = match self.map_ring(tx) {
            Ok(bus) => bus,
            Err(error) => {
                // SAFETY: mapped above; the device does not know of it.
                unsafe { self.platform.dma().unmap(rx_bus, rx.shared().1, Direction::Both) };
                return Err(error);
            }
        };
        let start = |ring, base, space: &RingSpace, first, tail| RingStart {
            setup: RingSetup { ring, pool: self.index(), base, descriptors: space.descriptors(), first },
            tail,
            limit: self.setup.limit,
            owner: self.owner(),
        };
        Ok((
            start(receive, rx_bus, rx, rx_first, self.model.tail(RingKind::Receive, receive)),
            start(transmit, tx_bus, tx, tx_first, self.model.tail(RingKind::Transmit, transmit)),
        ))
    }

    fn map_ring(&self, space: &RingSpace) -> Result<u64, StartError> {
        let (at, bytes) = space.shared();
        let dma = self.platform.dma();
        let bus = dma.map(at, bytes, Direction::Both).ok_or(StartError::NotMapped)?;
        if bus % RING_ALIGN != 0 {
            // SAFETY: mapped above; the device does not know of it.
            unsafe { dma.unmap(bus, bytes, Direction::Both) };
            return Err(StartError::NotAligned);
        }
        Ok(bus)
    }
}

impl<M: Model, P: Platform> Prepared<M, P> {
    /// Makes the receive ring on its memory.
    pub(crate) fn receive_ring(&self, rx: RingSpace) -> RxRing<P> {
        let Pool { model, platform, .. } = &self.pool;
        RxRing::new(platform, rx, &self.receive, self.size, model.receive_errors())
    }

    /// Starts the pool. `rx` owns the memory that was prepared, and nothing is posted in it.
    ///
    /// With `header` the device replicates headers: every descriptor of `rx` then has to name a
    /// header buffer of `header` units of 64 bytes.
    ///
    /// An error means that the device may have the memory: all of it is leaked, by dropping the rings.
    /// The pool comes back.
    pub(crate) fn launch<R: ReceiveHalf<P>>(
        self,
        mut rx: R,
        header: Option<u8>,
    ) -> Result<Started<M, P, R>, Refused<StartError, NotStarted<M, P, R::Memory>>> {
        let Self { pool, receive, transmit, tx, size } = self;
        let context = pool.model.transmit_context(transmit.setup.ring);
        let mut tx = TxRing::new(&pool.platform, tx, &transmit, context);
        // SAFETY: what is handed to the device below is owned by the two rings.
        let io = unsafe { Io::new(&pool.platform) };
        // A virtual machine's pool must not block the others; the default pool may, by configuration.
        let drops = pool.setup.default_drops || pool.index() != pool.model.default_pool(io);
        let how = ReceiveSetup { size, header, drops, strip_tags: pool.setup.strip_tags };
        // From here on the device may have the memory, and only a stop that is seen gives it back.
        // Dropping a ring leaks it.
        // SAFETY: the ring owns the mapped memory; `Queues::stop` comes before it gives it back.
        let started = unsafe { pool.model.start_receive(io, receive.setup, how) };
        let started = started.and_then(|rx_seen| {
            // SAFETY: the ring owns the mapped memory; `Queues::stop` comes before it gives it back.
            let tx_seen = unsafe { pool.model.start_transmit(io, transmit.setup) };
            tx_seen.map(|tx_seen| (rx_seen, tx_seen))
        });
        match started {
            Ok((rx_seen, tx_seen)) => {
                *rx.seen() = rx_seen;
                tx.seen = tx_seen;
                event!("{}: pool {} started", pool.model.limits().name, pool.index());
                Ok(Started { rx, tx, pool: pool.into_state() })
            }
            Err(fault) => {
                // Neither ring may run on without an owner: one that has no buffers could block the port.
                // Whatever comes of it, the memory stays the device's.
                let rings = ((receive.setup.ring, &mut true), (transmit.setup.ring, &mut true));
                let _ = stop_both(pool.model, io, rings);
                warning!("{}: pool {} not started: {}", pool.model.limits().name, pool.index(), fault);
                Err(Refused::new(fault.into(), NotStarted { pool, memory: None }))
            }
        }
    }
}
