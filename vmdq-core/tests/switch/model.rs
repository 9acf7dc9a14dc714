//! The rules once more, as plain as they can be written: what the switch is compared with.

use std::collections::{BTreeSet, HashMap};

use vmdq_core::MacAddress;
use vmdq_core::switch::{DropReason, Indication, InterfaceId, Origin, Unknown, Vlan, VlanMembership};

pub(crate) const AGE: u64 = 100;
/// A small world of VLANs, in which everything meets.
pub(crate) const VLANS: [u16; 4] = [0, 10, 20, 30];

/// The untagged VLAN and the tagged ones, as the model sees any interface.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    pub(crate) untagged: Option<u16>,
    pub(crate) tagged: BTreeSet<u16>,
}

impl Carried {
    pub(crate) fn vlans(&self, access: bool) -> VlanMembership {
        match self.untagged {
            Some(id) if access => VlanMembership::Access(Vlan::new(id).unwrap()),
            native => VlanMembership::Trunk {
                tagged: self.tagged.iter().map(|id| Vlan::new(*id).unwrap()).collect(),
                native: native.and_then(Vlan::new),
            },
        }
    }

    pub(crate) fn has(&self, vlan: u16) -> bool {
        self.untagged == Some(vlan) || self.tagged.contains(&vlan)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Traffic {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) kind: u8,
    pub(crate) tag: Option<u16>,
    /// Whether the tag is in the bytes.
    pub(crate) inside: bool,
    pub(crate) error: bool,
    pub(crate) frames: u64,
    pub(crate) destination: MacAddress,
    pub(crate) source: MacAddress,
    pub(crate) cut: bool,
    /// Whether the kind is made to fit the interface, as an honest caller's does.
    pub(crate) fits: bool,
}

/// An interface as the model knows it.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) id: InterfaceId,
    pub(crate) carried: Carried,
    /// What a physical one does with unknown addresses; a virtual one has none.
    pub(crate) unknown: Option<Unknown>,
    pub(crate) learns: bool,
    pub(crate) tie: Option<InterfaceId>,
}

/// The rules once more, as plain as they can be written.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) known: HashMap<usize, Known>,
    pub(crate) statics: Vec<(usize, MacAddress)>,
    pub(crate) learned: HashMap<(u16, MacAddress), (usize, u64)>,
    pub(crate) bridge: bool,
    pub(crate) now: u64,
    pub(crate) moved: u64,
    pub(crate) conflicts: u64,
}

pub(crate) enum To {
    All(BTreeSet<usize>),
    Drop(DropReason),
}

impl Model {
    fn owner(&self, vlan: u16, address: MacAddress) -> Option<usize> {
        let mut owners =
            self.statics.iter().filter(|(at, a)| *a == address && self.known[at].carried.has(vlan));
        let owner = owners.next().map(|(at, _)| *at);
        assert!(owners.next().is_none(), "bound twice");
        owner
    }

    fn station(&self, vlan: u16, address: MacAddress) -> Option<usize> {
        let (at, seen) = self.learned.get(&(vlan, address))?;
        (self.now - seen <= AGE).then_some(*at)
    }

    fn may_pass(&self, from: usize, to: usize) -> bool {
        let (a, b) = (&self.known[&from], &self.known[&to]);
        match (a.unknown.is_some(), b.unknown.is_some()) {
            _ if from == to => false,
            (true, true) => self.bridge,
            (true, false) => b.tie.is_none_or(|tie| tie == a.id),
            (false, true) => a.tie.is_none_or(|tie| tie == b.id),
            (false, false) => true,
        }
    }

    fn learn(&mut self, vlan: u16, source: MacAddress, at: usize) {
        if self.station(vlan, source).is_some_and(|old| old != at) {
            self.moved += 1;
        }
        self.learned.insert((vlan, source), (at, self.now));
    }

