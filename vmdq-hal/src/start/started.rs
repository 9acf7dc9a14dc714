//! A running pool with its rings, and the way back to an idle one.

use core::fmt;

use super::error::StopError;
use super::half::{ReceiveHalf, ReceiveRing};
use crate::device::{Io, Model, NotStopped, RingKind};
use crate::filter::FilterTable;
use crate::fmt::{event, warning};
use crate::index::RingIndex;
use crate::platform::Platform;
use crate::pool::{Idle, Pool, Running};
use crate::port::{OtherPort, Port, Quiesced};
use crate::refused::Refused;
use crate::ring::{Frame, RingSpace, RxRing, TxRing};

/// A running pool with its two rings.
///
/// `R` is the kind of receive ring: an [`RxRing`] or a [`TargetedRing`](crate::targeted::TargetedRing).
///
/// # Examples
///
/// ```
/// use vmdq_hal::device::Model;
/// use vmdq_hal::ring::{BufferPool, Burst, SendError};
/// use vmdq_hal::{Platform, Started};
///
/// /// Sends what has arrived back where it came from; to be called in a loop.
/// fn echo<M: Model, P: Platform>(
///     started: &mut Started<M, P>,
///     buffers: &mut BufferPool,
/// ) -> Result<(), SendError> {
///     let mut burst = Burst::<32>::new();
///     started.rx.receive_replacing(&mut burst, 32, buffers);
///     for frame in &mut burst {
///         let (to, from) = frame.header_mut().split_at_mut(6);
///         to.swap_with_slice(&mut from[..6]);
///     }
///     let sent = started.tx.send(&mut burst);
///     buffers.put_all(&mut burst); // what the ring did not take is dropped
///     started.tx.reclaim(buffers);
///     sent.map(drop)
/// }
/// ```
#[must_use = "dropping it leaks the memory of its rings: stop it"]
pub struct Started<M, P: Platform, R = RxRing<P>> {
    /// The receive ring; it has no buffers yet unless the pool was started with some.
    pub rx: R,
    /// The transmit ring.
    pub tx: TxRing<P>,
    /// The pool, which filters name.
    pub pool: Pool<M, P, Running>,
}

/// A pool that was stopped, and its memory.
#[must_use = "dropping it loses the memory"]
pub struct Stopped<M, P, R = RingSpace> {
    /// The pool.
    pub pool: Pool<M, P, Idle>,
    /// The memory of the receive ring.
    pub rx: R,
    /// The memory of the transmit ring.
    pub tx: RingSpace,
}

/// A pool that was not started, and its memory.
#[must_use = "dropping it loses the memory"]
pub struct NotStarted<M, P, R = RingSpace> {
    /// The pool: it can be started again.
    pub pool: Pool<M, P, Idle>,
    /// The memory of the receive and the transmit ring; `None` if the device may have it.
    ///
    /// That is so after
    /// [`StartError::TimedOut`](super::StartError::TimedOut) or when the device was gone during the start.
    pub memory: Option<(R, RingSpace)>,
}

impl<M: Model, P: Platform, R> Started<M, P, R> {
    /// Stops the pool and gives back what it was started with.
    ///
    /// Buffers that are still in the rings go to `freed`, empty: frames that were finished and not
    /// received are lost with them and counted nowhere, so receive first. The memory comes back only after
    /// the device was seen to have stopped both rings; of a targeted ring every shared buffer is unmapped
    /// then.
    ///
    /// # Errors
    ///
    /// [`StopError`], and everything that was passed.
    pub fn stop(
        mut self,
        table: &FilterTable<M, P>,
        freed: impl FnMut(Frame),
    ) -> Result<Stopped<M, P, R::Memory>, Refused<StopError, Self>>
    where
        R: ReceiveRing<P>,
    {
        match self.stop_rings(table) {
            Ok(()) => {
                event!("{}: pool {} stopped", self.pool.model.limits().name, self.pool.index());
                // SAFETY: both rings were seen stopped.
                Ok(unsafe { self.dismantle(freed) })
            }
            Err(error) => {
                let name = self.pool.model.limits().name;
                warning!("{}: pool {} not stopped: {}", name, self.pool.index(), error);
                Err(Refused::new(error, self))
            }
        }
    }

