//! The virtual switch: decides which interfaces get a group of frames (paper sections 2.3.6, 2.3.7,
//! 3.1 and 3.5.1).
//!
//! A switch joins virtual interfaces (network devices of virtual machines) and physical ones
//! (uplinks). It holds no frames and no queues: it takes the origin of a group and the header of the group's
//! first frame, and returns a [`Decision`]. One decision serves a whole group, and
//! frames 2 to k are not looked at. Nothing is allocated, and each step is O(1) but for replication and
//! for binding. [`relay`](crate::relay) makes the groups, asks the switch and delivers the frames.
//!
//! # Examples
//!
//! A hypervisor with one port and two virtual machines:
//!
//! ```
//! use vmdq_core::MacAddress;
//! use vmdq_core::switch::{
//!     DropReason, Indication, Load, Origin, Physical, Switch, TagAction, Verdict, Virtual, Vlan, VlanMembership,
//! };
//!
//! let mac = |last| MacAddress([2, 0, 0, 0, 0, last]);
//! let vlan_10 = VlanMembership::Access(Vlan::new(10).unwrap());
//!
//! // Up to 16 interfaces, 1024 learned addresses. Take the seed from a source of randomness.
//! let mut switch = Switch::<16, 1024>::new(0x5eed);
//! let uplink = switch.bind_physical(&Physical::default())?;
//! let red = switch.bind_virtual(&Virtual { vlans: vlan_10, ..Virtual::default() })?;
//! let blue = switch.bind_virtual(&Virtual { vlans: vlan_10, ..Virtual::default() })?;
//! switch.bind_address(red, mac(1))?;
//! switch.bind_address(blue, mac(2))?;
//!
//! // The frames of red's queue: its filter matched each of them, so that they are one group.
//! let frame = |to, from| {
//!     let mut bytes = [0; 60];
//!     bytes[..6].copy_from_slice(&mac(to).0);
//!     bytes[6..12].copy_from_slice(&mac(from).0);
//!     bytes
//! };
//! let now = 1_000; // milliseconds, from any clock that does not go back
//! let group = Indication { from: Origin::Matched { uplink, to: red }, tag: Some(10), error: false };
//! let load = Load { frames: 32, bytes: 32 * 60 };
//! let decision = switch.forward(&group, load, &frame(1, 0x99), now);
//! assert_eq!(decision.verdict, Verdict::To(red));
//! // The controller removed the tag, and red's frames have none: nothing to do.
//! assert_eq!(switch.tag_action(&decision, red.number()), TagAction::Keep);
//!
//! // Red answers. The switch has learned where station 0x99 is, and the tag goes back in.
//! let sent = Indication { from: Origin::Virtual(red), tag: None, error: false };
//! let decision = switch.forward(&sent, Load::frame(60), &frame(0x99, 1), now);
//! assert_eq!(decision.verdict, Verdict::To(uplink));
//! assert_eq!(switch.tag_action(&decision, uplink.number()), TagAction::Insert(10));
//!
//! // A frame for blue does not touch the wire; one with a spoofed source goes nowhere.
//! let local = switch.forward(&sent, Load::frame(60), &frame(2, 1), now);
//! assert_eq!(local.verdict, Verdict::To(blue));
//! let spoofed = switch.forward(&sent, Load::frame(60), &frame(0x99, 2), now);
//! assert_eq!(spoofed.verdict, Verdict::Drop(DropReason::Spoofed));
//!
//! let counters = switch.counters().traffic;
//! assert_eq!((counters.forwarded, counters.local, counters.dropped.total()), (34, 1, 1));
//!
//! // Red is unbound; frames for it are dropped and counted.
//! switch.unbind(red)?;
//! # assert_eq!(switch.forward(&sent, Load::frame(60), &frame(2, 1), now).verdict,
//! #     Verdict::Drop(DropReason::NoInterface));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Rules
//!
//! - **Matched** groups go to the filter's interface. No byte of theirs decides; the first header, if
//!   it is the caller's own copy, teaches the source address. What a guest can write
//!   ([`Origin::Targeted`]) is not looked at.
//!   The hardware sorts by address alone: a frame for the address in a VLAN that the interface does not
//!   carry is dropped (`vlan_egress`).
//! - **Unicast** goes to the interface to which the address is bound in the frame's VLAN, else to the one
//!   where it was learned. Unknown addresses: from a virtual interface to the uplinks (not to virtual
//!   machines), from the wire as [`Unknown`] says (default: dropped).
//! - **Broadcast and multicast** go to every interface that carries the VLAN, but never back. The
//!   controllers of the first generation do not replicate, so the caller copies. The addresses
//!   01:80:c2:00:00:00 to 0f (spanning tree, LLDP, pause) are not forwarded, as 802.1D asks, unless
//!   [`Switch::set_forward_reserved`] says so.
//! - **Uplinks don't bridge**: what came from one uplink goes to no other, so that two uplinks in one
//!   network make no loop, unless [`Switch::set_bridge_uplinks`] says so. A virtual interface can be
//!   tied to one uplink ([`Virtual::uplink`]).
//! - **Static addresses** ([`Switch::bind_address`]) are not learned, moved or aged. A frame from
//!   the wire with such a source is forwarded and counted as `source_conflict`. By default a virtual
//!   interface may use no others ([`Security`]).
//! - **Learned addresses** are bounded as a table and for each virtual interface; see
//!   [`Security::Learn`]. Neither virtual machine nor wire can make the switch forget what a
//!   virtual interface learned, and no virtual machine what came from the wire. An address that
//!   appears elsewhere moves; an interface that may learn may also claim an address that is not bound.
//!   Call [`Switch::sweep`] regularly, for example once a second.
//! - **VLANs**: see [`VlanMembership`]. The controllers remove tags (their setting as this crate's ports make
//!   it), so a group has one tag. A service tag (0x88a8) they leave: see
//!   [`Switch::set_service_tags`].
//!
//! The decision on a frame that a virtual machine sends must use a copy of its header that the machine can't
//! write any more, and the frame must be sent with that copy in place of the original.
#![forbid(unsafe_code)]

