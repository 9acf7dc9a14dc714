//! The resources that `enable` hands out, and their return.

use core::fmt;
use core::marker::PhantomData;

use super::{Missing, OtherPort, Port, Vmdq};
use crate::device::{Limits, Model};
use crate::filter::{FilterSlot, FilterTable};
use crate::index::{PoolSet, VectorSet};
use crate::owner::Owner;
use crate::platform::Platform;
use crate::pool::{Idle, Pool};
use crate::refused::Refused;
use crate::vector::Vector;

/// The resources of a port with VMDq on, each of them once.
///
/// For a concrete model pools, filters and vectors are arrays; for `vmdq::Any` they are iterators that make
/// each value when it is taken.
///
/// # Examples
///
/// ```
/// use vmdq_hal::device::Model;
/// use vmdq_hal::{Platform, Port, Ready, Resources};
///
/// fn on_and_off<M: Model, P: Platform + 'static>(
///     port: Port<M, P, Ready>,
/// ) -> Result<Port<M, P, Ready>, Box<dyn std::error::Error>> {
///     let Resources { port, pools, filters, table, vectors, .. } = port.enable();
///     // .. pools are started, filters are bound; all of it comes back ..
///     let mut parts = port.parts();
///     parts.put_all(pools)?;
///     parts.put_all(filters)?;
///     parts.put_all(vectors)?;
///     parts.put(table)?;
///     Ok(port.disable(parts)?)
/// }
/// ```
#[non_exhaustive]
#[must_use]
pub struct Resources<M: Model, P: Platform> {
    /// The port.
    pub port: Port<M, P, Vmdq>,
    /// The pools; pool 0 is the default one.
    pub pools: M::PerPool<Pool<M, P, Idle>>,
    /// The right to program each filter.
    pub filters: M::PerFilter<FilterSlot<M>>,
    /// The filters themselves.
    pub table: FilterTable<M, P>,
    /// The MSI-X vectors.
    pub vectors: M::PerVector<Vector<M, P>>,
}

impl<M: Model, P: Platform> Resources<M, P> {
    /// Separates the port from the rest, which can then go back to it.
    pub fn into_parts(self) -> (Port<M, P, Vmdq>, Parts<M, P>) {
        let Self { port, pools, filters, table, vectors } = self;
        let mut parts = port.parts();
        // None is refused: all belong to this port.
        let _ = parts.put_all(pools);
        let _ = parts.put_all(filters);
        let _ = parts.put_all(vectors);
        let _ = parts.put(table);
        (port, parts)
    }
}

/// The returned [`Resources`], for [`Port::disable`] or [`Port::reset`] when they are complete.
///
/// Values are put in one by one and are not stored: they are rights, and the next
/// [`enable`](Port::enable) makes them anew.
///
/// # Examples
///
/// ```
/// use vmdq_hal::device::Model;
/// use vmdq_hal::{FilterTable, Idle, OtherPort, Platform, Pool, Port, Ready, Refused, Vector, Vmdq};
///
/// fn turn_off<M: Model, P: Platform>(
///     port: Port<M, P, Vmdq>,
///     pools: impl IntoIterator<Item = Pool<M, P, Idle>>,
///     vectors: impl IntoIterator<Item = Vector<M, P>>,
///     slots: impl IntoIterator<Item = vmdq_hal::FilterSlot<M>>,
///     table: FilterTable<M, P>,
/// ) -> Result<Port<M, P, Ready>, Box<dyn std::error::Error>>
/// where
///     P: 'static,
/// {
///     let mut parts = port.parts();
///     parts.put_all(pools)?;
///     parts.put_all(vectors)?;
///     parts.put_all(slots)?;
///     parts.put(table)?;
///     Ok(port.disable(parts)?)
/// }
/// ```
#[must_use = "dropping it loses what came back"]
pub struct Parts<M: Model, P> {
    owner: Owner,
    limits: Limits,
    pools: PoolSet,
    vectors: VectorSet,
    /// Slots that are free, or bound in the table that came back; bit i for entry i.
    slots: u128,
    /// Whether the table came back. It is not kept: with it this value, which passes over the stack with each
    /// error, would be six times as large.
    table: bool,
    kind: PhantomData<fn() -> (M, P)>,
}

