//! Group indication with a match indicator (paper sections 2.3.3 and 3.3).
//!
//! The controller has sorted the frames of a queue already, so a switch need not look at each of
//! them: frames of a queue to which filters lead are indicated as one group, with the word
//! "matched", and the switch decides once. Frames of the default queue matched no filter and are
//! indicated one by one.
//!
//! Groups are judged from descriptors alone; no byte of a frame is touched. A queue that serves
//! one address can mix VLANs (paper section 2.1, footnote 1), so a group ends where the removed tag
//! or the error state changes. Where the controller does not remove tags, they stay in the
//! frames, descriptors don't show them, and a group can mix tags.
#![forbid(unsafe_code)]

/// What the controller's sorting says of a group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Indication {
    /// A filter of this queue matched each frame of the group.
    Matched(usize),
    /// No filter is known to have matched: the frame is from the default queue.
    Default,
}

/// What a descriptor says of a frame, as far as groups are concerned.
///
/// For the frames of a receive ring, and for whatever else stands for a received frame.
pub trait Described {
    /// Returns the VLAN tag that the controller removed, if it did.
    fn tag(&self) -> Option<u16>;

    /// Tells whether the controller reported an error.
    fn has_error(&self) -> bool;

    /// Tells whether tag and error state are those of another frame: what [`Groups`] asks of each frame.
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
    /// Whether a filter matched, and of which queue.
    pub indication: Indication,
    /// The VLAN tag that the controller removed from each frame, if it did.
    pub tag: Option<u16>,
    /// Whether the frames have errors.
    pub error: bool,
    /// The frames, at least one.
    pub frames: &'f mut [F],
}

impl<'f, F: Described> Group<'f, F> {
    /// Makes a group of frames of one queue that are known to be one, without looking at any but the
    /// first: constant time.
    ///
    /// That the frames are equal in tag and error state is the caller's claim; of a wrong one come
    /// wrong decisions. `None` without frames, and for more than one frame of the default queue, as
    /// those are never one group.
    ///
    /// # Examples
    ///
    /// ```
    /// use vmdq_core::group::{Described, Group, Indication};
    ///
    /// struct Received; // a frame without tag or error
    /// impl Described for Received {
    ///     fn tag(&self) -> Option<u16> { None }
    ///     fn has_error(&self) -> bool { false }
    /// }
    ///
    /// let mut run = [Received, Received, Received];
    /// let group = Group::uniform(&mut run, Indication::Matched(3)).ok_or("not a group")?;
    /// assert_eq!(group.frames.len(), 3);
    /// assert!(Group::uniform(&mut run, Indication::Default).is_none());
    /// # Ok::<(), &str>(())
    /// ```
    #[inline]
    pub fn uniform(frames: &'f mut [F], indication: Indication) -> Option<Self> {
        let first = frames.first()?;
        let (tag, error) = (first.tag(), first.has_error());
        let one = matches!(indication, Indication::Matched(_)) || frames.len() == 1;
        one.then_some(Self { indication, tag, error, frames })
    }
}

/// Splits what was received from one queue into groups.
///
/// Reads what is known of each frame once, and nothing of its bytes.
///
/// # Examples
///
/// ```
/// use vmdq_core::group::{Groups, Indication};
/// # struct Received;
/// # impl vmdq_core::group::Described for Received {
/// #     fn tag(&self) -> Option<u16> { None }
/// #     fn has_error(&self) -> bool { false }
/// # }
/// # let mut burst = [Received, Received];
/// let mut decisions = 0;
/// for group in Groups::new(&mut burst, Indication::Matched(3)) {
///     decisions += 1; // one look-up for group.frames.len() frames
/// }
/// # assert_eq!(decisions, 1);
/// ```
#[derive(Debug)]
pub struct Groups<'f, F> {
    indication: Indication,
    rest: &'f mut [F],
}

impl<'f, F: Described> Groups<'f, F> {
    /// Takes frames of one queue in the order in which they were received.
    pub const fn new(frames: &'f mut [F], indication: Indication) -> Self {
        Self { indication, rest: frames }
    }
}

impl<'f, F: Described> Iterator for Groups<'f, F> {
    type Item = Group<'f, F>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let rest = core::mem::take(&mut self.rest);
        let first = rest.first()?;
        let (tag, error) = (first.tag(), first.has_error());
        let len = match self.indication {
            Indication::Default => 1,
            Indication::Matched(_) => {
                let other = rest[1..].iter().position(|frame| !first.is_like(frame));
                other.map_or(rest.len(), |at| at + 1)
            }
        };
        let (frames, rest) = rest.split_at_mut(len);
        self.rest = rest;
        Some(Group { indication: self.indication, tag, error, frames })
    }
}

impl<F: Described> core::iter::FusedIterator for Groups<'_, F> {}
