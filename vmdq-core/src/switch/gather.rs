//! Gathers single frames into groups that are decided on together.
#![forbid(unsafe_code)]

use super::forward::{Indicated, Origin};

/// Splits frames into groups, by what is said of each: origin, removed tag and error.
///
/// A run of frames that a filter matched and that are alike becomes one group; frames that no filter
/// matched, and those that virtual machines send, each go to a place of their own and stay
/// single. A frame is whatever the caller has: a frame in its buffer, or the header and
/// buffer of targeted receive. Its bytes are not read.
///
/// For frames of one queue, [`Groups`](crate::group::Groups) does the same.
///
/// # Examples
///
/// ```
/// use vmdq_core::switch::{Gather, Indicated, InterfaceId, Origin};
/// # use vmdq_core::switch::{Physical, Switch, Virtual};
/// # let mut switch = Switch::<4, 64>::new(1);
/// # let uplink = switch.bind_physical(&Physical::default())?;
/// # let (red, blue) = (switch.bind_virtual(&Virtual::default())?, switch.bind_virtual(&Virtual::default())?);
///
/// let sorted_to = |to: Option<InterfaceId>| match to {
///     Some(to) => Origin::Matched { uplink, to },
///     None => Origin::Unmatched { uplink },
/// };
/// let mut frames = [Some(red), Some(red), Some(blue), Some(red), None, None];
/// let groups = Gather::new(&mut frames, |to| Indicated { from: sorted_to(*to), tag: None, error: false });
/// assert_eq!(groups.map(|(_, frames)| frames.len()).collect::<Vec<_>>(), [2, 1, 1, 1, 1]);
/// # Ok::<(), vmdq_core::switch::InterfaceError>(())
/// ```
#[derive(Debug)]
pub struct Gather<'f, F, D> {
    rest: &'f mut [F],
    describe: D,
}

impl<'f, F, D: FnMut(&F) -> Indicated> Gather<'f, F, D> {
    /// Takes frames in the order in which they came, and what tells of one where it came from.
    pub const fn new(frames: &'f mut [F], describe: D) -> Self {
        Self { rest: frames, describe }
    }
}

impl<'f, F, D: FnMut(&F) -> Indicated> Iterator for Gather<'f, F, D> {
    type Item = (Indicated, &'f mut [F]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = core::mem::take(&mut self.rest);
        let (first, others) = rest.split_first()?;
        let group = (self.describe)(first);
        let len = match group.from {
            Origin::Virtual(_) | Origin::Unmatched { .. } => 1,
            Origin::Matched { .. } | Origin::Targeted { .. } => {
                1 + others.iter().take_while(|frame| (self.describe)(frame) == group).count()
            }
        };
        let (frames, rest) = rest.split_at_mut(len);
        self.rest = rest;
        Some((group, frames))
    }
}
