//! The forwarding decision.
#![forbid(unsafe_code)]

use super::Switch;
use super::counters::{DropReason, Load};
use super::decision::{Decision, Indication, Origin, Verdict};
use super::header::{Address, Header};
use super::interface::{InterfaceId, Kind, Security, Unknown};
use super::learned::Learner;
use super::set::InterfaceSet;
use super::slot::Slot;
use super::vlan::{TagAction, Vlan};

impl<const INTERFACES: usize, const ADDRESSES: usize> Switch<INTERFACES, ADDRESSES> {
    /// Decides which interfaces get a group, learns from it and counts it.
    ///
    /// `header` is the beginning of the group's first frame: 18 bytes do. A matched group may come
    /// without; of other groups each frame must have this header. `now` is in milliseconds, of a clock
    /// that does not go back.
    // The caller knows the origin, so that one of the ways below is left; neither is long.
    #[inline(always)]
    pub fn forward(&mut self, group: &Indication, load: Load, header: &[u8], now: u64) -> Decision {
        match group.from {
            Origin::Matched { uplink, to } => self.forward_matched(uplink, to, group, load, header, now),
            // Without a header there is nothing to learn.
            Origin::Targeted { uplink, to } => self.forward_matched(uplink, to, group, load, &[], now),
            Origin::Unmatched { .. } | Origin::Virtual(_) => self.forward_single(group, load, header, now),
        }
    }

    /// Returns what must be done to the tag of frames for one of the destinations.
    #[must_use]
    pub fn tag_action(&self, decision: &Decision, destination: usize) -> TagAction {
        let slot = self.slots.get(destination);
        slot.map_or(TagAction::Keep, |slot| decision.tag.action(decision.vlan, &slot.vlans))
    }

    /// The slow path. Not inlined, so that the fast one stays short.
    #[inline(never)]
    fn forward_single(&mut self, group: &Indication, load: Load, header: &[u8], now: u64) -> Decision {
        let (from, arrived) = match group.from {
            Origin::Virtual(id) => (id, self.sent(id, group, header, now)),
            Origin::Unmatched { uplink }
            | Origin::Matched { uplink, .. }
            | Origin::Targeted { uplink, .. } => (uplink, self.unmatched(uplink, group, header, now)),
        };
        let (Header { destination, tag, .. }, vlan) = match arrived {
            Ok(arrived) => arrived,
            Err(reason) => {
                self.discard(from, load, reason);
                return Decision::dropped(reason);
            }
        };
        let owner = self.lookup(destination, vlan, now);
        let reach = &self.slots[from.number()].reach;
        let verdict = match owner {
            // An interface does not reach itself.
            Some(to) if reach.contains(usize::from(to)) => Verdict::To(self.id_of(to)),
            _ => match self.spread(from, destination, vlan, owner) {
                Ok(verdict) => verdict,
                Err(reason) => {
                    self.discard(from, load, reason);
                    return Decision::dropped(reason);
                }
            },
        };
        self.count(from, load, verdict);
        Decision { verdict, vlan, tag }
    }

    #[inline(always)]
    fn unmatched(
        &mut self,
        uplink: InterfaceId,
        group: &Indication,
        header: &[u8],
        now: u64,
    ) -> Result<(Header, Vlan), DropReason> {
        let slot = self.slot(uplink).map_err(|_| DropReason::NoInterface)?;
        let Kind::Physical(_) = slot.kind else { return Err(DropReason::NoInterface) };
        let (header, vlan) = self.arrive(slot, group, header)?;
        self.learn_from_wire(uplink, header.source, vlan, now);
        Ok((header, vlan))
    }

    #[inline(always)]
    fn sent(
        &mut self,
        id: InterfaceId,
        group: &Indication,
        header: &[u8],
        now: u64,
    ) -> Result<(Header, Vlan), DropReason> {
        let slot = self.slot(id).map_err(|_| DropReason::NoInterface)?;
        let Kind::Virtual(security) = slot.kind else { return Err(DropReason::NoInterface) };
        let (header, vlan) = self.arrive(slot, group, header)?;
        if header.doubly_tagged {
            return Err(DropReason::DoublyTagged);
        }
        if slot.own == Some((header.source, vlan)) {
            return Ok((header, vlan));
        }
        match (self.bound_to(header.source, vlan), security) {
            (Some(owner), _) if owner == id.index() => {
                self.slots[id.number()].own = Some((header.source, vlan));
            }
            (None, Security::Learn { quota }) => {
                let part = (ADDRESSES / 2 / INTERFACES).max(1) as u32;
                let learner = (id.index(), Learner::Virtual(quota.unwrap_or(part)));
                self.learned.learn(self.hash, header.source, vlan, learner, now);
            }
            _ => return Err(DropReason::Spoofed),
        }
        Ok((header, vlan))
    }

