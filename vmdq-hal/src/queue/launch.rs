//! Starting and stopping a queue pair, whatever kind of receive ring it has.
//!
//! Starting has two steps, between which whoever starts makes the receive ring: until then everything
//! can be given back, and from [`Prepared::launch`] on the device may have the memory.

use embedded_hal::delay::DelayNs;

use super::{Pool, Queue, Running, StartError, StopError, Stopped};
use crate::bus::{Bus, PortId};
use crate::controller::{Controller, NotStopped, ReceiveSetup, RingSetup};
use crate::dma::{Direction, DmaSpace};
use crate::filter::FilterTable;
use crate::port::Silence;
use crate::receive::HeaderSize;
use crate::ring::{BufferSize, Frame, RingSpace, RxRing, TxRing};
use vmdq_core::FrameLimit;

/// Alignment that the devices ask of ring memory, in bytes.
const RING_ALIGN: u64 = 128;

/// The receiving half of a running queue pair: what starting and stopping need of a receive ring.
pub(crate) trait ReceiveHalf<B> {
    /// What comes back when the ring is taken apart.
    type Memory;

    fn port(&self) -> PortId;
    fn queue(&self) -> usize;
    /// The ring's own bus handle: the owner of the memory writes the register that makes freeing it
    /// legal.
    fn bus(&self) -> &B;
    /// Whether the queue was seen enabled.
    fn seen(&self) -> bool;
    fn set_seen(&mut self, seen: bool);
    /// Takes the ring apart; buffers that are frames go to `freed`.
    ///
    /// # Safety
    ///
    /// The device has been seen to have stopped the queue.
    unsafe fn dismantle(self, freed: &mut impl FnMut(Frame)) -> Self::Memory;
}

impl<C: Controller, B: Bus, D: DmaSpace> ReceiveHalf<B> for RxRing<C, B, D> {
    type Memory = RingSpace;

    fn port(&self) -> PortId {
        self.port()
    }

    fn queue(&self) -> usize {
        self.queue()
    }

    fn bus(&self) -> &B {
        self.bus()
    }

    fn seen(&self) -> bool {
        self.seen
    }

    fn set_seen(&mut self, seen: bool) {
        self.seen = seen;
    }

    unsafe fn dismantle(self, freed: &mut impl FnMut(Frame)) -> RingSpace {
        // SAFETY: the caller's promise.
        unsafe { self.dismantle(freed) }
    }
}

/// A running queue pair with a receive ring of any kind.
pub(crate) struct Pair<C, B, D, R> {
    pub(crate) rx: R,
    pub(crate) tx: TxRing<C, B, D>,
    pub(crate) pool: Pool<C, B>,
}

/// A queue pair that was stopped: the queue, what the receive ring had, and the memory of the
/// transmit ring.
pub(crate) struct Apart<C, B, M> {
    pub(crate) queue: Queue<C, B>,
    pub(crate) rx: M,
    pub(crate) tx: RingSpace,
}

impl<C: Controller, B: Bus, D: DmaSpace> From<Pair<C, B, D, RxRing<C, B, D>>> for Running<C, B, D> {
    fn from(Pair { rx, tx, pool }: Pair<C, B, D, RxRing<C, B, D>>) -> Self {
        Self { rx, tx, pool }
    }
}

impl<C, B> From<Apart<C, B, RingSpace>> for Stopped<C, B> {
    fn from(Apart { queue, rx, tx }: Apart<C, B, RingSpace>) -> Self {
        Self { queue, rx, tx }
    }
}

/// A queue whose ring memory is mapped and checked, while the device does not know of it yet.
///
/// Dropping it leaks.
#[must_use]
pub(crate) struct Prepared<C, B> {
    queue: Queue<C, B>,
    receive_ring: RingSetup,
    transmit_ring: RingSetup,
    tx: RingSpace,
    size: BufferSize,
}

