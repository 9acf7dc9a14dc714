//! VLANs: the membership of interfaces, and what happens to a frame's tag.
//!
//! Inside the switch each frame belongs to one VLAN, whether or not it bears a tag. At an interface
//! one VLAN may go without a tag (an access interface has only that one; of a trunk it is the native
//! VLAN) and a set of them goes tagged. Frames of a VLAN that an interface does not carry never
//! come in there and never go out there.
//!
//! An 802.1Q tag (0x8100) is what controllers remove and what this module means by "tag". A service
//! tag (0x88a8, QinQ) controllers leave in the frame, and the descriptor doesn't show it: such a
//! frame counts as untagged with an EtherType of its own, unless
//! [`Switch::set_service_tags`](super::Switch::set_service_tags) says otherwise.
#![forbid(unsafe_code)]

use core::fmt;

/// A VLAN: 1 to 4094, or the one network of frames without a tag.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Vlan(u16);

impl Vlan {
    /// The network of frames without tags, for switches that need no VLANs.
    pub const UNTAGGED: Self = Self(0);

    /// Names a VLAN by its id; 0 is [`UNTAGGED`](Self::UNTAGGED). `None` above 4094, which 802.1Q reserves.
    #[must_use]
    pub const fn new(id: u16) -> Option<Self> {
        if id < 0xfff { Some(Self(id)) } else { None }
    }

    /// Returns the id.
    #[must_use]
    pub const fn id(self) -> u16 {
        self.0
    }
}

/// A set of VLANs that bear tags.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VlanSet([u64; 64]);

impl VlanSet {
    /// No VLAN.
    pub const EMPTY: Self = Self([0; 64]);

    /// Every VLAN from 1 to 4094.
    pub const ALL: Self = {
        let mut words = [u64::MAX; 64];
        words[0] &= !1;
        words[63] &= !(1 << 63);
        Self(words)
    };

    /// Adds a VLAN. [`Vlan::UNTAGGED`] bears no tag and is ignored.
    pub const fn insert(&mut self, vlan: Vlan) {
        if vlan.0 != 0 {
            self.0[(vlan.0 >> 6) as usize & 63] |= 1 << (vlan.0 & 63);
        }
    }

    /// Takes a VLAN out.
    pub const fn remove(&mut self, vlan: Vlan) {
        self.0[(vlan.0 >> 6) as usize & 63] &= !(1 << (vlan.0 & 63));
    }

    /// Tells whether a VLAN is in the set.
    #[inline(always)]
    #[must_use]
    pub const fn contains(&self, vlan: Vlan) -> bool {
        self.0[(vlan.0 >> 6) as usize & 63] >> (vlan.0 & 63) & 1 != 0
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }
}

impl FromIterator<Vlan> for VlanSet {
    fn from_iter<I: IntoIterator<Item = Vlan>>(vlans: I) -> Self {
        let mut set = Self::EMPTY;
        vlans.into_iter().for_each(|vlan| set.insert(vlan));
        set
    }
}

impl fmt::Debug for VlanSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries((0..0xfff).filter(|id| self.contains(Vlan(*id)))).finish()
    }
}

/// Which VLANs an interface is a member of, and which of them are tagged there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is no heap to put the set on")]
pub enum VlanMembership {
    /// One VLAN, without a tag on this interface: the switch inserts and removes it. A frame that
    /// comes in tagged is dropped; a priority tag (VLAN id 0) is none.
    Access(Vlan),
    /// Several VLANs.
    Trunk {
        /// Those that bear tags on this interface.
        tagged: VlanSet,
        /// The VLAN of frames without a tag; if none, those are dropped. Frames of it leave
        /// untagged, and come in tagged only if `tagged` has it, too.
        native: Option<Vlan>,
    },
}

impl VlanMembership {
    /// Frames without tags only: for switches that need no VLANs.
    pub const UNTAGGED: Self = Self::Access(Vlan::UNTAGGED);

