//! Exact address filters: slots, and the table that is their only writer.
//!
//! Each controller has a row of receive address registers (RAL, RAH). Entry 0 holds the port's own
//! address, which the device also matches PAUSE frames against, and is no filter slot. The table
//! remembers what it wrote; from that [`FilterTable::replay`] writes everything again, and
//! [`Plan`](crate::Plan) carries it over a reset.
//!
//! Order of writes (82575 manual section "Receive address high"): RAL before RAH with AV when adding, RAH
//! without AV before RAL when removing. RAH alone decides, so that after an interruption at any
//! write the hardware has either the old table or the new one.

mod error;
mod slot;

use core::fmt;

use vmdq_core::MacAddress;

use crate::device::{Io, Model};
use crate::filter_memory::{Entry, Slots};
use crate::fmt::event;
use crate::index::{FilterIndex, PoolIndex};
use crate::owner::Owner;
use crate::platform::Platform;
use crate::pool::{Pool, Running};
use crate::refused::Refused;

pub use error::{BindError, FilterError};
pub(crate) use slot::SlotSeed;
pub use slot::{Binding, BindingId, FilterSlot};

/// The filters of a port, and the only writer of their registers.
///
/// # Examples
///
/// ```
/// use vmdq_hal::device::Model;
/// use vmdq_hal::{FilterSlot, FilterTable, MacAddress, Platform, Pool, Running};
///
/// /// Leads an address to one pool, then to another, then nowhere.
/// fn migrate<M: Model, P: Platform + 'static>(
///     table: &mut FilterTable<M, P>,
///     slot: FilterSlot<M>,
///     [old, new]: [&Pool<M, P, Running>; 2],
/// ) -> Result<FilterSlot<M>, Box<dyn std::error::Error>> {
///     let address: MacAddress = "02:00:00:00:00:01".parse()?;
///     let id = table.bind(slot, address, old)?;
///     table.move_to(id, new)?; // no frame is lost on the way
///     assert!(table.leads_to(new.index()) && !table.leads_to(old.index()));
///     Ok(table.unbind(id)?)
/// }
/// ```
#[must_use]
pub struct FilterTable<M: Model, P> {
    model: M,
    platform: P,
    owner: Owner,
    own: MacAddress,
    memory: M::Shadow,
}

impl<M: Model, P: Platform> FilterTable<M, P> {
    pub(crate) fn new(model: M, platform: P, owner: Owner, own: MacAddress) -> Self {
        Self { model, platform, owner, own, memory: M::Shadow::new() }
    }

    pub(crate) const fn owner(&self) -> Owner {
        self.owner
    }