impl<C: Controller, B: Bus> Queue<C, B> {
    /// Maps and checks the memory of both rings, for receive buffers of `size`. Gives the memory of
    /// the receive ring back for the ring that is going to own it.
    pub(crate) fn prepare<D: DmaSpace>(
        self,
        rx: RingSpace,
        tx: RingSpace,
        size: BufferSize,
        dma: &D,
    ) -> Result<(Prepared<C, B>, RingSpace), (StartError, Stopped<C, B>)> {
        if !size.fits(self.limit) {
            let least = BufferSize::for_limit(self.limit);
            return Err((StartError::BufferTooSmall { least }, Stopped { queue: self, rx, tx }));
        }
        let (rx_at, rx_bytes) = rx.shared();
        let (tx_at, tx_bytes) = tx.shared();
        let rx_bus = dma.map(rx_at, rx_bytes, Direction::Both);
        let tx_bus = dma.map(tx_at, tx_bytes, Direction::Both);
        let (Some(rx_bus), Some(tx_bus)) = (rx_bus, tx_bus) else {
            for (bus, bytes) in [(rx_bus, rx_bytes), (tx_bus, tx_bytes)] {
                // SAFETY: mapped above; the device does not know of it.
                bus.inspect(|&bus| unsafe { dma.unmap(bus, bytes, Direction::Both) });
            }
            return Err((StartError::NotMapped, Stopped { queue: self, rx, tx }));
        };
        if rx_bus % RING_ALIGN != 0 || tx_bus % RING_ALIGN != 0 {
            // SAFETY: mapped above; the device does not know of it.
            unsafe { dma.unmap(rx_bus, rx_bytes, Direction::Both) };
            // SAFETY: as the receive ring's.
            unsafe { dma.unmap(tx_bus, tx_bytes, Direction::Both) };
            return Err((StartError::NotAligned, Stopped { queue: self, rx, tx }));
        }
        let (rx_first, tx_first) = C::first_descriptors(&self.bus, self.index);
        if rx_first >= rx.descriptors() || tx_first >= tx.descriptors() {
            // SAFETY: mapped above; the device does not know of it.
            unsafe { dma.unmap(rx_bus, rx_bytes, Direction::Both) };
            // SAFETY: as the receive ring's.
            unsafe { dma.unmap(tx_bus, tx_bytes, Direction::Both) };
            let least = rx_first.max(tx_first) + 1;
            return Err((StartError::RingTooShort { least }, Stopped { queue: self, rx, tx }));
        }
        let ring = |base, descriptors, first| RingSetup { queue: self.index, base, descriptors, first };
        let receive_ring = ring(rx_bus, rx.descriptors(), rx_first);
        let transmit_ring = ring(tx_bus, tx.descriptors(), tx_first);
        Ok((Prepared { queue: self, receive_ring, transmit_ring, tx, size }, rx))
    }
}

impl<C: Controller, B: Bus> Prepared<C, B> {
    /// Returns a bus handle for the receive ring.
    pub(crate) fn bus(&self) -> B {
        self.queue.bus.clone()
    }

    /// Returns how the receive ring is going to be told to the device.
    pub(crate) const fn receive_ring(&self) -> RingSetup {
        self.receive_ring
    }

    /// Returns the port's frame limit.
    pub(crate) const fn limit(&self) -> FrameLimit {
        self.queue.limit
    }

    /// Starts the queue pair. `rx` owns the memory that was prepared, and nothing is posted in it.
    ///
    /// With `header` the device replicates headers: every descriptor of `rx` then has to name a
    /// header buffer of that size.
    ///
    /// An error means that the device may have the memory: all of it is quarantined, by dropping the
    /// rings.
    pub(crate) fn launch<D: DmaSpace, R: ReceiveHalf<B>>(
        self,
        mut rx: R,
        header: Option<HeaderSize<C>>,
        dma: D,
        delay: &mut impl DelayNs,
    ) -> Result<Pair<C, B, D, R>, StartError> {
        let Self { queue, receive_ring, transmit_ring, tx, size } = self;
        let Queue { bus, index, limit, default_drops, controller } = queue;
        // A virtual machine's queue may not block the others; the default queue may, by choice.
        let drops = default_drops || index != C::default_queue(&bus);
        let mut tx = TxRing::new(bus.clone(), dma, tx, transmit_ring, limit);
        // From here on the device may have the memory, and only a stop that is seen gives it back.
        // Dropping a ring leaks it.
        let receive = ReceiveSetup { size, header, drops };
        // SAFETY: the ring owns the mapped memory; `stop_rx` comes before it gives it back.
        let seen = unsafe { C::start_rx(&bus, receive_ring, receive, delay) };
        rx.set_seen(seen.map_err(StartError::TimedOut)?);
        // SAFETY: the ring owns the mapped memory; `stop_tx` comes before it gives it back.
        let seen = unsafe { C::start_tx(&bus, transmit_ring, delay) };
        tx.seen = seen.map_err(StartError::TimedOut)?;
        Ok(Pair { rx, tx, pool: Pool { bus, index, limit, default_drops, controller } })
    }
}