    /// Gives back what the pool was started with, after all DMA of the port has ended.
    ///
    /// It is for a pool that can't be stopped on its own. Filters may still name it.
    ///
    /// # Errors
    ///
    /// [`OtherPort`] and everything that was passed, if it does not belong to that port.
    pub fn recover(
        self,
        port: &Port<M, P, Quiesced>,
        freed: impl FnMut(Frame),
    ) -> Result<Stopped<M, P, R::Memory>, Refused<OtherPort, Self>>
    where
        R: ReceiveRing<P>,
    {
        if !self.belongs_together() || self.pool.owner() != port.owner() {
            return Err(Refused::new(OtherPort, self));
        }
        event!("{}: memory of pool {} recovered", self.pool.model.limits().name, self.pool.index());
        // SAFETY: the device was seen to have stopped all DMA in this life of the port (`Port::quiesce`),
        // and no ring has been started since: that takes a port on which VMDq is on.
        Ok(unsafe { self.dismantle(freed) })
    }
}

impl<M: Model, P: Platform, R: ReceiveRing<P>> Started<M, P, R> {
    /// Stops both rings, and returns `Ok` only after both were seen stopped.
    fn stop_rings(&mut self, table: &FilterTable<M, P>) -> Result<(), StopError> {
        if !self.belongs_together() || table.owner() != self.pool.owner() {
            return Err(StopError::OtherPort);
        }
        if table.leads_to(self.pool.index()) {
            return Err(StopError::Bound);
        }
        let why = |not_stopped| match not_stopped {
            NotStopped::LinkDown => StopError::LinkDown,
            NotStopped::Fault(fault) => fault.into(),
        };
        let model = self.pool.model;
        // SAFETY: the registers of these two rings, which are owned here.
        let io = unsafe { Io::new(&self.pool.platform) };
        let receive = (ReceiveHalf::ring(&self.rx), self.rx.seen());
        stop_both(model, io, (receive, (self.tx.ring(), &mut self.tx.seen))).map_err(why)
    }

    fn belongs_together(&self) -> bool {
        let (owner, pool) = self.rx.belongs_to();
        let same = (self.pool.owner(), self.pool.index());
        (owner, pool) == same && (self.tx.owner(), self.tx.pool()) == same
    }

    /// # Safety
    ///
    /// The device has been seen to have stopped both rings.
    unsafe fn dismantle(self, mut freed: impl FnMut(Frame)) -> Stopped<M, P, R::Memory> {
        let Self { rx, tx, pool } = self;
        // SAFETY: the caller's promise.
        let rx = unsafe { rx.dismantle(&mut freed) };
        // SAFETY: the caller's promise.
        let tx = unsafe { tx.dismantle(&mut freed) };
        Stopped { pool: pool.into_state(), rx, tx }
    }
}

/// Stops a receive and a transmit ring; of each it is noted whether it was seen enabled.
///
/// Once for all kinds of rings, and for starts that fail: it is a good part of what either takes in code.
#[inline(never)]
pub(super) fn stop_both<M: Model, P: Platform>(
    model: M,
    io: Io<'_, P>,
    (receive, transmit): ((RingIndex, &mut bool), (RingIndex, &mut bool)),
) -> Result<(), NotStopped> {
    model.stop(io, RingKind::Receive, receive.0, receive.1)?;
    model.stop(io, RingKind::Transmit, transmit.0, transmit.1)
}

impl<M, P: Platform, R: fmt::Debug> fmt::Debug for Started<M, P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started").field("rx", &self.rx).field("tx", &self.tx).finish_non_exhaustive()
    }
}
impl<M, P, R> fmt::Debug for Stopped<M, P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopped").field("pool", &self.pool).finish_non_exhaustive()
    }
}
impl<M, P, R> fmt::Debug for NotStarted<M, P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotStarted")
            .field("pool", &self.pool)
            .field("memory", &self.memory.is_some())
            .finish()
    }
}
