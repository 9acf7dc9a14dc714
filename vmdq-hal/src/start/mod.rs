//! Starting an idle pool on ring memory, and stopping it.
//!
//! A start gives three values ([`Started`]): the rings for whoever moves data, and the running pool for
//! whoever steers filters and interrupts to it. A stop takes the three back and gives the memory, only after
//! the device was seen to have stopped both rings. Where it can't be seen, the port is quiesced first
//! ([`Port::quiesce`], [`Started::recover`]).

mod error;
mod half;
mod launch;
mod started;

use crate::device::Model;
use crate::platform::Platform;
use crate::pool::{Idle, Pool};
use crate::port::{Port, VmdqOn};
use crate::refused::Refused;
use crate::ring::{BufferPool, BufferSize, RingSource};

pub use error::{StartError, StopError};
pub(crate) use half::ReceiveHalf;
pub use half::ReceiveRing;
pub use started::{NotStarted, Started, Stopped};

impl<M: Model, P: Platform, S> Port<M, P, S> {
    /// Starts a pool on ring memory, for buffers of at least `size`.
    ///
    /// # Errors
    ///
    /// [`StartError`], the pool, and the memory unless the device may have it.
    pub fn start(
        &self,
        pool: Pool<M, P, Idle>,
        rx: impl RingSource,
        tx: impl RingSource,
        size: BufferSize,
    ) -> Result<Started<M, P>, Refused<StartError, NotStarted<M, P>>>
    where
        S: VmdqOn,
    {
        let (rx, tx) = (rx.into_space(), tx.into_space());
        if pool.owner() != self.owner() {
            return Err(Refused::new(StartError::OtherPort, NotStarted { pool, memory: Some((rx, tx)) }));
        }
        let (prepared, rx) = pool
            .prepare(rx, tx, size)
            .map_err(|refused| refused.map(|(pool, rx, tx)| NotStarted { pool, memory: Some((rx, tx)) }))?;
        let rx = prepared.receive_ring(rx);
        prepared.launch(rx, None)
    }

    /// Starts a pool on ring memory as [`start`](Self::start) does, for the buffers of `buffers`, and fills
    /// the receive ring with them: frames can arrive at once.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start). No buffer is taken then.
    pub fn start_with(
        &self,
        pool: Pool<M, P, Idle>,
        rx: impl RingSource,
        tx: impl RingSource,
        buffers: &mut BufferPool,
    ) -> Result<Started<M, P>, Refused<StartError, NotStarted<M, P>>>
    where
        S: VmdqOn,
    {
        let mut started = self.start(pool, rx, tx, buffers.size())?;
        started.rx.refill(buffers);
        started.rx.flush();
        Ok(started)
    }
}
