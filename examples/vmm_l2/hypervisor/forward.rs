//! From a queue through the switch to the virtual interfaces, and back.
//!
//! The switch decides once for each group of a virtual machine's queue, since the filter has matched
//! already; frames of the default queue, and those that virtual machines send, it decides on one by
//! one.

use anyhow::{Context, Result};
use vmdq::controller::HeaderReplication;
use vmdq::group::{Groups, Indication};
use vmdq::ring::{BufferPool, Burst, Frame, RxRing};
use vmdq::switch::{Decision, Indicated, InterfaceId, Load, Origin, Switch, TagAction, Verdict};
use vmdq::targeted::{TargetedBurst, TargetedRing};
use vmdq_sim::{Guests, SimBus, SimDma};

use super::line::{Interface, Receive, refused};
use super::{ADDRESSES, Hypervisor, INTERFACES, ROUND};
use crate::vm::Programs;

/// Frames that a virtual machine may send before it is the next one's turn, and turns in a round.
const TURN: usize = 8;
const TURNS: usize = 8;
/// The longest frame that a virtual machine may send, tag and all.
const LONGEST: usize = 2048;

/// The switch and what it is told each time.
struct Decider<'a> {
    switch: &'a mut Switch<INTERFACES, ADDRESSES>,
    uplink: InterfaceId,
    now: u64,
}

impl Decider<'_> {
    fn decide(&mut self, from: Origin, tag: Option<u16>, error: bool, load: Load, header: &[u8]) -> Decision {
        self.switch.forward(&Indicated { from, tag, error }, load, header, self.now)
    }

    /// Returns the tag with which a frame leaves to an interface, if the controller removed this one.
    fn tag(&self, decision: &Decision, to: usize, removed: Option<u16>) -> Option<u16> {
        match self.switch.tag_action(decision, to) {
            TagAction::Insert(tag) => Some(tag),
            // A trunk gets what was on the wire: also a tag that names no VLAN but has a priority. (Only
            // access interfaces want more done, and there are none.)
            _ => removed,
        }
    }
}

impl<C: HeaderReplication> Hypervisor<C> {
    /// Serves a virtual machine's queue.
    pub(super) fn serve(&mut self, line: usize, programs: &mut Programs) {
        let Self { lines, switch, uplink, now, guests, buffers, headers, .. } = self;
        let decider = Decider { switch, uplink: *uplink, now: *now };
        let line = &mut lines[line];
        match &mut line.receive {
            Receive::Targeted(ring) => {
                serve_targeted(ring, &mut line.interface, decider, guests, &mut headers.pool, programs);
            }
            Receive::Copying(ring) => {
                serve_by_copy(ring, &mut line.interface, decider, guests, &mut buffers.pool);
            }
        }
        line.interface.ran_dry |= line.posted() == 0;
    }

    /// Serves the default queue: what is for many, and what no filter matched.
    pub(super) fn serve_default(&mut self) -> Result<()> {
        let Self { lines, switch, uplink, now, guests, buffers, default, .. } = self;
        let mut decider = Decider { switch, uplink: *uplink, now: *now };
        let mut burst = Burst::<ROUND>::new();
        while default.rx.receive(&mut burst) > 0 {
            // One frame each: nothing is known of them.
            for group in Groups::new(&mut burst, Indication::Default) {
                let [frame] = group.frames else { continue };
                let from = Origin::Unmatched { uplink: decider.uplink };
                let load = Load::frame(frame.len());
                let decision = decider.decide(from, group.tag, group.error, load, frame.bytes());
                for to in decision.destinations() {
                    let tag = decider.tag(&decision, to, group.tag);
                    let line = lines.iter_mut().find(|line| line.interface.id.number() == to);
                    line.context("an interface without a queue")?.copy(guests, frame.bytes(), tag);
                }
            }
            burst.drain(..).try_for_each(|frame| put_back(&mut buffers.pool, frame))?;
        }
        Ok(())
    }

    /// Takes what the virtual machines send, a few frames of each in turn.
    pub(super) fn serve_transmit(&mut self) {
        let mut frame = [0; LONGEST];
        let lines = self.lines.len();
        for line in (0..TURNS).flat_map(|_| 0..lines) {
            for _ in 0..TURN {
                let interface = &mut self.lines[line].interface;
                match interface.channel.take_sent(&self.guests, &mut frame) {
                    None => break,
                    Some(Err(reason)) => interface.lose(refused(reason), 1),
                    // The frame is the hypervisor's copy: what the switch sees is what is sent.
                    Some(Ok(sent)) => self.forward_sent(line, &frame[..sent.len], sent.tag),
                }
            }
        }
        for line in &mut self.lines {
            line.tx.reclaim(&mut self.buffers.pool);
        }
    }