impl<C: Controller, B: Bus> Pool<C, B> {
    /// [`Pool::stop`] for a receive ring of any kind.
    pub(crate) fn stop_pair<D: DmaSpace, R: ReceiveHalf<B>>(
        self,
        mut rx: R,
        mut tx: TxRing<C, B, D>,
        table: &FilterTable<C, B>,
        delay: &mut impl DelayNs,
        freed: impl FnMut(Frame),
    ) -> Result<Apart<C, B, R::Memory>, (StopError, Pair<C, B, D, R>)> {
        let error = match self.stop_rings(&mut rx, &mut tx, table, delay) {
            // SAFETY: both queues were seen stopped.
            Ok(()) => return Ok(unsafe { self.dismantle(rx, tx, freed) }),
            Err(error) => error,
        };
        Err((error, Pair { rx, tx, pool: self }))
    }

    /// [`Pool::stop_silenced`] for a receive ring of any kind.
    pub(crate) fn stop_pair_silenced<D: DmaSpace, R: ReceiveHalf<B>>(
        self,
        rx: R,
        tx: TxRing<C, B, D>,
        silence: &Silence<'_>,
        freed: impl FnMut(Frame),
    ) -> Result<Apart<C, B, R::Memory>, (StopError, Pair<C, B, D, R>)> {
        if !self.owns(&rx, &tx) || silence.port != self.port() {
            return Err((StopError::OtherPort, Pair { rx, tx, pool: self }));
        }
        // SAFETY: the device was seen to have stopped all DMA (`Silence`).
        Ok(unsafe { self.dismantle(rx, tx, freed) })
    }

    /// Stops both queues, and returns `Ok` only after both were seen stopped.
    fn stop_rings<D: DmaSpace, R: ReceiveHalf<B>>(
        &self,
        rx: &mut R,
        tx: &mut TxRing<C, B, D>,
        table: &FilterTable<C, B>,
        delay: &mut impl DelayNs,
    ) -> Result<(), StopError> {
        if !self.owns(rx, tx) || table.port() != self.port() {
            return Err(StopError::OtherPort);
        }
        if table.leads_to(self.queue()) {
            return Err(StopError::Bound);
        }
        let not_stopped = |why| match why {
            NotStopped::LinkDown => StopError::LinkDown,
            NotStopped::TimedOut(timed_out) => StopError::TimedOut(timed_out),
        };
        // The rings' own bus handles write the registers: they own the memory.
        C::stop_rx(rx.bus(), self.index, rx.seen(), delay).map_err(not_stopped)?;
        // Seen enabled, then disabled: should the other half fail, the next try starts from here.
        rx.set_seen(true);
        C::stop_tx(tx.bus(), self.index, tx.seen, delay).map_err(not_stopped)
    }

    fn owns<D: DmaSpace, R: ReceiveHalf<B>>(&self, rx: &R, tx: &TxRing<C, B, D>) -> bool {
        let same_port = rx.port() == self.port() && tx.port() == self.port();
        same_port && rx.queue() == self.queue() && tx.queue() == self.queue()
    }

    /// # Safety
    ///
    /// The device has been seen to have stopped both queues.
    unsafe fn dismantle<D: DmaSpace, R: ReceiveHalf<B>>(
        self,
        rx: R,
        tx: TxRing<C, B, D>,
        mut freed: impl FnMut(Frame),
    ) -> Apart<C, B, R::Memory> {
        // SAFETY: the caller's promise.
        let rx = unsafe { rx.dismantle(&mut freed) };
        // SAFETY: the caller's promise.
        let tx = unsafe { tx.dismantle(&mut freed) };
        let Self { bus, index, limit, default_drops, controller } = self;
        Apart { queue: Queue { bus, index, limit, default_drops, controller }, rx, tx }
    }
}
