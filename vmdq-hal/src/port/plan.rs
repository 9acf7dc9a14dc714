//! The plan of a port: filters, default pool and interrupt routes, as plain data that outlives a reset.

use core::fmt;

use heapless::Vec;
use vmdq_core::MacAddress;

use super::{HandedOut, Port, Vmdq};
use crate::config::Config;
use crate::device::Model;
use crate::fault::Gone;
use crate::filter::{BindError, FilterSlot, FilterTable};
use crate::fmt::event;
use crate::index::{PoolIndex, VectorIndex};
use crate::platform::Platform;
use crate::pool::{Pool, Running};
use crate::vector::Vector;

/// Most filters that a controller has.
const FILTERS: usize = 127;
/// Most pools that a controller has.
pub(super) const POOLS: usize = 64;

/// The vector to which each pool's interrupts are routed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Routes {
    pub(super) pools: [Option<VectorIndex>; POOLS],
    pub(super) others: Option<VectorIndex>,
}

impl Routes {
    pub(super) const NONE: Self = Self { pools: [None; POOLS], others: None };
}

/// A port's configuration, addresses, default pool and interrupt routes.
///
/// It is plain data, taken at any time by [`Port::plan`] and restored by [`Port::restore`] after a reset by
/// this driver or from outside.
///
/// # Examples
///
/// ```
/// use vmdq_hal::device::Model;
/// use vmdq_hal::{FilterSlot, FilterTable, Plan, Platform, Pool, Port, Restore, RestoreError, Running, Vector,
/// Vmdq};
///
/// /// After a reset: leads everything where it led before. `plan` is what [`Port::plan`] returned.
/// fn resume<M: Model, P: Platform>(
///     port: &mut Port<M, P, Vmdq>,
///     plan: &Plan,
///     table: &mut FilterTable<M, P>,
///     slots: &mut [Option<FilterSlot<M>>],
///     pools: &[&Pool<M, P, Running>],
///     vectors: &mut [Vector<M, P>],
/// ) -> Result<(), RestoreError> {
///     port.restore(plan, Restore { table, slots, pools, vectors })
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Plan {
    pub(super) config: Config,
    pub(super) filters: Vec<(MacAddress, PoolIndex), FILTERS>,
    pub(super) default_pool: PoolIndex,
    pub(super) routes: Routes,
}

impl Plan {
    /// Returns the port's configuration, for [`Port::init`].
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Lists the addresses, each with its pool.
    pub fn filters(&self) -> impl Iterator<Item = (MacAddress, PoolIndex)> + '_ {
        self.filters.iter().copied()
    }

    /// Returns the default pool.
    #[must_use]
    pub const fn default_pool(&self) -> PoolIndex {
        self.default_pool
    }

    /// Returns the vector to which a pool is routed, if any.
    #[must_use]
    pub fn route(&self, pool: PoolIndex) -> Option<VectorIndex> {
        self.routes.pools.get(pool.number()).copied().flatten()
    }

    /// Returns the vector that interrupts for all other causes, if one does.
    #[must_use]
    pub const fn others_route(&self) -> Option<VectorIndex> {
        self.routes.others
    }
}

/// The resources with which a plan is restored.
#[derive(Debug)]
pub struct Restore<'a, M: Model, P: Platform> {
    /// The filter table.
    pub table: &'a mut FilterTable<M, P>,
    /// Free slots; as many are taken as there are addresses in the plan.
    pub slots: &'a mut [Option<FilterSlot<M>>],
    /// The pools that run. Those that the plan names have to be among them, the default pool too.
    pub pools: &'a [&'a Pool<M, P, Running>],
    /// The vectors. Those that the plan names have to be among them.
    pub vectors: &'a mut [Vector<M, P>],
}

impl<M: Model, P: Platform, S: HandedOut> Port<M, P, S> {
    /// Returns the port's plan: configuration, filters, default pool and routes.
    ///
    /// `table` is this port's.
    #[must_use]
    pub fn plan(&self, table: &FilterTable<M, P>) -> Plan {
        let mut filters = Vec::new();
        for binding in table.bindings() {
            // No controller has more than there is room for.
            let _ = filters.push((binding.address, binding.pool));
        }
        Plan {
            config: self.known.config,
            filters,
            default_pool: self.known.default_pool,
            routes: self.known.routes,
        }
    }
}

