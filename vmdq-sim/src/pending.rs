//! The head of the receive FIFO: a frame that has been sorted and waits for descriptors.
//!
//! The FIFO is in order. A frame whose queue has no descriptor keeps everything behind it waiting, unless that
//! queue drops then (igb-hal/FACTS.md 3.5, ixgbe-hal/FACTS.md 2.9). Sorting happens once, when a
//! frame reaches the head: filters that change later do not move it.

use std::collections::VecDeque;

use crate::frame::Frame;

/// One queue that gets a copy of a frame, and how the copy looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Target {
    pub(crate) queue: usize,
    /// Whether the tag moves to the descriptor.
    pub(crate) strip_tag: bool,
    /// Whether the FCS stays off the memory.
    pub(crate) strip_fcs: bool,
}

/// Where sorting sent a frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// To these queues, lowest first.
    To(Vec<Target>),
    /// No filter wants it.
    Filtered,
    /// Longer than all its queues take.
    TooLong,
    /// Its pools are not enabled to receive.
    Disabled,
}

/// A sorted frame.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) frame: Frame,
    pub(crate) targets: VecDeque<Target>,
    /// Error bits of the descriptor.
    pub(crate) errors: u32,
    /// Whether the wait for descriptors has been counted.
    pub(crate) noted: bool,
}

impl Pending {
    /// The bytes for one target: without the tag and with the FCS as it asks; and the tag taken out.
    pub(crate) fn copy(&self, target: Target) -> (Vec<u8>, Option<u16>) {
        let tag = self.frame.tag().filter(|_| target.strip_tag);
        let mut bytes =
            if tag.is_some() { self.frame.untagged().bytes().to_vec() } else { self.frame.bytes().to_vec() };
        if !target.strip_fcs {
            // Over the frame as it was on the wire, tag included.
            bytes.extend(Frame::fcs(self.frame.bytes()));
        }
        (bytes, tag)
    }
}