    pub(crate) fn decide(&mut self, group: &Indication, traffic: &Traffic) -> To {
        let (from, to, sees_header, virtual_) = match group.from {
            Origin::Virtual(id) => (id, None, true, true),
            Origin::Unmatched { uplink } => (uplink, None, true, false),
            Origin::Matched { uplink, to } => (uplink, Some(to), true, false),
            Origin::Targeted { uplink, to } => (uplink, Some(to), false, false),
        };
        let is = |id: &InterfaceId, physical| {
            self.known.get(&id.number()).filter(|k| k.id == *id && k.unknown.is_some() == physical).cloned()
        };
        let Some(ingress) = is(&from, !virtual_) else { return To::Drop(DropReason::NoInterface) };
        if group.error {
            return To::Drop(DropReason::Error);
        }
        if to.is_none() && traffic.cut {
            return To::Drop(DropReason::Short);
        }
        // A matched group's tag is the removed one, no matter what is in its bytes.
        let tag = if to.is_some() { group.tag } else { traffic.tag };
        let vlan = match tag.map_or(0, |tag| tag & 0xfff) {
            0 => ingress.carried.untagged,
            id => Some(id).filter(|id| ingress.carried.tagged.contains(id)),
        };
        let Some(vlan) = vlan else { return To::Drop(DropReason::VlanIngress) };
        if let Some(to) = to {
            let Some(target) = is(&to, false) else { return To::Drop(DropReason::Gone) };
            if !target.carried.has(vlan) {
                return To::Drop(DropReason::VlanEgress);
            }
            if !self.may_pass(from.number(), to.number()) {
                return To::Drop(DropReason::NoPath);
            }
            if sees_header && !traffic.cut && traffic.source.is_station() {
                self.learn_from_wire(vlan, traffic.source, from.number());
            }
            return To::All(BTreeSet::from([to.number()]));
        }
        if !traffic.source.is_station() {
            return To::Drop(DropReason::BadSource);
        }
        if virtual_ {
            match self.owner(vlan, traffic.source) {
                Some(owner) if owner == from.number() => {}
                None if ingress.learns => self.learn(vlan, traffic.source, from.number()),
                _ => return To::Drop(DropReason::Spoofed),
            }
        } else {
            self.learn_from_wire(vlan, traffic.source, from.number());
        }
        self.destination(from.number(), vlan, traffic.destination)
    }

    fn learn_from_wire(&mut self, vlan: u16, source: MacAddress, at: usize) {
        match self.owner(vlan, source) {
            Some(_) => self.conflicts += 1,
            None => self.learn(vlan, source, at),
        }
    }

    fn destination(&self, from: usize, vlan: u16, address: MacAddress) -> To {
        let reached = |wanted: &dyn Fn(&Known) -> bool| -> BTreeSet<usize> {
            let all = self.known.iter().filter(|(_, known)| known.carried.has(vlan) && wanted(known));
            all.map(|(at, _)| *at).filter(|at| self.may_pass(from, *at)).collect()
        };
        let or = |set: BTreeSet<usize>, reason| if set.is_empty() { To::Drop(reason) } else { To::All(set) };
        if address.is_group() {
            return match address.0 {
                [1, 0x80, 0xc2, 0, 0, 0..=15] => To::Drop(DropReason::Reserved),
                _ => or(reached(&|_| true), DropReason::Nobody),
            };
        }
        let unknown = self.known[&from].unknown;
        match self.owner(vlan, address).or_else(|| self.station(vlan, address)) {
            Some(to) if to == from => return To::Drop(DropReason::SameInterface),
            Some(to) if self.may_pass(from, to) => return To::All(BTreeSet::from([to])),
            Some(_) if unknown.is_some() => return To::Drop(DropReason::NoPath),
            _ => {}
        }
        let set = reached(&|known| {
            known.unknown.is_some()
                || match unknown {
                    Some(Unknown::Flood) => true,
                    Some(Unknown::To(id)) => known.id == id,
                    _ => false,
                }
        });
        or(set, DropReason::UnknownUnicast)
    }
}
