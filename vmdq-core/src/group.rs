//! Group indication with a match indicator (paper sections 2.2 and 3.5.1).
//!
//! The controller has sorted the frames of a queue already, so a switch need not look at each of them.
//! Frames that a filter sorted to a queue are indicated as one matched group, and the switch decides once.
//! Frames of the default queue matched no filter, and frames that virtual machines send passed none: each of
//! them is a group of its own.
//!
//! [`Groups`] makes the groups, from any type that describes a received frame. It compares the group's
//! [`Indication`], which is also the argument of [`Switch::forward`](crate::switch::Switch::forward), so
//! that a group and its indication can't disagree. [`relay`](crate::relay) does both.
//!
//! Groups are made from descriptors alone; no byte of a frame is read. A queue that serves
//! one address can mix VLANs (paper section 2.1, footnote 1), so a group ends where the removed tag
//! or the error state changes. Where the controller does not remove tags, they stay in the
//! frames, descriptors don't show them, and a group can mix tags.
#![forbid(unsafe_code)]

use crate::switch::{Indication, Origin};

/// The part of a frame's descriptor that groups depend on.
///
/// It is implemented for the frames of a receive ring and for other types that describe a received frame.
pub trait Described {
    /// Returns the VLAN tag that the controller removed, if it did.
    fn tag(&self) -> Option<u16>;

    /// Tells whether the controller reported an error.
    fn has_error(&self) -> bool;

    /// Tells whether a virtual machine can have written the header that the switch would read.
    ///
    /// That is so for targeted receive without header replication (paper section 3.7).
    ///
    /// Such a header decides nothing and teaches nothing ([`Origin::Targeted`]). Only the first frame
    /// of a group is asked, as only its header is shown.
    #[inline(always)]
    fn header_is_guests(&self) -> bool {
        false
    }

    /// Tells whether tag and error state are those of another frame, which [`Groups`] asks of each frame.
    ///
    /// Frames that have both in one word compare it in one step.
    #[inline(always)]
    fn is_like(&self, other: &Self) -> bool {
        self.tag() == other.tag() && self.has_error() == other.has_error()
    }
}

/// Frames that a switch decides on together.
#[derive(Debug)]
pub struct Group<'f, F> {
    /// What is indicated to the switch.
    pub indication: Indication,
    /// The frames, at least one.
    pub frames: &'f mut [F],
}

impl<'f, F: Described> Group<'f, F> {
    /// Makes a group of frames of one queue without checking any but the first, in constant time.
    ///
    /// The caller claims that the frames are equal in tag and error state; if they are not, decisions are
    /// wrong. `None` without frames, and for more than one frame that no filter matched, as
    /// those are never one group.
    ///
    /// # Examples
    ///
    /// ```
    /// use vmdq_core::group::{Described, Group};
    /// use vmdq_core::switch::{Origin, Physical, Switch, Virtual};
    ///
    /// struct Received; // a frame without tag or error
    /// impl Described for Received {
    ///     fn tag(&self) -> Option<u16> { None }
    ///     fn has_error(&self) -> bool { false }
    /// }
    ///
    /// let mut switch = Switch::<4, 64>::new(1);
    /// let uplink = switch.bind_physical(&Physical::default())?;
    /// let to = switch.bind_virtual(&Virtual::default())?;
    ///
    /// let mut run = [Received, Received, Received];
    /// let group = Group::uniform(&mut run, Origin::Matched { uplink, to }).ok_or("not a group")?;
    /// assert_eq!(group.frames.len(), 3);
    /// assert!(Group::uniform(&mut run, Origin::Unmatched { uplink }).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn uniform(frames: &'f mut [F], from: Origin) -> Option<Self> {
        let indication = indication(frames.first()?, from);
        let one = from.is_matched() || frames.len() == 1;
        one.then_some(Self { indication, frames })
    }
}

/// Splits frames from one queue, or from one virtual machine, into groups.
///
/// Reads each frame's description once, and none of its bytes.
///
/// # Examples
///
/// ```
/// use vmdq_core::group::Groups;
/// use vmdq_core::switch::{Origin, Physical, Switch, Virtual};
/// # struct Received(Option<u16>);
/// # impl vmdq_core::group::Described for Received {
/// #     fn tag(&self) -> Option<u16> { self.0 }
/// #     fn has_error(&self) -> bool { false }
/// # }
/// # let mut switch = Switch::<4, 64>::new(1);
/// # let uplink = switch.bind_physical(&Physical::default())?;
/// # let to = switch.bind_virtual(&Virtual::default())?;
///
/// // By their removed tags; a filter of the interface `to` names this queue.
/// let mut burst = [None, None, Some(5)].map(Received);
/// let groups = Groups::new(&mut burst, Origin::Matched { uplink, to });
/// let lengths: Vec<_> = groups.map(|group| (group.indication.tag, group.frames.len())).collect();
/// assert_eq!(lengths, [(None, 2), (Some(5), 1)]);
///
/// // Frames of the default queue matched no filter: each is a group of its own.
/// assert_eq!(Groups::new(&mut burst, Origin::Unmatched { uplink }).count(), 3);
/// # Ok::<(), vmdq_core::switch::InterfaceError>(())
/// ```
#[derive(Debug)]
pub struct Groups<'f, F> {
    from: Origin,
    rest: &'f mut [F],
}

impl<'f, F: Described> Groups<'f, F> {
    /// Takes frames of one origin in the order in which they came.
    pub const fn new(frames: &'f mut [F], from: Origin) -> Self {
        Self { from, rest: frames }
    }
}

impl<'f, F: Described> Iterator for Groups<'f, F> {
    type Item = Group<'f, F>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let rest = core::mem::take(&mut self.rest);
        let first = rest.first()?;
        let indication = indication(first, self.from);
        let len = if self.from.is_matched() {
            let other = rest[1..].iter().position(|frame| !first.is_like(frame));
            other.map_or(rest.len(), |at| at + 1)
        } else {
            1
        };
        let (frames, rest) = rest.split_at_mut(len);
        self.rest = rest;
        Some(Group { indication, frames })
    }
}

impl<F: Described> core::iter::FusedIterator for Groups<'_, F> {}

/// Returns the indication of a group, from its first frame.
#[inline(always)]
fn indication<F: Described>(first: &F, from: Origin) -> Indication {
    let from = match from {
        Origin::Matched { uplink, to } if first.header_is_guests() => Origin::Targeted { uplink, to },
        from => from,
    };
    Indication { from, tag: first.tag(), error: first.has_error() }
}
