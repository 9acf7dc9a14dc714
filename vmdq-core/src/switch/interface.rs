//! Interfaces of the switch: virtual ones, one for each network device of a virtual machine, and
//! physical ones (uplinks), one for each port.
#![forbid(unsafe_code)]

use core::fmt;

use super::vlan::VlanMembership;

/// The id of an interface while it is bound.
///
/// Numbers are used again, ids are not (65536 rounds aside): frames that are still queued for an
/// interface that was unbound do not reach its successor.
// One word, so that two ids compare in one step: the number in bits 7:0, the round in 31:16.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InterfaceId(u32);

impl InterfaceId {
    /// Of no interface: bits 15:8 are 0 otherwise.
    pub(super) const NONE: Self = Self(u32::MAX);

    pub(super) const fn new(number: u8, round: u16) -> Self {
        Self((round as u32) << 16 | number as u32)
    }

    /// Returns the number: below the switch's `INTERFACES`, and unique while this one is bound.
    #[must_use]
    pub const fn number(self) -> usize {
        self.index() as usize
    }

    #[inline(always)]
    pub(super) const fn index(self) -> u8 {
        self.0 as u8
    }

    #[inline(always)]
    pub(super) const fn round(self) -> u16 {
        (self.0 >> 16) as u16
    }
}

impl fmt::Debug for InterfaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, round) = (self.number(), self.round());
        f.debug_struct("InterfaceId").field("number", &number).field("round", &round).finish()
    }
}

/// Which source addresses a virtual interface may use (port security).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Security {
    /// Only those that are bound to it; frames with others are dropped. Nothing is learned.
    #[default]
    OwnAddresses,
    /// Any but those that are bound to others. What isn't bound is learned: at most this many
    /// addresses (none: an equal part of half the table).
    Learn {
        /// How many addresses the interface may hold in the learning table.
        quota: Option<u32>,
    },
}

/// The settings of a virtual interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Virtual {
    /// Its VLANs.
    pub vlans: VlanMembership,
    /// Whose addresses it may use.
    pub security: Security,
    /// The one physical interface with which it exchanges frames; none: all of them. Set it if
    /// several lead to the same network: what one sends to all would come back through the others.
    pub uplink: Option<InterfaceId>,
}

impl Default for Virtual {
    /// Untagged frames, only its own addresses, every uplink.
    fn default() -> Self {
        Self { vlans: VlanMembership::UNTAGGED, security: Security::OwnAddresses, uplink: None }
    }
}

/// The destination of unicast frames from the wire for unknown addresses.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Unknown {
    /// None: they are dropped, since the addresses of virtual machines are known.
    #[default]
    Drop,
    /// Every virtual interface in the VLAN gets them.
    Flood,
    /// One virtual interface gets them.
    To(InterfaceId),
}

/// The settings of a physical interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Physical {
    /// Its VLANs.
    pub vlans: VlanMembership,
    /// The destination of its unicast frames for unknown addresses.
    pub unknown: Unknown,
}

impl Default for Physical {
    /// Every VLAN; unknown addresses get nothing.
    fn default() -> Self {
        Self { vlans: VlanMembership::ALL, unknown: Unknown::Drop }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Free,
    Virtual(Security),
    Physical(Unknown),
}

/// Why an interface was not bound.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum InterfaceError {
    /// The switch has no room for another interface: unbind one, or make the switch larger.
    Full,
    /// Its uplink is not a bound physical interface: bind that first.
    NoUplink,
}

impl fmt::Display for InterfaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => {
                "the switch has no room for another interface: unbind one, or make the switch larger"
            }
            Self::NoUplink => "the uplink is not a bound physical interface: bind it first",
        })
    }
}
impl core::error::Error for InterfaceError {}

/// The interface is not bound (any more): use the id that binding it returned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NotBound;

impl fmt::Display for NotBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the interface is not bound (any more): use the id that binding it returned")
    }
}
impl core::error::Error for NotBound {}

/// Why an address was not bound to an interface.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AddressError {
    /// The interface is not bound (any more): use the id that binding it returned.
    NotBound,
    /// Only virtual interfaces have static addresses: what is behind a physical one is learned.
    NotVirtual,
    /// It is not a unicast address: group addresses need no binding.
    NotUnicast,
    /// This interface has the address in a VLAN that both carry: unbind it there.
    Taken(InterfaceId),
    /// The switch has no room for another address: unbind one, or make the switch larger.
    Full,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotBound => "the interface is not bound (any more): use the id that binding it returned",
            Self::NotVirtual => "only virtual interfaces have static addresses: bind it to one",
            Self::NotUnicast => "it is not a unicast address: group addresses need no binding",
            Self::Taken(_) => "an interface in the same VLAN has the address: unbind it there",
            Self::Full => "the switch has no room for another address: unbind one, or make the switch larger",
        })
    }
}
impl core::error::Error for AddressError {}
