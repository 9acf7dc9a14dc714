//! Operations of a port while VMDq is on.

use core::fmt;

use vmdq_core::Accept;

use super::plan::Routes;
use super::{HandedOut, OtherPort, Parts, Port, Resources, VmdqOff, VmdqOn};
use crate::collection::Collection;
use crate::config::Causes;
use crate::device::{DefaultPoolChoice, LiveAccept, Model};
use crate::filter::{FilterTable, SlotSeed};
use crate::fmt::event;
use crate::index::{PoolIndex, VectorIndex};
use crate::platform::Platform;
use crate::pool::{Pool, PoolSeed, PoolSetup, Running};
use crate::vector::{Vector, VectorSeed};

impl<M: Model, P: Platform, S> Port<M, P, S> {
    /// Turns VMDq on, and receiver and transmitter with it.
    ///
    /// Pool 0 is the default pool. No pool runs yet: until one is started, the device drops the
    /// frames for it.
    pub fn enable(mut self) -> Resources<M, P>
    where
        S: VmdqOff,
    {
        let model = self.model;
        model.enable(self.io(), &self.known.config);
        self.life = self.life.wrapping_add(1);
        (self.known.default_pool, self.known.routes) = (PoolIndex::new(0), Routes::NONE);
        event!("{}: VMDq is on", model.limits().name);
        let (limits, owner) = (model.limits(), self.owner());
        let platform = || self.platform.clone();
        let setup = PoolSetup {
            limit: self.known.limit,
            default_drops: self.known.config.default_drops,
            strip_tags: self.known.config.strip_tags,
        };
        Resources {
            pools: Collection::of(
                PoolSeed { model, platform: platform(), owner, setup },
                limits.pools.into(),
            ),
            filters: Collection::of(SlotSeed(owner), limits.filters.into()),
            table: FilterTable::new(model, platform(), owner, self.known.address),
            vectors: Collection::of(VectorSeed { model, platform: platform(), owner }, limits.vectors.into()),
            port: self.into_state(),
        }
    }
}

impl<M: Model, P: Platform, S: HandedOut> Port<M, P, S> {
    /// Makes an empty collection for the resources that [`enable`](Port::enable) handed out.
    pub fn parts(&self) -> Parts<M, P> {
        Parts::new(self.owner(), self.model.limits())
    }
}

impl<M: Model, P: Platform, S> Port<M, P, S> {
    /// Sets which frames beyond those of the filters are accepted.
    ///
    /// Sorting by filters goes on meanwhile.
    ///
    /// # Errors
    ///
    /// [`Lack`](Model::Lack) if the device that was found can't; for a concrete model there is no such value.
    pub fn set_accept(&mut self, accept: Accept) -> Result<(), M::Lack>
    where
        M: LiveAccept,
        S: VmdqOn,
    {
        let mut config = self.known.config;
        config.accept = accept;
        self.model.accept(self.io(), &config)?;
        self.known.config = config;
        event!("{}: accepts {:?} beyond filters", self.model.limits().name, accept);
        Ok(())
    }

    /// Makes a pool the default one.
    ///
    /// The receiver pauses: frames that arrive meanwhile are lost.
    ///
    /// # Errors
    ///
    /// [`SetDefaultError`] if the pool belongs to another port, or the device that was found has no choice.
    pub fn set_default(&mut self, pool: &Pool<M, P, Running>) -> Result<(), SetDefaultError<M::Lack>>
    where
        M: DefaultPoolChoice,
        S: VmdqOn,
    {
        if pool.owner() != self.owner() {
            return Err(SetDefaultError::OtherPort);
        }
        self.model.set_default(self.io(), &self.known.config, pool.index()).map_err(SetDefaultError::Lack)?;
        self.known.default_pool = pool.index();
        event!("{}: pool {} is the default one", self.model.limits().name, pool.index());
        Ok(())
    }

    pub(super) fn restore_default(&mut self, pool: PoolIndex) {
        self.model.restore_default(self.io(), &self.known.config, pool);
        self.known.default_pool = self.model.default_pool(self.io());
    }

    /// Returns the default pool.
    #[must_use]
    pub const fn default_pool(&self) -> PoolIndex
    where
        S: VmdqOn,
    {
        self.known.default_pool
    }

    /// Routes the interrupts of a pool's rings, both ways, to a vector. Several pools may share one.
    ///
    /// # Errors
    ///
    /// [`OtherPort`] if the vector or the pool belongs to another port.
    pub fn route(&mut self, vector: &mut Vector<M, P>, pool: &Pool<M, P, Running>) -> Result<(), OtherPort>
    where
        S: VmdqOn,
    {
        if pool.owner() != self.owner() || vector.owner() != self.owner() {
            return Err(OtherPort);
        }
        self.model.route(self.io(), vector.index(), pool.index());
        vector.serves(pool.index());
        if let Some(route) = self.known.routes.pools.get_mut(pool.index().number()) {
            *route = Some(vector.index());
        }
        event!("{}: vector {} serves pool {}", self.model.limits().name, vector.index(), pool.index());
        Ok(())
    }

    /// Routes the interrupts that are not a pool's to a vector.
    ///
    /// # Errors
    ///
    /// [`OtherPort`] if the vector belongs to another port.
    pub fn route_others(&mut self, vector: &mut Vector<M, P>) -> Result<(), OtherPort>
    where
        S: VmdqOn,
    {
        if vector.owner() != self.owner() {
            return Err(OtherPort);
        }
        self.model.route_others(self.io(), vector.index());
        vector.serves_others();
        self.known.routes.others = Some(vector.index());
        event!("{}: vector {} serves all other causes", self.model.limits().name, vector.index());
        Ok(())
    }

    /// Returns the vector to which a pool is routed.
    pub(crate) fn route_of(&self, pool: PoolIndex) -> Option<VectorIndex> {
        self.known.routes.pools.get(pool.number()).copied().flatten()
    }

    /// Reads and clears the interrupt causes other than those of pools.
    pub fn causes(&mut self) -> Causes
    where
        S: VmdqOn,
    {
        self.model.causes(self.io())
    }
}

/// Why a pool was not made the default one.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SetDefaultError<L> {
    /// The pool belongs to another port: pass it to that port.
    OtherPort,
    /// The device that was found has no choice. For a concrete model there is no such value.
    Lack(L),
}

impl<L: fmt::Display> fmt::Display for SetDefaultError<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherPort => OtherPort.fmt(f),
            Self::Lack(lack) => lack.fmt(f),
        }
    }
}
impl<L: core::error::Error> core::error::Error for SetDefaultError<L> {}
