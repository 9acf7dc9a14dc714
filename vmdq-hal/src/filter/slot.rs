//! Filter slots, and ids of bound filters.

use core::fmt;
use core::marker::PhantomData;

use vmdq_core::MacAddress;

use crate::collection::Mint;
use crate::index::{FilterIndex, PoolIndex};
use crate::owner::Owner;

/// The right to program one filter; move-only, so that a slot is bound once or free.
#[must_use = "a dropped slot can't be bound again, and VMDq can't be turned off without it"]
pub struct FilterSlot<M> {
    owner: Owner,
    entry: FilterIndex,
    model: PhantomData<fn() -> M>,
}

impl<M> FilterSlot<M> {
    pub(crate) const fn new(owner: Owner, entry: FilterIndex) -> Self {
        Self { owner, entry, model: PhantomData }
    }

    /// Returns the number of the receive address register, from 1.
    #[must_use]
    pub const fn entry(&self) -> FilterIndex {
        self.entry
    }

    pub(crate) const fn owner(&self) -> Owner {
        self.owner
    }
}

/// Slots are made each time a port is enabled; entry 0 is the port's own address and not a slot.
#[derive(Clone, Copy, Debug)]
pub struct SlotSeed(pub(crate) Owner);

impl<M> Mint for FilterSlot<M> {
    type Seed = SlotSeed;

    fn mint(&SlotSeed(owner): &SlotSeed, index: usize) -> Self {
        Self::new(owner, FilterIndex::new(index as u8 + 1))
    }
}

#[cfg(feature = "defmt")]
impl<M> defmt::Format for FilterSlot<M> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "FilterSlot({})", self.entry);
    }
}

impl<M> fmt::Debug for FilterSlot<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FilterSlot").field(&self.entry).finish()
    }
}

/// The id of a bound filter, of one port and until it is disabled or reset.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BindingId {
    pub(super) owner: Owner,
    pub(super) entry: FilterIndex,
    /// Distinguishes a binding from an earlier one of the same slot.
    pub(super) round: u32,
}

impl BindingId {
    /// Returns the number of the receive address register.
    #[must_use]
    pub const fn entry(&self) -> FilterIndex {
        self.entry
    }
}

/// A bound filter: an address and its pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Binding {
    /// The id of the binding.
    pub id: BindingId,
    /// The address.
    pub address: MacAddress,
    /// The pool.
    pub pool: PoolIndex,
}