    /// Every VLAN with its tag, and frames without a tag as a network of their own: for a physical
    /// interface.
    pub const ALL: Self = Self::Trunk { tagged: VlanSet::ALL, native: Some(Vlan::UNTAGGED) };
}

/// What must be done to the tag of a frame for one destination.
///
/// [`apply`](Self::apply), [`copy`](Self::copy) and [`apply_to`](Self::apply_to) do it, in software
/// (see [`tag`](crate::tag)).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TagAction {
    /// Nothing: a tag in the bytes stays, and a removed one stays removed.
    Keep,
    /// Bytes 12 to 15 are a tag and are removed.
    Remove,
    /// A tag with this control information (priority, DEI, VLAN id) is inserted at byte 12. Transmit
    /// descriptors have no field for it, so software inserts it.
    Insert(u16),
    /// Bytes 14 and 15 are overwritten by this control information.
    Replace(u16),
}

/// VLANs of an interface as the decision needs them: an access interface is a trunk that carries
/// nothing tagged.
#[derive(Clone, Copy)]
pub(super) struct Membership {
    untagged: u16,
    tagged: VlanSet,
}

impl Membership {
    /// No VLAN has this id.
    const NONE: u16 = u16::MAX;

    pub(super) const EMPTY: Self = Self { untagged: Self::NONE, tagged: VlanSet::EMPTY };

    pub(super) fn new(vlans: &VlanMembership) -> Self {
        match *vlans {
            VlanMembership::Access(vlan) => Self { untagged: vlan.0, tagged: VlanSet::EMPTY },
            VlanMembership::Trunk { tagged, native } => {
                Self { untagged: native.map_or(Self::NONE, Vlan::id), tagged }
            }
        }
    }

    #[inline(always)]
    pub(super) const fn carries(&self, vlan: Vlan) -> bool {
        self.untagged == vlan.0 || self.tagged.contains(vlan)
    }

    /// Returns the VLAN to which a frame belongs that comes in with this control
    /// information; 0 if it has no tag.
    #[inline(always)]
    pub(super) fn ingress(&self, control: u16) -> Option<Vlan> {
        let id = control & 0xfff;
        let vlan = Vlan(if id == 0 { self.untagged } else { id });
        // Neither "no native VLAN" nor the reserved 4095 is in any set: both are all ones below.
        (if id == 0 { self.untagged != Self::NONE } else { self.tagged.contains(vlan) }).then_some(vlan)
    }

    /// Returns the one VLAN of an access interface.
    pub(super) fn only(&self) -> Option<Vlan> {
        (self.tagged == VlanSet::EMPTY && self.untagged != Self::NONE).then_some(Vlan(self.untagged))
    }

    /// Tells whether both carry a VLAN.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let carried = |by: &Self, id| id != Self::NONE && by.carries(Vlan(id));
        carried(self, other.untagged) || carried(other, self.untagged) || self.tagged.meets(&other.tagged)
    }
}

/// Where the tag of a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) enum Tag {
    /// Not in the bytes: removed, with this control information, or never there (0).
    Outside(u16),
    /// In bytes 12 to 15.
    Inside(u16),
}

impl Tag {
    /// Returns the control information; 0, which is that of no VLAN, if there was no tag.
    #[inline(always)]
    pub(super) const fn control(self) -> u16 {
        match self {
            Self::Outside(control) | Self::Inside(control) => control,
        }
    }

    /// Tells what a destination with these VLANs needs done to a frame of this VLAN.
    pub(super) fn action(self, vlan: Vlan, at: &Membership) -> TagAction {
        let bare = at.untagged == vlan.0;
        match self {
            Self::Outside(_) if bare => TagAction::Keep,
            Self::Inside(_) if bare => TagAction::Remove,
            Self::Outside(old) => TagAction::Insert(old & 0xf000 | vlan.0),
            Self::Inside(old) if old & 0xfff == vlan.0 => TagAction::Keep,
            Self::Inside(old) => TagAction::Replace(old & 0xf000 | vlan.0),
        }
    }
}
