//! Group indication with a match indicator (paper sections 2.3.3 and 3.3).
//!
//! The controller has sorted the frames of a queue already, so a switch need not look at each of
//! them: frames of a queue to which filters lead are indicated as one group, with the word
//! "matched", and the switch decides once. Frames of the default queue matched no filter and are
//! indicated one by one.
//!
//! Groups are judged from descriptors alone; no byte of a frame is touched. A queue that serves
//! one address can mix VLANs (paper section 2.1, footnote 1), so a group ends where the removed tag
//! or the error state changes. Without [`Config::strip_tags`](crate::Config::strip_tags) tags stay in the
//! frames, descriptors don't show them, and a group can mix tags.
#![forbid(unsafe_code)]

use crate::ring::{Frame, FrameFlags};

/// What the controller's sorting says of a group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Indication {
    /// A filter of this queue matched each frame of the group.
    Matched(usize),
    /// No filter is known to have matched: the frame is from the default queue.
    Default,
}

/// Frames that a switch decides on together.
#[derive(Debug)]
pub struct Group<'f> {
    /// Whether a filter matched, and of which queue.
    pub indication: Indication,
    /// The VLAN tag that the controller removed from each frame, if it did.
    pub tag: Option<u16>,
    /// Whether the frames have errors.
    pub error: bool,
    /// The frames, at least one.
    pub frames: &'f mut [Frame],
}

/// Splits what was received from one queue into groups.
///
/// # Examples
///
/// ```
/// use vmdq_core::group::{Groups, Indication};
/// # let mut burst: [vmdq_core::ring::Frame; 0] = [];
/// let mut decisions = 0;
/// for group in Groups::new(&mut burst, Indication::Matched(3)) {
///     decisions += 1; // one look-up for group.frames.len() frames
/// }
/// # assert_eq!(decisions, 0);
/// ```
#[derive(Debug)]
pub struct Groups<'f> {
    indication: Indication,
    rest: &'f mut [Frame],
}

impl<'f> Groups<'f> {
    /// Takes frames of one queue in the order in which they were received.
    pub const fn new(frames: &'f mut [Frame], indication: Indication) -> Self {
        Self { indication, rest: frames }
    }
}

/// What must be equal within a group.
fn kind(frame: &Frame) -> (Option<u16>, bool) {
    (frame.tag(), frame.flags().contains(FrameFlags::ERROR))
}

impl<'f> Iterator for Groups<'f> {
    type Item = Group<'f>;

    fn next(&mut self) -> Option<Group<'f>> {
        let rest = core::mem::take(&mut self.rest);
        let (tag, error) = kind(rest.first()?);
        let len = match self.indication {
            Indication::Default => 1,
            Indication::Matched(_) => rest.iter().take_while(|frame| kind(frame) == (tag, error)).count(),
        };
        let (frames, rest) = rest.split_at_mut(len);
        self.rest = rest;
        Some(Group { indication: self.indication, tag, error, frames })
    }
}
