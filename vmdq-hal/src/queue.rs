//! A queue pair: stopped ([`Queue`]), or running as two rings and a [`Pool`].

pub(crate) mod launch;

use core::fmt;
use core::marker::PhantomData;

use embedded_hal::delay::DelayNs;

use crate::bus::{Bus, PortId};
use crate::controller::{Controller, HeaderReplication, TimedOut};
use crate::dma::DmaSpace;
use crate::filter::FilterTable;
use crate::port::Silence;
use crate::ring::{BufferSize, Frame, RingSpace, RxRing, TxRing};
use launch::{Apart, Pair};
use vmdq_core::FrameLimit;

/// A stopped queue pair. Filters lead to the [`Pool`] that comes with [`start`](Self::start).
#[must_use = "a dropped queue is gone until the port is made anew"]
pub struct Queue<C, B> {
    bus: B,
    index: u8,
    limit: FrameLimit,
    default_drops: bool,
    controller: PhantomData<fn() -> C>,
}

/// A running queue pair: the two rings for whoever moves data, the pool for whoever steers.
#[must_use]
pub struct Running<C: Controller, B: Bus, D: DmaSpace> {
    /// The receive ring; it has no buffers yet.
    pub rx: RxRing<C, B, D>,
    /// The transmit ring.
    pub tx: TxRing<C, B, D>,
    /// What filters lead to.
    pub pool: Pool<C, B>,
}

/// A queue pair that was stopped, or not started, and its memory.
#[must_use]
pub struct Stopped<C, B> {
    /// The queue.
    pub queue: Queue<C, B>,
    /// The memory of the receive ring.
    pub rx: RingSpace,
    /// The memory of the transmit ring.
    pub tx: RingSpace,
}

impl<C: Controller, B: Bus> Queue<C, B> {
    pub(crate) fn new(bus: B, index: u8, limit: FrameLimit, default_drops: bool) -> Self {
        Self { bus, index, limit, default_drops, controller: PhantomData }
    }

    /// Returns the number of the queue.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index as usize
    }

    pub(crate) fn port(&self) -> PortId {
        self.bus.id()
    }

    /// Returns the largest header buffer with which the queue can replicate headers, in bytes.
    #[must_use]
    pub const fn largest_header_buffer(&self) -> u16
    where
        C: HeaderReplication,
    {
        C::HEADER_MOST
    }

    /// Starts the queue pair on ring memory, for buffers of at least `size`.
    ///
    /// # Errors
    ///
    /// [`StartError`], and everything that was passed unless the device already has it: after
    /// [`StartError::TimedOut`] queue and memory are quarantined for good.
    pub fn start<D: DmaSpace>(
        self,
        rx: impl Into<RingSpace>,
        tx: impl Into<RingSpace>,
        size: BufferSize,
        dma: D,
        delay: &mut impl DelayNs,
    ) -> Result<Running<C, B, D>, (StartError, Option<Stopped<C, B>>)> {
        let (prepared, rx) = self
            .prepare(rx.into(), tx.into(), size, &dma)
            .map_err(|(error, stopped)| (error, Some(stopped)))?;
        let rx =
            RxRing::new(prepared.bus(), dma.clone(), rx, prepared.receive_ring(), size, prepared.limit());
        prepared.launch(rx, None, dma, delay).map(Pair::into).map_err(|error| (error, None))
    }
}

/// A running queue pair's steering half: what filters lead to.
#[must_use = "a dropped pool can't be stopped"]
pub struct Pool<C, B> {
    bus: B,
    index: u8,
    limit: FrameLimit,
    default_drops: bool,
    controller: PhantomData<fn() -> C>,
}

impl<C: Controller, B: Bus> Pool<C, B> {
    /// Returns the number of the queue.
    #[must_use]
    pub const fn queue(&self) -> usize {
        self.index as usize
    }

    pub(crate) fn port(&self) -> PortId {
        self.bus.id()
    }