    /// Reads the header of a single frame and finds its VLAN.
    #[inline(always)]
    fn arrive(&self, slot: &Slot, group: &Indication, header: &[u8]) -> Result<(Header, Vlan), DropReason> {
        if group.error {
            return Err(DropReason::Error);
        }
        let header = Header::read(header, group.tag, self.service_tags).ok_or(DropReason::Short)?;
        let vlan = slot.vlans.ingress(header.tag.control()).ok_or(DropReason::VlanIngress)?;
        if header.source.is_station() { Ok((header, vlan)) } else { Err(DropReason::BadSource) }
    }

    /// Tells whether it learned: an address that a virtual interface has is counted each time.
    #[inline(always)]
    pub(super) fn learn_from_wire(
        &mut self,
        uplink: InterfaceId,
        source: Address,
        vlan: Vlan,
        now: u64,
    ) -> bool {
        if self.bound_to(source, vlan).is_some() {
            let conflicts = &mut self.slots[uplink.number()].counters.source_conflict;
            *conflicts = conflicts.wrapping_add(1);
            return false;
        }
        self.learned.learn(self.hash, source, vlan, (uplink.index(), Learner::Physical), now);
        true
    }

    /// Finds the interfaces that get a group address, or an address without an owner within reach.
    fn spread(
        &self,
        from: InterfaceId,
        address: Address,
        vlan: Vlan,
        owner: Option<u8>,
    ) -> Result<Verdict, DropReason> {
        let Slot { reach, kind, .. } = &self.slots[from.number()];
        if address.is_group() {
            if address.is_reserved() && !self.forward_reserved {
                return Err(DropReason::Reserved);
            }
            let set = self.carriers(*reach, vlan);
            return if set.is_empty() { Err(DropReason::Nobody) } else { Ok(Verdict::Flood(set)) };
        }
        let other = match (owner, kind) {
            (Some(owner), _) if owner == from.index() => return Err(DropReason::SameInterface),
            (Some(_), Kind::Physical(_)) => return Err(DropReason::NoPath),
            (None, Kind::Physical(Unknown::Flood)) => self.virtuals,
            (None, Kind::Physical(Unknown::To(id))) if self.slot(*id).is_ok() => {
                InterfaceSet::of(id.number())
            }
            // A virtual interface may be tied to another uplink than the one behind which the station
            // was seen: it has its own way there.
            _ => InterfaceSet::EMPTY,
        };
        let set = self.carriers(self.uplinks.or(other).and(*reach), vlan);
        match (set.iter().next(), set.len()) {
            (None, _) => Err(DropReason::UnknownUnicast),
            (Some(only), 1) => Ok(Verdict::To(self.id_of(only as u8))),
            _ => Ok(Verdict::Flood(set)),
        }
    }

    fn carriers(&self, among: InterfaceSet, vlan: Vlan) -> InterfaceSet {
        among.iter().filter(|number| self.slots[*number].vlans.carries(vlan)).collect()
    }

    /// Finds the virtual interface to which an address is bound.
    #[inline]
    fn bound_to(&self, address: Address, vlan: Vlan) -> Option<u8> {
        let carries = |owner: u8| self.slots.get(usize::from(owner)).is_some_and(|s| s.vlans.carries(vlan));
        self.statics.find(self.hash, address, vlan, carries)
    }

    #[inline]
    pub(super) fn lookup(&self, address: Address, vlan: Vlan, now: u64) -> Option<u8> {
        // A group has no owner, and zero means an empty place in both tables.
        if !address.is_station() {
            return None;
        }
        self.bound_to(address, vlan).or_else(|| self.learned.find(self.hash, address, vlan, now))
    }

    #[inline(always)]
    fn count(&mut self, id: InterfaceId, load: Load, verdict: Verdict) {
        let from_wire = self.uplinks.contains(id.number());
        let from = &mut self.slots[id.number()].counters;
        from.decisions = from.decisions.wrapping_add(1);
        from.received.add(load);
        match verdict {
            Verdict::To(to) => {
                let to_uplink = self.uplinks.contains(to.number());
                from.forwarded = from.forwarded.wrapping_add(load.frames);
                if !from_wire && !to_uplink {
                    from.local = from.local.wrapping_add(load.frames);
                }
                let target = &mut self.slots[to.number()].counters;
                target.delivered.add(load);
                if from_wire && !to_uplink {
                    target.from_wire = target.from_wire.wrapping_add(load.frames);
                }
            }
            Verdict::Flood(set) => {
                from.flooded = from.flooded.wrapping_add(load.frames);
                for to in set {
                    self.slots[to].counters.delivered.add(load);
                }
            }
            Verdict::Drop(_) => {}
        }
    }

    #[cold]
    pub(super) fn discard(&mut self, id: InterfaceId, load: Load, reason: DropReason) {
        // Frames of an interface that is gone belong to no interface.
        let counters = match self.slot_mut(id) {
            Ok(slot) => &mut slot.counters,
            Err(_) => &mut self.retired,
        };
        counters.decisions = counters.decisions.wrapping_add(1);
        counters.received.add(load);
        counters.dropped.add(reason, load.frames);
    }
}