/// A resource that goes back to a port.
///
/// It is an idle [`Pool`], a free [`FilterSlot`], a [`Vector`] or the [`FilterTable`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't go back to its port",
    label = "not an idle pool, a free slot, a vector or the table",
    note = "stop a running pool first (`Started::stop`), and unbind a filter to get its slot (`FilterTable::unbind`)"
)]
pub trait Part<M: Model, P: Platform>: PutInto<M, P> {}
impl<M: Model, P: Platform> Part<M, P> for Pool<M, P, Idle> {}
impl<M: Model, P: Platform> Part<M, P> for FilterSlot<M> {}
impl<M: Model, P: Platform> Part<M, P> for Vector<M, P> {}
impl<M: Model, P: Platform> Part<M, P> for FilterTable<M, P> {}

/// How each kind goes back. Not nameable outside, which seals [`Part`].
pub trait PutInto<M: Model, P: Platform>: Sized {
    /// Returns the port, and its life, that handed the value out.
    fn handed_out_by(&self) -> Owner;
    /// Notes that the value is back.
    fn put_into(self, parts: &mut Parts<M, P>);
}

impl<M: Model, P: Platform> PutInto<M, P> for Pool<M, P, Idle> {
    fn handed_out_by(&self) -> Owner {
        self.owner()
    }

    fn put_into(self, parts: &mut Parts<M, P>) {
        parts.pools = parts.pools.with(self.index());
    }
}

impl<M: Model, P: Platform> PutInto<M, P> for FilterSlot<M> {
    fn handed_out_by(&self) -> Owner {
        self.owner()
    }

    fn put_into(self, parts: &mut Parts<M, P>) {
        parts.slots |= 1 << self.entry().number();
    }
}

impl<M: Model, P: Platform> PutInto<M, P> for Vector<M, P> {
    fn handed_out_by(&self) -> Owner {
        self.owner()
    }

    fn put_into(self, parts: &mut Parts<M, P>) {
        parts.vectors = parts.vectors.with(self.index());
    }
}

impl<M: Model, P: Platform> PutInto<M, P> for FilterTable<M, P> {
    fn handed_out_by(&self) -> Owner {
        self.owner()
    }

    fn put_into(self, parts: &mut Parts<M, P>) {
        for binding in self.bindings() {
            parts.slots |= 1 << binding.id.entry().number();
        }
        parts.table = true;
    }
}

impl<M: Model, P: Platform> Parts<M, P> {
    pub(crate) fn new(owner: Owner, limits: Limits) -> Self {
        let (pools, vectors) = (PoolSet::EMPTY, VectorSet::EMPTY);
        Self { owner, limits, pools, vectors, slots: 0, table: false, kind: PhantomData }
    }

    /// Takes a value back.
    ///
    /// # Errors
    ///
    /// [`OtherPort`] and the value, if it is of another port or was handed out before the last enable.
    pub fn put<T: Part<M, P>>(&mut self, part: T) -> Result<(), Refused<OtherPort, T>> {
        if part.handed_out_by() != self.owner {
            return Err(Refused::new(OtherPort, part));
        }
        part.put_into(self);
        Ok(())
    }

    /// Takes several values back.
    ///
    /// # Errors
    ///
    /// [`OtherPort`] and the first value that is of another port or was handed out before the last enable.
    /// This port's own are taken back all the same; further foreign ones are dropped.
    pub fn put_all<T: Part<M, P>>(
        &mut self,
        parts: impl IntoIterator<Item = T>,
    ) -> Result<(), Refused<OtherPort, T>> {
        let mut first = Ok(());
        for part in parts {
            first = first.and(self.put(part));
        }
        first
    }

    /// Checks that nothing is missing; filters that are bound count as returned with the table.
    ///
    /// # Errors
    ///
    /// [`Missing`], if anything is.
    pub fn check(&self) -> Result<(), Missing> {
        let Limits { pools, vectors, filters, .. } = self.limits;
        let missing = Missing {
            pools: PoolSet::first(pools.into()).iter().filter(|&pool| !self.pools.contains(pool)).collect(),
            vectors: VectorSet::first(vectors.into())
                .iter()
                .filter(|&vector| !self.vectors.contains(vector))
                .collect(),
            filters: filters - self.slots.count_ones() as u8,
            table: !self.table,
            other_port: false,
        };
        let none =
            missing.pools.is_empty() && missing.vectors.is_empty() && missing.filters == 0 && !missing.table;
        if none { Ok(()) } else { Err(missing) }
    }

    pub(crate) const fn owner(&self) -> Owner {
        self.owner
    }
}

impl<M: Model, P> fmt::Debug for Parts<M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("pools", &self.pools)
            .field("slots", &self.slots.count_ones())
            .field("vectors", &self.vectors)
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}
impl<M: Model, P: Platform> fmt::Debug for Resources<M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resources").field("port", &self.port).finish_non_exhaustive()
    }
}
