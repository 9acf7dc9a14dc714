//! Adding and removing interfaces and their addresses at run time.
#![forbid(unsafe_code)]

use super::Switch;
use super::counters::InterfaceCounters;
use super::header::Address;
use super::interface::{AddressError, InterfaceError, InterfaceId, Kind, NotBound, Physical, Virtual};
use super::slot::Slot;
use super::statics::Full;
use super::vlan::{Membership, Vlan, VlanMembership};
use crate::fmt::event;
use crate::mac::MacAddress;

impl<const INTERFACES: usize, const ADDRESSES: usize> Switch<INTERFACES, ADDRESSES> {
    /// Adds a virtual interface.
    ///
    /// # Errors
    ///
    /// [`InterfaceError`] if there is no place for it, or if the uplink is not bound.
    pub fn bind_virtual(&mut self, settings: &Virtual) -> Result<InterfaceId, InterfaceError> {
        if settings.uplink.is_some_and(|uplink| !self.is_uplink(uplink)) {
            return Err(InterfaceError::NoUplink);
        }
        self.bind(Kind::Virtual(settings.security), &settings.vlans, settings.uplink)
    }

    /// Adds a physical interface.
    ///
    /// # Errors
    ///
    /// [`InterfaceError::Full`] if there is no place for it.
    pub fn bind_physical(&mut self, settings: &Physical) -> Result<InterfaceId, InterfaceError> {
        self.bind(Kind::Physical(settings.unknown), &settings.vlans, None)
    }

    fn bind(
        &mut self,
        kind: Kind,
        vlans: &VlanMembership,
        uplink: Option<InterfaceId>,
    ) -> Result<InterfaceId, InterfaceError> {
        let free = self.slots.iter().position(|slot| matches!(slot.kind, Kind::Free));
        let number = free.ok_or(InterfaceError::Full)?;
        let slot = &mut self.slots[number];
        *slot = Slot { kind, uplink, vlans: Membership::new(vlans), round: slot.round, ..Slot::FREE };
        let round = slot.round;
        match kind {
            Kind::Physical(_) => self.uplinks.insert(number),
            _ => self.virtuals.insert(number),
        }
        self.set_reach();
        event!("switch: interface {} bound", number);
        Ok(InterfaceId::new(number as u8, round))
    }

    /// Removes an interface with its addresses and what was learned there; returns its counters,
    /// which stay part of the total.
    ///
    /// # Errors
    ///
    /// [`NotBound`] if it is gone already.
    pub fn unbind(&mut self, id: InterfaceId) -> Result<InterfaceCounters, NotBound> {
        self.slot(id)?;
        self.settle_all();
        self.statics.remove_all(self.hash, id.index());
        self.learned.forget_if(|_, _, interface| interface == id.index());
        let slot = &mut self.slots[id.number()];
        let (counters, round) = (slot.counters, slot.round.wrapping_add(1));
        *slot = Slot { round, ..Slot::FREE };
        self.retired.add(&counters);
        self.uplinks.remove(id.number());
        self.virtuals.remove(id.number());
        self.set_reach();
        event!("switch: interface {} unbound", id.number());
        Ok(counters)
    }

    /// Sets again which interfaces exchange frames with which.
    pub(super) fn set_reach(&mut self) {
        for from in 0..INTERFACES {
            let is_uplink = self.uplinks.contains(from);
            let reaches = |to: &usize| {
                let to_uplink = self.uplinks.contains(*to);
                let tie = self.slots[if is_uplink { *to } else { from }].uplink;
                let tied =
                    |uplink: usize| tie.is_none_or(|tie| tie.number() == uplink && self.is_uplink(tie));
                *to != from
                    && match (is_uplink, to_uplink) {
                        (true, true) => self.bridge_uplinks,
                        (true, false) => tied(from),
                        (false, true) => tied(*to),
                        (false, false) => true,
                    }
            };
            let reach = self.interfaces().iter().filter(reaches).collect();
            self.slots[from].reach = reach;
        }
    }

    /// Binds a static address to a virtual interface, in all VLANs that the interface carries.
    ///
    /// An interface may have several.
    ///
    /// # Errors
    ///
    /// [`AddressError`] if it is not a station's, if an interface with a VLAN in common has it, or
    /// if there are [`STATIC_ADDRESSES`](Self::STATIC_ADDRESSES) (with unlucky addresses, nearly as
    /// many).
    pub fn bind_address(&mut self, id: InterfaceId, address: MacAddress) -> Result<(), AddressError> {
        let slot = self.slot(id).map_err(|NotBound| AddressError::NotBound)?;
        if !matches!(slot.kind, Kind::Virtual(_)) {
            return Err(AddressError::NotVirtual);
        }
        if !address.is_station() {
            return Err(AddressError::NotUnicast);
        }
        let address = Address::new(address);
        let slots = &self.slots;
        let taken = self.statics.conflict(address, |owner| {
            owner == id.index() || slots[usize::from(owner)].vlans.meets(&slot.vlans)
        });
        if let Some(owner) = taken {
            return Err(AddressError::Taken(self.id_of(owner)));
        }
        let bound = self.statics.insert(self.hash, address, slot.vlans.only(), id.index());
        bound.map_err(|Full| AddressError::Full)?;
        // What was learned of the address would come back when it is unbound.
        let vlans = &slots[id.number()].vlans;
        self.learned.forget_if(|learned, vlan, _| {
            learned == address && Vlan::new(vlan).is_some_and(|vlan| vlans.carries(vlan))
        });
        event!("switch: {} bound to interface {}", address.mac(), id.number());
        Ok(())
    }

    /// Takes an address from a virtual interface; tells whether it had it.
    ///
    /// # Errors
    ///
    /// [`NotBound`] if the interface is gone.
    pub fn unbind_address(&mut self, id: InterfaceId, address: MacAddress) -> Result<bool, NotBound> {
        self.slot_mut(id)?.own = None;
        let had = self.statics.remove(self.hash, Address::new(address), id.index());
        if had {
            event!("switch: {} unbound from interface {}", address, id.number());
        }
        Ok(had)
    }

    /// Lists the static addresses of an interface; none if it is gone.
    pub fn addresses(&self, id: InterfaceId) -> impl Iterator<Item = MacAddress> + '_ {
        let bound = self.slot(id).is_ok();
        let own = self.statics.all().filter(move |(_, owner)| bound && *owner == id.index());
        own.map(|(address, _)| address.mac())
    }
}
