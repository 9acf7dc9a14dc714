//! Exact address filters: slots, and the table that is their only writer.
//!
//! Each controller has a row of receive address registers (RAL, RAH). Entry 0 holds the port's own
//! address, which the device also matches PAUSE frames against, and is no filter slot. The table
//! keeps a shadow of what it wrote, from which [`FilterTable::replay`] writes everything again.
//!
//! Order of writes (82575 manual section "Receive address high"): RAL before RAH with AV when adding, RAH
//! without AV before RAL when removing. RAH decides alone, so that after a cut at any write the
//! hardware has either the old table or the new one.

use core::fmt;
use core::marker::PhantomData;

use crate::array::Array;
use crate::bus::{Bus, PortId};
use crate::controller::Controller;
use crate::queue::Pool;
use vmdq_core::MacAddress;

/// The right to program one filter: move-only, so that a slot is bound once or free.
#[must_use = "a dropped slot is gone until the port is made anew"]
pub struct FilterSlot<C> {
    port: PortId,
    entry: u8,
    controller: PhantomData<fn() -> C>,
}

impl<C: Controller> FilterSlot<C> {
    pub(crate) fn new(port: PortId, entry: u8) -> Self {
        Self { port, entry, controller: PhantomData }
    }

    /// Returns the number of the receive address register, from 1.
    #[must_use]
    pub const fn entry(&self) -> usize {
        self.entry as usize
    }

    pub(crate) const fn port(&self) -> PortId {
        self.port
    }
}

/// Names a filter that is bound.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BindingId {
    port: PortId,
    entry: u8,
    /// Tells a binding from an earlier one of the same slot.
    round: u16,
}

/// A filter that is bound: an address, and the queue that it leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Binding {
    /// Names the binding.
    pub id: BindingId,
    /// The address.
    pub address: MacAddress,
    /// The number of the queue.
    pub queue: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    address: MacAddress,
    queue: u8,
}

/// All filters of a port: the only writer of their registers.
#[must_use]
pub struct FilterTable<C: Controller, B> {
    bus: B,
    own: MacAddress,
    bound: C::PerFilter<Option<Entry>>,
    rounds: C::PerFilter<u16>,
}

impl<C: Controller, B: Bus> FilterTable<C, B> {
    pub(crate) fn new(bus: B, own: MacAddress) -> Self {
        Self { bus, own, bound: C::PerFilter::from_fn(|_| None), rounds: C::PerFilter::from_fn(|_| 0) }
    }

    pub(crate) fn port(&self) -> PortId {
        self.bus.id()
    }

    /// Leads frames for `address` to the queue of `pool`.
    ///
    /// # Errors
    ///
    /// [`BindError`] and the slot.
    pub fn bind(
        &mut self,
        slot: FilterSlot<C>,
        address: MacAddress,
        pool: &Pool<C, B>,
    ) -> Result<BindingId, (BindError, FilterSlot<C>)> {
        if let Err(error) = self.check(&slot, address, pool) {
            return Err((error, slot));
        }
        let (entry, queue) = (slot.entry, pool.queue() as u8);
        C::add_filter(&self.bus, entry, address, queue);
        *self.place(entry) = Some(Entry { address, queue });
        Ok(self.id(entry))
    }