impl<M: Model, P: Platform> Port<M, P, Vmdq> {
    /// Restores a plan: frames go to the same pools again, and the same vectors interrupt for them.
    ///
    /// The port was initialised with the plan's [`config`](Plan::config).
    ///
    /// # Errors
    ///
    /// [`RestoreError`], if the plan names something that is not there; then nothing is changed.
    pub fn restore(&mut self, plan: &Plan, with: Restore<'_, M, P>) -> Result<(), RestoreError> {
        let Restore { table, slots, pools, vectors } = with;
        let find = |index: PoolIndex| pools.iter().find(|pool| pool.index() == index);
        let owner = self.owner();
        if table.owner() != owner
            || pools.iter().any(|pool| pool.owner() != owner)
            || vectors.iter().any(|vector| vector.owner() != owner)
            || slots.iter().flatten().any(|slot| slot.owner() != owner)
        {
            return Err(RestoreError::OtherPort);
        }
        self.check().map_err(|Gone| RestoreError::Gone)?;
        let routed = plan.routes.pools.iter().zip(0..).filter(|(vector, _)| vector.is_some());
        let named = plan.filters().map(|(_, pool)| pool).chain(routed.map(|(_, pool)| PoolIndex::new(pool)));
        for pool in named {
            find(pool).ok_or(RestoreError::NotRunning(pool))?;
        }
        let has = |index: VectorIndex| vectors.iter().any(|vector| vector.index() == index);
        let named = plan.routes.pools.iter().chain([&plan.routes.others]).flatten();
        if let Some(&vector) = named.into_iter().find(|&&vector| !has(vector)) {
            return Err(RestoreError::NoVector(vector));
        }
        if plan.default_pool != self.known.default_pool {
            if !self.model.limits().default_pool_choice {
                return Err(RestoreError::NoChoice(plan.default_pool));
            }
            find(plan.default_pool).ok_or(RestoreError::NotRunning(plan.default_pool))?;
        }
        if slots.iter().flatten().count() < plan.filters.len() {
            return Err(RestoreError::NoSlot);
        }
        for (address, _) in plan.filters() {
            table.check(address).map_err(RestoreError::Bind)?;
        }
        let slots = slots.iter_mut().filter_map(Option::take);
        // In this order no slot is taken beyond the last address.
        for ((address, pool), slot) in plan.filters().zip(slots) {
            table.add(slot.entry(), address, pool);
        }
        if plan.default_pool != self.known.default_pool {
            self.restore_default(plan.default_pool);
        }
        for vector in vectors {
            let index = vector.index();
            for (pool, _) in (0..).zip(&plan.routes.pools).filter(|(_, to)| **to == Some(index)) {
                if let Some(pool) = find(PoolIndex::new(pool)) {
                    // Both are this port's (above).
                    let _ = self.route(vector, pool);
                }
            }
            if plan.routes.others == Some(vector.index()) {
                let _ = self.route_others(vector);
            }
        }
        event!("{}: restored, filters: {}", self.model.limits().name, plan.filters.len());
        Ok(())
    }
}

/// Why a plan was not restored.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RestoreError {
    /// Table, slots, pools or vectors belong to another port: pass this port's own.
    OtherPort,
    /// The plan names a pool that is not among those that run: start it.
    NotRunning(PoolIndex),
    /// There are fewer slots than addresses in the plan: pass all.
    NoSlot,
    /// The plan names a vector that was not passed: pass it.
    NoVector(VectorIndex),
    /// The plan is of another model: here no pool but pool 0 can be the default one.
    NoChoice(PoolIndex),
    /// An address of the plan can't be bound: restore before other filters are bound.
    Bind(BindError),
    /// The device is gone: give the port up.
    Gone,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherPort => {
                f.write_str("table, slots, pools or vectors belong to another port: pass this port's own")
            }
            Self::NotRunning(pool) => write!(f, "pool {pool} does not run: start it"),
            Self::NoSlot => f.write_str("there are fewer slots than addresses: pass all"),
            Self::NoVector(vector) => write!(f, "vector {vector} was not passed: pass it"),
            Self::NoChoice(pool) => {
                write!(f, "pool {pool} can't be the default one here: the plan is of another model")
            }
            Self::Bind(error) => write!(
                f,
                "an address of the plan can't be bound ({error}): restore before other filters are bound"
            ),
            Self::Gone => Gone.fmt(f),
        }
    }
}
impl core::error::Error for RestoreError {}
