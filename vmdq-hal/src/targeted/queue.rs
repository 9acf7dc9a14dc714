//! Starting and stopping a queue whose frames land in a virtual machine's buffers.

use embedded_hal::delay::DelayNs;

use super::memory::TargetedSpace;
use super::ring::TargetedRing;
use crate::bus::Bus;
use crate::controller::{Controller, HeaderReplication};
use crate::dma::DmaSpace;
use crate::filter::FilterTable;
use crate::port::Silence;
use crate::queue::launch::{Apart, Pair};
use crate::queue::{Pool, Queue, StartError, StopError};
use crate::receive::HeaderSize;
use crate::ring::{BufferSize, Frame, RingSpace, RxRing, TxRing};
use crate::vmm::{VmId, Vmm};

/// How many bytes of a header software fetches: addresses, a tag and the headers of IPv4 and UDP.
const FETCHED: u16 = 64;

/// A running queue pair whose receive half is targeted.
#[must_use]
pub struct RunningTargeted<C: Controller, B: Bus, D: DmaSpace> {
    /// The receive ring; nothing is shared yet.
    pub rx: TargetedRing<C, B, D>,
    /// The transmit ring.
    pub tx: TxRing<C, B, D>,
    /// What filters lead to.
    pub pool: Pool<C, B>,
}

/// A targeted queue pair that was stopped, or not started, and its memory.
#[must_use]
pub struct StoppedTargeted<C, B> {
    /// The queue: it can be started anew, targeted or not.
    pub queue: Queue<C, B>,
    /// The memory of the receive ring; nothing is shared any more.
    pub rx: TargetedSpace,
    /// The memory of the transmit ring.
    pub tx: RingSpace,
}

impl<C: Controller, B: Bus> Queue<C, B> {
    /// Starts the queue pair for one virtual machine: frames land in the buffers of at least `size`
    /// that it shares, and the hardware replicates their headers into frames of the I/O container
    /// (paper section 3.7).
    ///
    /// # Errors
    ///
    /// As [`Queue::start`].
    #[expect(clippy::too_many_arguments, reason = "those of `start`, and for whom")]
    pub fn start_targeted<D: DmaSpace>(
        self,
        rx: impl Into<TargetedSpace>,
        tx: impl Into<RingSpace>,
        vm: VmId,
        size: BufferSize,
        headers: HeaderSize<C>,
        dma: D,
        delay: &mut impl DelayNs,
    ) -> Result<RunningTargeted<C, B, D>, (StartError, Option<StoppedTargeted<C, B>>)>
    where
        C: HeaderReplication,
    {
        self.start_for(rx.into(), tx.into(), vm, size, Some(headers), dma, delay)
    }

    /// Starts the queue pair for one virtual machine as [`start_targeted`](Self::start_targeted), on a
    /// controller that does not replicate headers: software fetches each of them once.
    ///
    /// # Errors
    ///
    /// As [`Queue::start`].
    pub fn start_targeted_by_software<D: DmaSpace>(
        self,
        rx: impl Into<TargetedSpace>,
        tx: impl Into<RingSpace>,
        vm: VmId,
        size: BufferSize,
        dma: D,
        delay: &mut impl DelayNs,
    ) -> Result<RunningTargeted<C, B, D>, (StartError, Option<StoppedTargeted<C, B>>)> {
        self.start_for(rx.into(), tx.into(), vm, size, None, dma, delay)
    }

    #[expect(clippy::too_many_arguments, reason = "those of `start`, and for whom")]
    fn start_for<D: DmaSpace>(
        self,
        TargetedSpace { ring, entries }: TargetedSpace,
        tx: RingSpace,
        vm: VmId,
        size: BufferSize,
        header: Option<HeaderSize<C>>,
        dma: D,
        delay: &mut impl DelayNs,
    ) -> Result<RunningTargeted<C, B, D>, (StartError, Option<StoppedTargeted<C, B>>)> {
        let (prepared, ring) = match self.prepare(ring, tx, size, &dma) {
            Ok(prepared) => prepared,
            Err((error, stopped)) => {
                let rx = TargetedSpace { ring: stopped.rx, entries };
                return Err((error, Some(StoppedTargeted { queue: stopped.queue, rx, tx: stopped.tx })));
            }
        };
        let rx =
            RxRing::new(prepared.bus(), dma.clone(), ring, prepared.receive_ring(), size, prepared.limit());
        let bytes = header.map_or(FETCHED, |header| header.bytes() as u16);
        let rx = TargetedRing::new(rx, vm, entries, bytes, header.is_some());
        match prepared.launch(rx, header, dma, delay) {
            Ok(Pair { rx, tx, pool }) => Ok(RunningTargeted { rx, tx, pool }),
            Err(error) => Err((error, None)),
        }
    }
}

impl<C: Controller, B: Bus> Pool<C, B> {
    /// Stops a targeted queue pair, unmaps every shared buffer and gives back what it was started
    /// with. Header frames that are still in the ring, and frames to be sent, go to `freed`. Frames that
    /// were finished and not received are lost and counted nowhere: receive first.
    ///
    /// Nothing is unmapped before the device was seen to have stopped both queues: this is the way on
    /// when a virtual machine stops sharing, or dies.
    ///
    /// # Errors
    ///
    /// [`StopError`] and everything that was passed, with every buffer still mapped: as
    /// [`Pool::stop`].
    pub fn stop_targeted<D: DmaSpace, V: Vmm>(
        self,
        rx: TargetedRing<C, B, D>,
        tx: TxRing<C, B, D>,
        table: &FilterTable<C, B>,
        vmm: &V,
        delay: &mut impl DelayNs,
        freed: impl FnMut(Frame),
    ) -> Result<StoppedTargeted<C, B>, (StopError, Option<RunningTargeted<C, B, D>>)> {
        match self.stop_pair(rx, tx, table, delay, freed) {
            Ok(Apart { queue, rx, tx }) => Ok(StoppedTargeted { queue, rx: rx.unshare_all(vmm), tx }),
            Err((error, Pair { rx, tx, pool })) => Err((error, Some(RunningTargeted { rx, tx, pool }))),
        }
    }

    /// Takes a targeted queue pair apart after the whole port was silenced.
    ///
    /// # Errors
    ///
    /// [`StopError::OtherPort`] and everything that was passed.
    pub fn stop_targeted_silenced<D: DmaSpace, V: Vmm>(
        self,
        rx: TargetedRing<C, B, D>,
        tx: TxRing<C, B, D>,
        silence: &Silence<'_>,
        vmm: &V,
        freed: impl FnMut(Frame),
    ) -> Result<StoppedTargeted<C, B>, (StopError, Option<RunningTargeted<C, B, D>>)> {
        match self.stop_pair_silenced(rx, tx, silence, freed) {
            Ok(Apart { queue, rx, tx }) => Ok(StoppedTargeted { queue, rx: rx.unshare_all(vmm), tx }),
            Err((error, Pair { rx, tx, pool })) => Err((error, Some(RunningTargeted { rx, tx, pool }))),
        }
    }
}

impl<C: Controller, B: Bus, D: DmaSpace> core::fmt::Debug for RunningTargeted<C, B, D> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RunningTargeted").field("rx", &self.rx).field("tx", &self.tx).finish_non_exhaustive()
    }
}
impl<C, B> core::fmt::Debug for StoppedTargeted<C, B> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StoppedTargeted").field("queue", &self.queue).finish_non_exhaustive()
    }
}