    /// Stops the queue pair and gives back what it was started with.
    ///
    /// Buffers that are still in the rings go to `freed`, empty: frames that were finished and not
    /// received are lost with them and counted nowhere, so receive first. The memory comes back only after the
    /// device was seen to have stopped both queues.
    ///
    /// # Errors
    ///
    /// [`StopError`], and everything that was passed unless it is quarantined: see there.
    pub fn stop<D: DmaSpace>(
        self,
        rx: RxRing<C, B, D>,
        tx: TxRing<C, B, D>,
        table: &FilterTable<C, B>,
        delay: &mut impl DelayNs,
        freed: impl FnMut(Frame),
    ) -> Result<Stopped<C, B>, (StopError, Option<Running<C, B, D>>)> {
        self.stop_pair(rx, tx, table, delay, freed)
            .map(Apart::into)
            .map_err(|(error, pair)| (error, Some(pair.into())))
    }

    /// Takes the queue pair apart after the whole port was silenced.
    ///
    /// # Errors
    ///
    /// [`StopError::OtherPort`] and everything that was passed.
    pub fn stop_silenced<D: DmaSpace>(
        self,
        rx: RxRing<C, B, D>,
        tx: TxRing<C, B, D>,
        silence: &Silence<'_>,
        freed: impl FnMut(Frame),
    ) -> Result<Stopped<C, B>, (StopError, Option<Running<C, B, D>>)> {
        self.stop_pair_silenced(rx, tx, silence, freed)
            .map(Apart::into)
            .map_err(|(error, pair)| (error, Some(pair.into())))
    }
}

/// Why a queue was not started.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StartError {
    /// A frame within the port's limit would not fit a buffer: use larger buffers or a lower limit.
    BufferTooSmall {
        /// The smallest size that does.
        least: Option<BufferSize>,
    },
    /// The platform can't map the ring memory for the device: give memory that it can.
    NotMapped,
    /// The bus address of ring memory is not a multiple of 128: mend the platform's `DmaSpace`.
    NotAligned,
    /// The device begins where its last ring ended (82575), beyond the end of this one: use rings at
    /// least as long as before, or reset the port.
    RingTooShort {
        /// How many descriptors the ring needs.
        least: u32,
    },
    /// The device did not report the queue enabled; queue and memory are quarantined. Drop
    /// all that belongs to the port and make it anew with [`Port::new`](crate::Port::new).
    TimedOut(TimedOut),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall { least: Some(least) } => {
                write!(f, "the port's longest frame needs buffers of {} KiB", least.in_kib())
            }
            Self::BufferTooSmall { least: None } => {
                f.write_str("no buffer holds the port's longest frame: lower the limit")
            }
            Self::NotMapped => f.write_str("the platform can't map the ring memory: give memory that it can"),
            Self::RingTooShort { least } => {
                write!(f, "the ring needs at least {least} descriptors, as its last one had")
            }
            Self::NotAligned => f.write_str(
                "ring memory is mapped to an address that is not a multiple of 128: mend the `DmaSpace`",
            ),
            Self::TimedOut(timed_out) => {
                write!(f, "the queue was not enabled ({timed_out}): make the port anew")
            }
        }
    }
}
impl core::error::Error for StartError {}

/// Why a queue was not stopped.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StopError {
    /// A ring or the table belongs to another queue or port: pass what belongs together.
    OtherPort,
    /// Filters still lead to the queue: unbind or move them first.
    Bound,
    /// The queue's state can't be seen while the link is down (82598): stop it when the link is up,
    /// or silence the port.
    LinkDown,
    /// The device did not report the queue disabled, so its memory can't be freed: try again, or
    /// silence the port.
    TimedOut(TimedOut),
}

impl fmt::Display for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherPort => {
                f.write_str("a ring or the table belongs elsewhere: pass what belongs together")
            }
            Self::Bound => f.write_str("filters still lead to the queue: unbind or move them first"),
            Self::LinkDown => {
                f.write_str("the link is down: stop the queue when it is up, or silence the port")
            }
            Self::TimedOut(timed_out) => {
                write!(f, "the queue was not disabled ({timed_out}): try again, or silence the port")
            }
        }
    }
}
impl core::error::Error for StopError {}

impl<C, B> fmt::Debug for Queue<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Queue").field(&self.index).finish()
    }
}
impl<C, B> fmt::Debug for Pool<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.index).finish()
    }
}
impl<C, B> fmt::Debug for Stopped<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopped").field("queue", &self.queue).finish_non_exhaustive()
    }
}
impl<C: Controller, B: Bus, D: DmaSpace> fmt::Debug for Running<C, B, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("rx", &self.rx).field("tx", &self.tx).finish_non_exhaustive()
    }
}