    fn io(&self) -> Io<'_, P> {
        // SAFETY: the table writes the registers of filter entries, and no other; they name no memory.
        unsafe { Io::new(&self.platform) }
    }

    /// Binds a filter: frames for `address` go to the pool.
    ///
    /// Those frames alone: broadcast and multicast reach the default queue (paper section 2.1), and with them every
    /// ARP request for a machine behind the filter. Someone has to hand it copies of them: `fan_out` of the crate
    /// `vmdq-smoltcp`, or [`relay`](vmdq_core::relay) with the virtual switch.
    ///
    /// # Errors
    ///
    /// [`BindError`] and the slot.
    pub fn bind(
        &mut self,
        slot: FilterSlot<M>,
        address: MacAddress,
        pool: &Pool<M, P, Running>,
    ) -> Result<BindingId, Refused<BindError, FilterSlot<M>>> {
        if slot.owner() != self.owner || pool.owner() != self.owner {
            return Err(Refused::new(BindError::OtherPort, slot));
        }
        match self.check(address) {
            Ok(()) if self.model.is_gone(self.io()) => Err(Refused::new(BindError::Gone, slot)),
            Ok(()) => Ok(self.add(slot.entry(), address, pool.index())),
            Err(error) => Err(Refused::new(error, slot)),
        }
    }

    /// Tells whether an address can get a filter of its own.
    pub(crate) fn check(&self, address: MacAddress) -> Result<(), BindError> {
        if !address.is_station() {
            return Err(BindError::NotUnicast);
        }
        if address == self.own {
            return Err(BindError::PortAddress);
        }
        match self.find(address) {
            Some(binding) => Err(BindError::AlreadyBound(binding.id)),
            None => Ok(()),
        }
    }

    /// Binds an address that was checked. The entry is a free slot's, which the caller gives up.
    pub(crate) fn add(&mut self, entry: FilterIndex, address: MacAddress, pool: PoolIndex) -> BindingId {
        self.model.add(self.io(), entry, address, pool);
        let round = self.remember(entry, Some(Entry { address, pool }));
        event!("{}: filter {} leads {} to pool {}", self.model.limits().name, entry, address, pool);
        BindingId { owner: self.owner, entry, round }
    }

    /// Moves a filter to another pool.
    ///
    /// This is one register write: each frame goes to the old pool or to the new one, and none is lost. Frames
    /// that are already in the old pool's ring stay there.
    ///
    /// # Errors
    ///
    /// [`FilterError`] if the filter was removed, the pool belongs to another port or the device is gone.
    pub fn move_to(&mut self, id: BindingId, pool: &Pool<M, P, Running>) -> Result<(), FilterError> {
        let bound = self.entry(id)?;
        if pool.owner() != self.owner {
            return Err(FilterError::OtherPort);
        }
        if self.model.is_gone(self.io()) {
            return Err(FilterError::Gone);
        }
        let pool = pool.index();
        self.model.redirect(self.io(), id.entry, bound.address, pool);
        self.remember(id.entry, Some(Entry { pool, ..bound }));
        event!("{}: filter {} moved to pool {}", self.model.limits().name, id.entry, pool);
        Ok(())
    }

    /// Removes a filter and returns its slot.
    ///
    /// The device acts on it at the next frame boundary but at no precise time: frames for the
    /// address may still arrive in the pool for a moment.
    ///
    /// # Errors
    ///
    /// [`FilterError`] if the filter was removed already or belongs to another port. Of a device that is
    /// gone, slots come back all the same.
    pub fn unbind(&mut self, id: BindingId) -> Result<FilterSlot<M>, FilterError> {
        self.entry(id)?;
        self.model.remove(self.io(), id.entry);
        self.remember(id.entry, None);
        event!("{}: filter {} removed", self.model.limits().name, id.entry);
        Ok(FilterSlot::new(self.owner, id.entry))
    }

    /// Writes all filters again.
    ///
    /// Use it when the registers may not hold what they should, such as after writes that did not arrive.
    /// After a reset, [`Port::restore`](crate::Port::restore) restores everything.
    pub fn replay(&mut self) {
        let filters = self.model.limits().filters;
        // All off first: two entries must never hold one address, no matter what the device holds now.
        for entry in 1..=filters {
            self.model.remove(self.io(), FilterIndex::new(entry));
        }
        for Binding { id, address, pool } in self.bindings() {
            self.model.add(self.io(), id.entry, address, pool);
        }
        event!("{}: filters written again", self.model.limits().name);
    }

    /// Finds the filter of an address.
    #[must_use]
    pub fn find(&self, address: MacAddress) -> Option<Binding> {
        self.bindings().find(|binding| binding.address == address)
    }

    /// Lists the filters in the order of their slots.
    pub fn bindings(&self) -> impl Iterator<Item = Binding> + '_ {
        self.memory.slots().iter().zip(1..).filter_map(|(slot, entry)| {
            let id = BindingId { owner: self.owner, entry: FilterIndex::new(entry), round: slot.round };
            slot.bound.map(|Entry { address, pool }| Binding { id, address, pool })
        })
    }

    /// Tells whether any filter names a pool.
    #[must_use]
    pub fn leads_to(&self, pool: PoolIndex) -> bool {
        self.bindings().any(|binding| binding.pool == pool)
    }

    /// Remembers what an entry holds from now on; returns its round, which a binding that is removed ends.
    fn remember(&mut self, entry: FilterIndex, bound: Option<Entry>) -> u32 {
        // An entry without a slot would be a mistake of this module: it is none of an id's or a slot's.
        let Some(slot) = self.memory.slots_mut().get_mut(entry.number().wrapping_sub(1)) else { return 0 };
        if bound.is_none() {
            slot.round = slot.round.wrapping_add(1);
        }
        slot.bound = bound;
        slot.round
    }

    fn entry(&self, id: BindingId) -> Result<Entry, FilterError> {
        if id.owner.port != self.owner.port {
            return Err(FilterError::OtherPort);
        }
        let slot = self.memory.slots().get(id.entry.number().wrapping_sub(1));
        let same = slot.filter(|slot| (slot.round, self.owner) == (id.round, id.owner));
        same.and_then(|slot| slot.bound).ok_or(FilterError::NotBound)
    }
}

impl<M: Model, P: Platform> fmt::Debug for FilterTable<M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.bindings()).finish()
    }
}