    /// Forwards a frame of a virtual machine: to others by copy, to the wire through its own queue.
    fn forward_sent(&mut self, line: usize, frame: &[u8], tag: Option<u16>) {
        let Self { lines, switch, uplink, now, guests, .. } = self;
        let mut decider = Decider { switch, uplink: *uplink, now: *now };
        let from = Origin::Virtual(lines[line].interface.id);
        let decision = decider.decide(from, tag, false, Load::frame(frame.len()), frame);
        for to in decision.destinations() {
            let tag = decider.tag(&decision, to, tag);
            match lines.iter_mut().find(|line| line.interface.id.number() == to) {
                Some(line) => line.copy(guests, frame, tag),
                None => {
                    let line = &mut lines[line];
                    if send(&mut self.buffers.pool, frame, tag, |frame| line.tx.send_one(frame)).is_none() {
                        line.interface.lose("transmit_full", 1);
                    }
                }
            }
        }
    }
}

/// Serves the queue of a virtual machine that shares buffers: its frames are there already. The switch
/// sees a header for each group, and the guest is told of each frame.
fn serve_targeted<C: HeaderReplication>(
    ring: &mut TargetedRing<C, SimBus, SimDma>,
    interface: &mut Interface,
    mut decider: Decider<'_>,
    guests: &Guests,
    headers: &mut BufferPool,
    programs: &mut Programs,
) {
    let (uplink, to) = (decider.uplink, interface.id);
    let mut burst = TargetedBurst::<ROUND>::new();
    while ring.receive(guests, &mut burst) > 0 {
        programs.interfere();
        for group in Groups::new(&mut burst, Indication::Matched(ring.queue())) {
            let frames = &*group.frames;
            let Some(first) = frames.first() else { continue };
            // What the hardware replicated can be relied on. What was fetched from the guest's memory
            // is what the guest wants it to be: no word of it decides anything.
            let from = match first.replicated {
                true => Origin::Matched { uplink, to },
                false => Origin::Targeted { uplink, to },
            };
            let header = first.header.bytes();
            let bytes = frames.iter().map(|frame| u64::from(frame.len)).sum();
            let load = Load { frames: frames.len() as u64, bytes };
            let decision = decider.decide(from, group.tag, group.error, load, header);
            let tag = decider.tag(&decision, to.number(), group.tag);
            for frame in frames {
                interface.headers_replicated += u64::from(frame.replicated);
                if decision.verdict == Verdict::To(to) {
                    interface.deliver_in_place(frame.id, frame.len, tag);
                } else {
                    // Dropped and counted. The buffer was delivered just now, so it can be held again.
                    let _ = ring.give_back(frame.id);
                }
            }
        }
        for frame in burst.drain(..) {
            // The pool has a place for each of its headers.
            let _ = headers.put(frame.header);
        }
    }
}

/// Serves the queue of a virtual machine that does not share: decided in groups as well, then copied.
fn serve_by_copy<C: HeaderReplication>(
    ring: &mut RxRing<C, SimBus, SimDma>,
    interface: &mut Interface,
    mut decider: Decider<'_>,
    guests: &Guests,
    buffers: &mut BufferPool,
) {
    let (uplink, to) = (decider.uplink, interface.id);
    let mut burst = Burst::<ROUND>::new();
    while ring.receive(&mut burst) > 0 {
        for group in Groups::new(&mut burst, Indication::Matched(ring.queue())) {
            let frames = &*group.frames;
            let Some(first) = frames.first() else { continue };
            let header = first.bytes();
            let bytes = frames.iter().map(|frame| frame.len() as u64).sum();
            let load = Load { frames: frames.len() as u64, bytes };
            let decision =
                decider.decide(Origin::Matched { uplink, to }, group.tag, group.error, load, header);
            let tag = decider.tag(&decision, to.number(), group.tag);
            if decision.verdict == Verdict::To(to) {
                frames.iter().for_each(|frame| interface.copy(guests, frame.bytes(), tag));
            }
        }
        burst.drain(..).for_each(|frame| drop(buffers.put(frame)));
    }
}

fn put_back(buffers: &mut BufferPool, frame: Frame) -> Result<()> {
    buffers.put(frame).ok().context("a buffer is not the pool's")
}

/// Sends a frame with its tag in it; `None` if there is no room.
fn send<E>(
    buffers: &mut BufferPool,
    bytes: &[u8],
    tag: Option<u16>,
    send: impl FnOnce(Frame) -> Result<(), (E, Frame)>,
) -> Option<()> {
    let mut frame = buffers.take()?;
    let filled = frame.fill(bytes).is_ok() && tag.is_none_or(|tag| frame.insert_tag(tag).is_ok());
    let sent = if filled { send(frame).map_err(|(_, frame)| frame) } else { Err(frame) };
    sent.map_err(|frame| buffers.put(frame)).ok()
}
