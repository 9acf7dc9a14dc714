//! What is measured: ways to bring the frames of a queue through the switch.

use vmdq_core::group::{Described, Group, Groups, Indication};
use vmdq_core::ring::Frame;

use crate::switch::{Switch, Verdict};

/// The queue that the frames are from.
const QUEUE: Indication = Indication::Matched(3);

/// A way to bring frames through the switch, `k` of which are a group.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// The number of frames is a multiple of `k`.
    pub(crate) run: fn(&mut Switch, &mut [Frame], usize),
}

/// One decision for each frame.
pub(crate) const EACH: usize = 0;
/// One decision for each group, which the receive ring hands over as one.
pub(crate) const UNIFORM: usize = 2;

pub(crate) const SUBJECTS: [Subject; 4] = [
    Subject { name: "A each frame", run: each },
    Subject { name: "B group, split by descriptors", run: split },
    Subject { name: "C group, known to be one", run: uniform },
    Subject { name: "D as C, every header verified", run: verified },
];

/// The decision on one header: the one place in which a bench depends on the switch. A frame without
/// a header goes nowhere.
#[inline(always)]
fn decide(switch: &Switch, frame: &Frame, tag: Option<u16>) -> Option<Verdict> {
    Some(switch.decide(frame.bytes().first_chunk()?, tag))
}

#[inline(always)]
fn hand_over(switch: &mut Switch, group: &Group<'_>) {
    if let Some(verdict) = group.frames.first().and_then(|first| decide(switch, first, group.tag)) {
        switch.hand_over(group.frames, verdict);
    }
}

#[inline(never)]
fn each(switch: &mut Switch, frames: &mut [Frame], _k: usize) {
    for frame in frames {
        if let Some(verdict) = decide(switch, frame, Described::tag(frame)) {
            switch.hand_over(std::slice::from_ref(frame), verdict);
        }
    }
}

#[inline(never)]
fn split(switch: &mut Switch, frames: &mut [Frame], k: usize) {
    for run in frames.chunks_exact_mut(k) {
        for group in Groups::new(run, QUEUE) {
            hand_over(switch, &group);
        }
    }
}

#[inline(never)]
fn uniform(switch: &mut Switch, frames: &mut [Frame], k: usize) {
    for run in frames.chunks_exact_mut(k) {
        if let Some(group) = Group::uniform(run, QUEUE) {
            hand_over(switch, &group);
        }
    }
}

#[inline(never)]
fn verified(switch: &mut Switch, frames: &mut [Frame], k: usize) {
    for run in frames.chunks_exact_mut(k) {
        let Some(group) = Group::uniform(run, QUEUE) else { continue };
        let addresses = |frame: &Frame| frame.bytes().first_chunk::<12>().copied();
        let first = group.frames.first().and_then(addresses);
        if group.frames.iter().all(|frame| addresses(frame) == first) {
            hand_over(switch, &group);
        }
    }
}
