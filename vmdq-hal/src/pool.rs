//! Pools, which filters name and which own rings: idle, or running with a receive and a transmit ring.
//!
//! A pool is one virtual machine's share of the controller. It is started on ring memory
//! ([`Port::start`](crate::Port::start)), which returns three values: two rings for the code that moves
//! data, and the running pool for the code that binds filters and routes interrupts. Stopping takes the
//! three back and returns the memory, only after the device was seen to have stopped both rings.

use core::fmt;
use core::marker::PhantomData;

use vmdq_core::FrameLimit;

use crate::collection::Mint;
use crate::device::Model;
use crate::index::PoolIndex;
use crate::owner::Owner;
use crate::platform::Platform;

/// State: the pool has no rings, and no filter can name it.
pub enum Idle {}
/// State: the pool's rings run, and filters may name it.
pub enum Running {}

/// A pool in state `S`: [`Idle`] or [`Running`].
///
/// # Examples
///
/// ```
/// use vmdq_hal::device::Model;
/// use vmdq_hal::ring::{BufferPool, RingMemory};
/// use vmdq_hal::{FilterTable, Idle, Platform, Pool, Port, Vmdq};
///
/// /// Memory of a pool's two rings.
/// struct Rings {
///     receive: RingMemory<256>,
///     transmit: RingMemory<256>,
/// }
///
/// /// Runs a pool for a while, and gets it back idle.
/// fn run<M: Model, P: Platform + 'static>(
///     port: &Port<M, P, Vmdq>,
///     table: &FilterTable<M, P>,
///     pool: Pool<M, P, Idle>,
///     rings: &'static mut Rings,
///     buffers: &mut BufferPool,
/// ) -> Result<Pool<M, P, Idle>, Box<dyn std::error::Error>> {
///     let started = port.start_with(pool, &mut rings.receive, &mut rings.transmit, buffers)?;
///     // .. filters are bound to `started.pool`, `started.rx` receives, `started.tx` sends ..
///     let stopped = started.stop(table, |frame| buffers.put(frame).expect("it came from this pool"))?;
///     Ok(stopped.pool)
/// }
/// ```
#[must_use = "a dropped pool can't be used again, and VMDq can't be turned off without it"]
pub struct Pool<M, P, S> {
    pub(crate) model: M,
    pub(crate) platform: P,
    owner: Owner,
    index: PoolIndex,
    pub(crate) setup: PoolSetup,
    state: PhantomData<fn() -> S>,
}

/// The settings that all pools of a port share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolSetup {
    pub(crate) limit: FrameLimit,
    pub(crate) default_drops: bool,
    pub(crate) strip_tags: bool,
}

impl<M, P, S> Pool<M, P, S> {
    /// Returns the number of the pool.
    #[must_use]
    pub const fn index(&self) -> PoolIndex {
        self.index
    }

    pub(crate) const fn owner(&self) -> Owner {
        self.owner
    }

    pub(crate) fn into_state<T>(self) -> Pool<M, P, T> {
        let Self { model, platform, owner, index, setup, .. } = self;
        Pool { model, platform, owner, index, setup, state: PhantomData }
    }
}

/// The data that all pools of a port share until it is disabled or reset.
pub struct PoolSeed<M, P> {
    pub(crate) model: M,
    pub(crate) platform: P,
    pub(crate) owner: Owner,
    pub(crate) setup: PoolSetup,
}

impl<M: Model, P: Platform> Mint for Pool<M, P, Idle> {
    type Seed = PoolSeed<M, P>;

    fn mint(seed: &PoolSeed<M, P>, index: usize) -> Self {
        Self {
            model: seed.model,
            platform: seed.platform.clone(),
            owner: seed.owner,
            index: PoolIndex::new(index as u8),
            setup: seed.setup,
            state: PhantomData,
        }
    }
}

#[cfg(feature = "defmt")]
impl<M, P, S> defmt::Format for Pool<M, P, S> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Pool({})", self.index);
    }
}

impl<M, P, S> fmt::Debug for Pool<M, P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.index).finish()
    }
}