mod apply;
mod binding;
mod counters;
mod decision;
mod forward;
mod hash;
mod header;
mod interface;
mod learned;
mod matched;
mod set;
mod slot;
mod statics;
pub mod steer;
mod vlan;

pub use counters::{DropReason, Drops, InterfaceCounters, LearningCounters, Load, SwitchCounters};
pub use decision::{Decision, Indication, Origin, Verdict};
pub use interface::{
    AddressError, InterfaceError, InterfaceId, NotBound, Physical, Security, Unknown, Virtual,
};
pub use set::{InterfaceNumbers, InterfaceSet};
pub use vlan::{TagAction, Vlan, VlanMembership, VlanSet};

use core::fmt;

use crate::mac::MacAddress;
use hash::Hash;
use header::Address;
use interface::Kind;
use learned::{Learned, WAYS};
use slot::Slot;
use statics::Statics;

/// A virtual switch with at most `INTERFACES` interfaces and `ADDRESSES` learned addresses.
///
/// There are 1 to 128 interfaces, `4 * INTERFACES` static addresses, and a multiple of 8 learned ones, half of
/// them for the wire and half for virtual interfaces.
///
/// See the [module](self) for the rules. It takes about 1 KiB for each interface and 16 bytes for
/// each learned address: place large ones in a `static`, for which [`new`](Self::new) is `const`.
///
/// Other sizes do not compile:
///
/// ```compile_fail,E0080
/// let switch = vmdq_core::switch::Switch::<129, 64>::new(1); // more than 128 interfaces
/// ```
///
/// ```compile_fail,E0080
/// let switch = vmdq_core::switch::Switch::<8, 60>::new(1); // no multiple of 8
/// ```
pub struct Switch<const INTERFACES: usize, const ADDRESSES: usize> {
    slots: [Slot; INTERFACES],
    uplinks: InterfaceSet,
    virtuals: InterfaceSet,
    hash: Hash,
    statics: Statics<INTERFACES>,
    learned: Learned<INTERFACES, ADDRESSES>,
    bridge_uplinks: bool,
    service_tags: bool,
    forward_reserved: bool,
    /// Counters of interfaces that were unbound, and of frames from none.
    retired: InterfaceCounters,
}

impl<const INTERFACES: usize, const ADDRESSES: usize> Switch<INTERFACES, ADDRESSES> {
    const SIZES_FIT: () = {
        assert!(INTERFACES >= 1 && INTERFACES <= InterfaceSet::MEMBERS, "a switch has 1 to 128 interfaces");
        assert!(ADDRESSES >= WAYS && ADDRESSES.is_multiple_of(WAYS), "ADDRESSES is a multiple of 8");
        assert!(ADDRESSES / WAYS <= 1 << 24, "ADDRESSES is at most 2^27");
    };

    /// How many static addresses there can be.
    pub const STATIC_ADDRESSES: usize = Statics::<INTERFACES>::CAPACITY;

    /// For how long a silent address is remembered unless [`set_age`](Self::set_age) says otherwise,
    /// in milliseconds: the five minutes of 802.1D.
    pub const AGE: u64 = 300_000;

