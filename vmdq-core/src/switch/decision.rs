//! What is asked of the switch, and what it answers.
#![forbid(unsafe_code)]

use super::counters::DropReason;
use super::interface::InterfaceId;
use super::set::InterfaceSet;
use super::vlan::{Tag, Vlan};

/// Where a group came from, with the paper's match indicator (sections 2.2 and 3.5.1).
///
/// Filters name queues; which interface a queue's filters serve the caller knows. A queue that serves
/// several interfaces at once brings unmatched frames, as the default queue does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Origin {
    /// The virtual machine behind a virtual interface sent it: a single frame.
    Virtual(InterfaceId),
    /// It came from the wire and no filter is known to have matched: a single frame.
    Unmatched {
        /// The physical interface.
        uplink: InterfaceId,
    },
    /// It came from the wire and a filter of a virtual interface matched each frame of the group.
    Matched {
        /// The physical interface.
        uplink: InterfaceId,
        /// The virtual interface to whose address the filter belongs.
        to: InterfaceId,
    },
    /// As [`Matched`](Self::Matched), but the header lies in memory of the virtual machine, which can
    /// have rewritten it: targeted receive without header replication (paper section 3.7). The header
    /// is not looked at.
    Targeted {
        /// The physical interface.
        uplink: InterfaceId,
        /// The virtual interface to whose address the filter belongs.
        to: InterfaceId,
    },
}

impl Origin {
    /// Tells whether a filter matched each frame: the paper's match indicator. Only such frames make
    /// groups of several.
    #[inline(always)]
    #[must_use]
    pub const fn is_matched(&self) -> bool {
        matches!(self, Self::Matched { .. } | Self::Targeted { .. })
    }
}

/// What is indicated of a group: all that is known of it without looking at its bytes, the same for
/// each frame (group indication, paper sections 2.2 and 3.5.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Indication {
    /// Where it came from.
    pub from: Origin,
    /// The tag (priority, DEI and VLAN id) that was removed from the bytes, if one was.
    pub tag: Option<u16>,
    /// Whether the frames have errors.
    pub error: bool,
}

/// Who gets a group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict {
    /// One interface.
    To(InterfaceId),
    /// Each of these interfaces: two or more of them for unicast, one or more for the others.
    Flood(InterfaceSet),
    /// Nobody; it is counted already.
    Drop(DropReason),
}

/// A verdict, with what [`Switch::tag_action`](super::Switch::tag_action) needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Decision {
    /// Who gets the group.
    pub verdict: Verdict,
    pub(super) vlan: Vlan,
    pub(super) tag: Tag,
}

impl Decision {
    pub(super) const fn dropped(reason: DropReason) -> Self {
        Self { verdict: Verdict::Drop(reason), vlan: Vlan::UNTAGGED, tag: Tag::Outside(0) }
    }

    /// Returns the interfaces that get the group; none if it was dropped.
    #[must_use]
    pub const fn destinations(&self) -> InterfaceSet {
        match self.verdict {
            Verdict::To(id) => InterfaceSet::of(id.number()),
            Verdict::Flood(set) => set,
            Verdict::Drop(_) => InterfaceSet::EMPTY,
        }
    }

    /// Returns the VLAN of the group. [`Vlan::UNTAGGED`] if it was dropped.
    #[must_use]
    pub const fn vlan(&self) -> Vlan {
        self.vlan
    }
}
