//! The place of an interface in the switch.
#![forbid(unsafe_code)]

use super::counters::InterfaceCounters;
use super::header::Address;
use super::interface::{InterfaceId, Kind};
use super::matched::Sorted;
use super::set::InterfaceSet;
use super::vlan::{Membership, Vlan};

/// The place of an interface.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) kind: Kind,
    pub(super) round: u16,
    /// The other interfaces that frames from here may reach, VLANs aside.
    pub(super) reach: InterfaceSet,
    pub(super) uplink: Option<InterfaceId>,
    /// The source address that it used last and that was its own.
    pub(super) own: Option<(Address, Vlan)>,
    /// What the last group that a filter sorted to here was like.
    pub(super) sorted: Sorted,
    pub(super) counters: InterfaceCounters,
    pub(super) vlans: Membership,
}

impl Slot {
    pub(super) const FREE: Self = Self {
        kind: Kind::Free,
        round: 0,
        reach: InterfaceSet::EMPTY,
        uplink: None,
        own: None,
        sorted: Sorted::NONE,
        counters: InterfaceCounters::EMPTY,
        vlans: Membership::EMPTY,
    };

    #[inline(always)]
    pub(super) const fn is(&self, id: InterfaceId) -> bool {
        self.round == id.round() && !matches!(self.kind, Kind::Free)
    }
}
