//! What is measured: ways to bring the frames of queues through the switch.

use vmdq_core::group::Group;
use vmdq_hal::ring::Frame;

use crate::stream::Stream;
use crate::switch::Hypervisor;

/// A way to bring frames through the switch.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// Whether each virtual machine hears of another station with each group.
    pub(crate) many_sources: bool,
    /// Brings all frames through, `k` of which are a group; their number is a multiple of `k`.
    pub(crate) run: fn(&mut Hypervisor, &mut Stream, usize),
}

/// One decision for each frame.
pub(crate) const EACH: usize = 0;
/// One decision for each group, which the receive ring hands over as one.
pub(crate) const UNIFORM: usize = 2;
/// The same, where the header is a guest's.
pub(crate) const TARGETED: usize = 4;

pub(crate) const SUBJECTS: [Subject; 7] = [
    Subject { name: "A each frame", many_sources: false, run: each },
    Subject { name: "B group, split by descriptors", many_sources: false, run: split },
    Subject { name: "C group, known to be one", many_sources: false, run: uniform },
    Subject { name: "D as C, every header verified", many_sources: false, run: verified },
    Subject { name: "E as C, header a guest's", many_sources: false, run: targeted },
    Subject { name: "F as C, another source each", many_sources: true, run: uniform },
    Subject { name: "G as C, another tag each", many_sources: false, run: retagged },
];

/// The runs of frames, each with its queue.
#[inline(always)]
fn runs(stream: &mut Stream, k: usize) -> impl Iterator<Item = (&mut [Frame], u8)> {
    stream.frames.chunks_exact_mut(k).zip(stream.queues.iter().copied())
}

/// Without an indication every frame is looked up.
#[inline(never)]
fn each(hypervisor: &mut Hypervisor, stream: &mut Stream, _k: usize) {
    hypervisor.relay(hypervisor.unmatched(), &mut stream.frames);
}

#[inline(never)]
fn split(hypervisor: &mut Hypervisor, stream: &mut Stream, k: usize) {
    for (run, queue) in runs(stream, k) {
        hypervisor.relay(hypervisor.sorted(queue), run);
    }
}

#[inline(never)]
fn uniform(hypervisor: &mut Hypervisor, stream: &mut Stream, k: usize) {
    for (run, queue) in runs(stream, k) {
        if let Some(group) = Group::uniform(run, hypervisor.sorted(queue)) {
            hypervisor.relay_group(group);
        }
    }
}

#[inline(never)]
fn verified(hypervisor: &mut Hypervisor, stream: &mut Stream, k: usize) {
    for (run, queue) in runs(stream, k) {
        let addresses = |frame: &Frame| frame.bytes().first_chunk::<12>().copied();
        let first = run.first().and_then(addresses);
        if run.iter().all(|frame| addresses(frame) == first)
            && let Some(group) = Group::uniform(run, hypervisor.sorted(queue))
        {
            hypervisor.relay_group(group);
        }
    }
}

#[inline(never)]
fn targeted(hypervisor: &mut Hypervisor, stream: &mut Stream, k: usize) {
    for (run, queue) in runs(stream, k) {
        if let Some(group) = Group::uniform(run, hypervisor.targeted(queue)) {
            hypervisor.relay_group(group);
        }
    }
}

/// Groups of a queue have a priority tag and none by turns: none is like the one before.
#[inline(never)]
fn retagged(hypervisor: &mut Hypervisor, stream: &mut Stream, k: usize) {
    let mut tagged = 0_u32;
    for (run, queue) in runs(stream, k) {
        tagged ^= 1 << (queue & 31);
        if let Some(mut group) = Group::uniform(run, hypervisor.sorted(queue)) {
            group.indication.tag = (tagged >> (queue & 31) & 1 != 0).then_some(0);
            hypervisor.relay_group(group);
        }
    }
}