    /// Makes a switch without interfaces.
    ///
    /// The seed decides where addresses lie in the tables. If it is random and secret, an attacker can choose
    /// addresses that collide only by luck.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        const { Self::SIZES_FIT };
        Self {
            slots: [Slot::FREE; INTERFACES],
            uplinks: InterfaceSet::EMPTY,
            virtuals: InterfaceSet::EMPTY,
            hash: Hash::new(seed),
            statics: Statics::new(),
            learned: Learned::new(Self::AGE),
            bridge_uplinks: false,
            service_tags: false,
            forward_reserved: false,
            retired: InterfaceCounters::EMPTY,
        }
    }

    /// Finds where frames for an address in a VLAN go: static addresses first, then learned ones.
    #[must_use]
    pub fn find(&self, address: MacAddress, vlan: Vlan, now: u64) -> Option<InterfaceId> {
        self.lookup(Address::new(address), vlan, now).map(|number| self.id_of(number))
    }

    /// Sets the destination of unicast frames from a physical interface for unknown addresses.
    ///
    /// # Errors
    ///
    /// [`NotBound`] if it is gone, or not a physical one.
    pub fn set_unknown(&mut self, uplink: InterfaceId, unknown: Unknown) -> Result<(), NotBound> {
        match &mut self.slot_mut(uplink)?.kind {
            Kind::Physical(current) => *current = unknown,
            _ => return Err(NotBound),
        }
        Ok(())
    }

    /// Sets which source addresses a virtual interface may use. What it learned is forgotten.
    ///
    /// # Errors
    ///
    /// [`NotBound`] if it is gone, or not a virtual one.
    pub fn set_security(&mut self, id: InterfaceId, security: Security) -> Result<(), NotBound> {
        match &mut self.slot_mut(id)?.kind {
            Kind::Virtual(current) => *current = security,
            _ => return Err(NotBound),
        }
        self.learned.forget_if(|_, _, interface| interface == id.index());
        Ok(())
    }

    /// Sets whether uplinks exchange frames (default: no). Only for uplinks that lead to different
    /// networks: within one it makes a loop.
    pub fn set_bridge_uplinks(&mut self, bridge: bool) {
        self.bridge_uplinks = bridge;
        self.set_reach();
    }

    /// Sets whether service tags (0x88a8) are VLAN tags, too (default: no; see [`VlanMembership`]).
    ///
    /// Descriptors don't show them, so that frames of the wire have to be relayed one by one then: groups
    /// of several frames without a removed tag are dropped ([`DropReason::MixedTags`]), and so is what
    /// [`Origin::Targeted`] brings.
    pub fn set_service_tags(&mut self, are_tags: bool) {
        self.service_tags = are_tags;
        self.settle_all();
    }

    /// Sets whether multicast for 01:80:c2:00:00:00 to 0f is forwarded as any other (default: no, as
    /// 802.1D asks of bridges).
    ///
    /// It is for virtual machines that must receive such frames of the neighbour on the wire (spanning tree,
    /// LLDP). They can also send such frames, unless they are kept from sending.
    pub const fn set_forward_reserved(&mut self, forward: bool) {
        self.forward_reserved = forward;
    }

    /// Sets for how many milliseconds a silent address is remembered.
    pub const fn set_age(&mut self, age: u64) {
        self.learned.set_age(age);
    }

    /// Forgets the addresses that were silent for too long; returns how many.
    ///
    /// They are not found in any case, but count against quotas until here. Looks at the whole table.
    pub fn sweep(&mut self, now: u64) -> usize {
        self.learned.sweep(now)
    }

    /// Returns how many learned addresses an interface holds; 0 if it is gone.
    #[must_use]
    pub fn learned(&self, id: InterfaceId) -> usize {
        if self.slot(id).is_ok() { self.learned.held(id.index()) } else { 0 }
    }

    /// Returns the interfaces that are bound.
    #[must_use]
    pub fn interfaces(&self) -> InterfaceSet {
        self.uplinks.or(self.virtuals)
    }

    /// Returns the id of the interface that has a number now.
    #[must_use]
    pub fn id(&self, number: usize) -> Option<InterfaceId> {
        self.interfaces().contains(number).then(|| self.id_of(number as u8))
    }

    /// Returns the counters of an interface. Looks at every interface.
    ///
    /// # Errors
    ///
    /// [`NotBound`] if it is gone.
    pub fn interface_counters(&self, id: InterfaceId) -> Result<InterfaceCounters, NotBound> {
        self.slot(id).map(|_| self.settled(id.number()))
    }

    /// Adds all counters up.
    #[must_use]
    pub fn counters(&self) -> SwitchCounters {
        let mut traffic = self.retired;
        (0..INTERFACES).for_each(|number| traffic.add(&self.settled(number)));
        SwitchCounters { traffic, learning: self.learned.counters() }
    }

    fn slot(&self, id: InterfaceId) -> Result<&Slot, NotBound> {
        self.slots.get(id.number()).filter(|slot| slot.is(id)).ok_or(NotBound)
    }

    fn slot_mut(&mut self, id: InterfaceId) -> Result<&mut Slot, NotBound> {
        self.slots.get_mut(id.number()).filter(|slot| slot.is(id)).ok_or(NotBound)
    }

    fn is_uplink(&self, id: InterfaceId) -> bool {
        self.slot(id).is_ok_and(|slot| matches!(slot.kind, Kind::Physical(_)))
    }

    fn id_of(&self, number: u8) -> InterfaceId {
        let round = self.slots.get(usize::from(number)).map_or(0, |slot| slot.round);
        InterfaceId::new(number, round)
    }
}

impl<const INTERFACES: usize, const ADDRESSES: usize> fmt::Debug for Switch<INTERFACES, ADDRESSES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switch")
            .field("uplinks", &self.uplinks)
            .field("virtuals", &self.virtuals)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}
