//! VMDq itself: pools, the default pool, and what is accepted beyond filters.

use super::{Io, Model};
use crate::config::Config;
use crate::index::{PoolIndex, RingIndex};
use crate::platform::Platform;

/// Pools: what filters name, and what owns rings.
///
/// # Safety
///
/// See [`Model`](super::Model). Rings of different pools are different.
pub unsafe trait Pools: Copy {
    /// Turns VMDq on with pool 0 as the default pool, then receiver and transmitter. All queues are
    /// disabled.
    fn enable<P: Platform>(self, io: Io<'_, P>, config: &Config);

    /// Turns receiver, transmitter and VMDq off. All queues are disabled.
    fn disable<P: Platform>(self, io: Io<'_, P>);

    /// Makes the pool that was the default one before a reset the default again, where there is a choice.
    fn restore_default<P: Platform>(self, io: Io<'_, P>, config: &Config, pool: PoolIndex) {
        let _ = (io, config, pool);
    }

    /// Returns the default pool, while VMDq is on.
    fn default_pool<P: Platform>(self, io: Io<'_, P>) -> PoolIndex;

    /// Returns the pool's first receive ring.
    fn receive_ring(self, pool: PoolIndex) -> RingIndex;

    /// Returns the pool's first transmit ring.
    fn transmit_ring(self, pool: PoolIndex) -> RingIndex;
}

/// Controllers that can change what is accepted beyond the filters while VMDq is on.
///
/// # Safety
///
/// See [`Model`].
#[diagnostic::on_unimplemented(
    message = "what `{Self}` accepts can't be changed while VMDq is on",
    note = "82598: FCTRL is written with the receiver off, which is allowed with all queues disabled only; set `Config::accept` before `Port::init`"
)]
pub unsafe trait LiveAccept: Model {
    /// Sets which frames beyond those of the filters are accepted (`config.accept`).
    ///
    /// # Errors
    ///
    /// [`Lack`](Model::Lack) if the device that was found can't.
    fn accept<P: Platform>(self, io: Io<'_, P>, config: &Config) -> Result<(), Self::Lack>;
}

/// Controllers that can make another pool than pool 0 the default one.
///
/// # Safety
///
/// See [`Model`].
#[diagnostic::on_unimplemented(
    message = "the default pool of `{Self}` can't be chosen: it is pool 0",
    note = "82575: the register field is not documented; 82598: its position is unverified; the 82576 offers it"
)]
pub unsafe trait DefaultPoolChoice: Model {
    /// Makes `pool` the default one. The receiver pauses for it.
    ///
    /// # Errors
    ///
    /// [`Lack`](Model::Lack) if the device that was found can't.
    fn set_default<P: Platform>(
        self,
        io: Io<'_, P>,
        config: &Config,
        pool: PoolIndex,
    ) -> Result<(), Self::Lack>;
}
