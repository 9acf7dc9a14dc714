//! The switch's counters.
//!
//! For every interface, and in total: `received.frames == forwarded + flooded + dropped.total()`.
//! A frame that is replicated is one flooded frame, and one delivered frame of each destination.
//! Counters wrap after 2^64.
#![forbid(unsafe_code)]

use core::fmt;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $reason:ident = $name:literal,)+) => {
        /// Why frames were dropped.
        #[non_exhaustive]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[repr(u8)]
        pub enum DropReason {
            $($(#[doc = $doc])+ $reason,)+
        }

        impl DropReason {
            /// Every reason, in the order of the counters.
            pub const ALL: &[Self] = &[$(Self::$reason),+];

            /// Returns the reason's name, for statistics; it never changes.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$reason => $name),+ }
            }
        }
    };
}

reasons! {
    /// The interface that it came from is not bound (any more), or is of the other kind.
    NoInterface = "no_interface",
    /// The controller reported an error.
    Error = "error",
    /// The header is too short to decide on.
    Short = "short",
    /// The source address is a group's, or zero.
    BadSource = "bad_source",
    /// A virtual machine used a source address that is not its own.
    Spoofed = "spoofed",
    /// The interface that it came from does not carry its VLAN.
    VlanIngress = "vlan_ingress",
    /// A filter matched, but the filter's interface does not carry the VLAN.
    VlanEgress = "vlan_egress",
    /// A virtual machine put a tag behind the tag, which could surface in another VLAN.
    DoublyTagged = "doubly_tagged",
    /// A group of several frames that may differ in service tags: indicate them one by one.
    MixedTags = "mixed_tags",
    /// Its destination (01:80:c2:00:00:00 to 0f) is for the neighbour on the wire alone.
    Reserved = "reserved",
    /// It came from the wire, for an unknown address.
    UnknownUnicast = "unknown_unicast",
    /// Its destination is where it came from.
    SameInterface = "same_interface",
    /// Its destination can't be reached from there: from uplink to uplink, or past the uplink
    /// that the virtual interface is tied to.
    NoPath = "no_path",
    /// It was broadcast or multicast, but no other interface is in its VLAN.
    Nobody = "nobody",
    /// A filter matched, but the filter's interface is not bound any more.
    Gone = "gone",
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const REASONS: usize = DropReason::ALL.len();

/// Dropped frames by reason.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Drops([u64; REASONS]);

impl Drops {
    /// Returns how many frames were dropped for a reason.
    #[must_use]
    pub const fn of(&self, reason: DropReason) -> u64 {
        self.0[reason as usize]
    }

    /// Returns how many frames were dropped.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, count| sum.wrapping_add(*count))
    }

    /// Lists every reason with its count.
    pub fn iter(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL.iter().copied().zip(self.0)
    }

    pub(super) const fn add(&mut self, reason: DropReason, frames: u64) {
        let count = &mut self.0[reason as usize];
        *count = count.wrapping_add(frames);
    }
}

impl fmt::Debug for Drops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().filter(|(_, count)| *count != 0)).finish()
    }
}

/// Frames and their bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Load {
    /// How many frames.
    pub frames: u64,
    /// How many bytes, as the caller counts them; 0 if it doesn't.
    pub bytes: u64,
}

impl Load {
    /// Returns the load of one frame.
    #[must_use]
    pub const fn frame(bytes: usize) -> Self {
        Self { frames: 1, bytes: bytes as u64 }
    }

    #[inline(always)]
    pub(super) const fn add(&mut self, other: Self) {
        self.frames = self.frames.wrapping_add(other.frames);
        self.bytes = self.bytes.wrapping_add(other.bytes);
    }
}

/// Counters of one interface.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InterfaceCounters {
    /// Decisions on what the interface received.
    pub decisions: u64,
    /// What came in from the interface.
    pub received: Load,
    /// What went out to it, copies included.
    pub delivered: Load,
    /// Delivered frames that came from the wire for this interface alone.
    ///
    /// These are the frames that a filter in hardware would sort.
    pub from_wire: u64,
    /// Received frames that went to one interface.
    pub forwarded: u64,
    /// Received frames that went to a set of interfaces.
    pub flooded: u64,
    /// Of the forwarded frames, those from one virtual interface to another.
    pub local: u64,
    /// Received frames (of groups: the first ones) from the wire whose source address is bound to a
    /// virtual interface.
    pub source_conflict: u64,
    /// Received frames that were dropped.
    pub dropped: Drops,
}

impl InterfaceCounters {
    pub(super) const EMPTY: Self = Self {
        decisions: 0,
        received: Load { frames: 0, bytes: 0 },
        delivered: Load { frames: 0, bytes: 0 },
        from_wire: 0,
        forwarded: 0,
        flooded: 0,
        local: 0,
        source_conflict: 0,
        dropped: Drops([0; REASONS]),
    };

    pub(super) fn add(&mut self, other: &Self) {
        for (sum, count) in [
            (&mut self.decisions, other.decisions),
            (&mut self.from_wire, other.from_wire),
            (&mut self.forwarded, other.forwarded),
            (&mut self.flooded, other.flooded),
            (&mut self.local, other.local),
            (&mut self.source_conflict, other.source_conflict),
        ] {
            *sum = sum.wrapping_add(count);
        }
        self.received.add(other.received);
        self.delivered.add(other.delivered);
        other.dropped.iter().for_each(|(reason, count)| self.dropped.add(reason, count));
    }
}

/// Counts of the addresses that the switch learned.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LearningCounters {
    /// Addresses that were new.
    pub learned: u64,
    /// Addresses that appeared at another interface than before.
    pub moved: u64,
    /// Addresses that were forgotten because they had sent nothing for too long.
    pub aged: u64,
    /// Addresses that were replaced by another one.
    pub replaced: u64,
    /// Addresses for which there was no room, each time they were seen.
    pub not_learned: u64,
}

/// Counters of the whole switch, interfaces that were unbound included.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SwitchCounters {
    /// The sum over all interfaces, and over frames of no interface.
    pub traffic: InterfaceCounters,
    /// Learning.
    pub learning: LearningCounters,
}