    fn check(&self, slot: &FilterSlot<C>, address: MacAddress, pool: &Pool<C, B>) -> Result<(), BindError> {
        if slot.port != self.port() || pool.port() != self.port() {
            return Err(BindError::OtherPort);
        }
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

    /// Leads the address of a filter to another queue.
    ///
    /// One register decides: each frame goes to the old queue or to the new one, and none is lost
    /// on the way. Frames that are already in the old queue stay there.
    ///
    /// # Errors
    ///
    /// [`FilterError`] if the filter is gone or the pool belongs to another port.
    pub fn move_to(&mut self, id: BindingId, pool: &Pool<C, B>) -> Result<(), FilterError> {
        let entry = self.entry(id)?;
        if pool.port() != self.port() {
            return Err(FilterError::OtherPort);
        }
        let queue = pool.queue() as u8;
        C::move_filter(&self.bus, id.entry, entry.address, queue);
        *self.place(id.entry) = Some(Entry { queue, ..entry });
        Ok(())
    }

    /// Removes a filter and returns its slot.
    ///
    /// The device acts on it at the next frame boundary but at no precise time: frames for the
    /// address may still arrive in the queue for a moment.
    ///
    /// # Errors
    ///
    /// [`FilterError`] if the filter is gone already or belongs to another port.
    pub fn unbind(&mut self, id: BindingId) -> Result<FilterSlot<C>, FilterError> {
        self.entry(id)?;
        C::remove_filter(&self.bus, id.entry);
        *self.place(id.entry) = None;
        let round = &mut self.rounds.as_mut()[usize::from(id.entry) - 1];
        *round = round.wrapping_add(1);
        Ok(FilterSlot::new(self.port(), id.entry))
    }

    /// Writes all filters again, for when the registers may not hold what they should: after writes
    /// that did not arrive, or a reset from outside.
    pub fn replay(&mut self) {
        // All off first: never may two entries hold one address, whatever the device holds now.
        for entry in 1..=self.bound.as_ref().len() {
            C::remove_filter(&self.bus, entry as u8);
        }
        for (i, bound) in self.bound.as_ref().iter().enumerate() {
            if let Some(Entry { address, queue }) = *bound {
                C::add_filter(&self.bus, i as u8 + 1, address, queue);
            }
        }
    }

    /// Finds the filter of an address.
    #[must_use]
    pub fn find(&self, address: MacAddress) -> Option<Binding> {
        self.bindings().find(|binding| binding.address == address)
    }

    /// Lists the filters in the order of their slots.
    pub fn bindings(&self) -> impl Iterator<Item = Binding> + '_ {
        self.bound.as_ref().iter().enumerate().filter_map(|(i, bound)| {
            let id = self.id(i as u8 + 1);
            bound.map(|Entry { address, queue }| Binding { id, address, queue: usize::from(queue) })
        })
    }

    /// Tells whether any filter leads to a queue.
    #[must_use]
    pub fn leads_to(&self, queue: usize) -> bool {
        self.bindings().any(|binding| binding.queue == queue)
    }

    fn id(&self, entry: u8) -> BindingId {
        BindingId { port: self.port(), entry, round: self.rounds.as_ref()[usize::from(entry) - 1] }
    }

    fn place(&mut self, entry: u8) -> &mut Option<Entry> {
        &mut self.bound.as_mut()[usize::from(entry) - 1]
    }

    fn entry(&self, id: BindingId) -> Result<Entry, FilterError> {
        if id.port != self.port() {
            return Err(FilterError::OtherPort);
        }
        let bound = self.bound.as_ref().get(usize::from(id.entry).wrapping_sub(1)).copied().flatten();
        bound.filter(|_| self.id(id.entry) == id).ok_or(FilterError::Gone)
    }
}

/// Why a filter was not bound.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BindError {
    /// Slot or pool belong to another port: bind them there.
    OtherPort,
    /// A filter takes the address of one station: group addresses go to the default queue.
    NotUnicast,
    /// It is the port's own address, which entry 0 holds: give the virtual machine another one.
    PortAddress,
    /// The address has a filter, and the hardware can't tell two apart, VLANs or not: move that one.
    AlreadyBound(BindingId),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherPort => "slot or pool belong to another port: bind them there",
            Self::NotUnicast => {
                "a filter takes the address of one station; group addresses go to the default queue"
            }
            Self::PortAddress => "it is the port's own address: give the virtual machine another one",
            Self::AlreadyBound(_) => "the address has a filter already: move that one",
        })
    }
}
impl core::error::Error for BindError {}

/// Why a bound filter was not changed.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FilterError {
    /// The filter was removed: bind a new one.
    Gone,
    /// The filter or the pool belongs to another port: use its table.
    OtherPort,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gone => "the filter was removed: bind a new one",
            Self::OtherPort => "the filter or the pool belongs to another port: use its table",
        })
    }
}
impl core::error::Error for FilterError {}

impl<C> fmt::Debug for FilterSlot<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FilterSlot").field(&self.entry).finish()
    }
}
impl<C: Controller, B: Bus> fmt::Debug for FilterTable<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.bindings()).finish()
    }
}
