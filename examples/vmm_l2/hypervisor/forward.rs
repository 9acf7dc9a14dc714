//! The path from a queue through the switch to the virtual interfaces, and back.
//!
//! `relay` makes groups and asks the switch; here are the outlets to which it delivers. After each relay all
//! frames go back to their pool, whoever got them.

use anyhow::{Context, Result};
use vmdq::Refused;
use vmdq::group::Group;
use vmdq::relay::{Outlet, Received, SentFrame, relay};
use vmdq::ring::{BufferPool, Burst, Frame};
use vmdq::switch::{DropReason, InterfaceId, Origin, TagAction};
use vmdq::targeted::{Targeted, TargetedBurst, TargetedRing};
use vmdq_sim::Guests;

use super::line::{Interface, Line, Receive, refused};
use super::{Host, Hypervisor, ROUND};
use crate::vm::Programs;

/// Frames that a virtual machine may send before it is the next one's turn, and turns in a round.
const TURN: usize = 8;
const TURNS: usize = 8;
/// The longest frame that a virtual machine may send, tag and all.
const LONGEST: usize = 2048;

impl Hypervisor {
    /// Serves a virtual machine's queue. The filter has matched, so that its frames go in groups.
    pub(super) fn serve(&mut self, line: usize, programs: &mut Programs) -> Result<()> {
        let from = Origin::Matched { uplink: self.uplink, to: self.lines[line].interface.id };
        match self.lines[line].receive {
            Receive::Targeted(_) => self.serve_targeted(line, from, programs)?,
            Receive::Copying(_) => self.serve_by_copy(line, from)?,
        }
        let line = &mut self.lines[line];
        line.interface.ran_dry |= line.posted() == 0;
        Ok(())
    }

    /// Serves a queue whose frames land in the virtual machine's buffers.
    fn serve_targeted(&mut self, line: usize, from: Origin, programs: &mut Programs) -> Result<()> {
        let Self { lines, switch, now, headers, .. } = self;
        let Line { receive: Receive::Targeted(ring), interface, .. } = &mut lines[line] else {
            return Ok(());
        };
        let mut burst = TargetedBurst::<ROUND>::new();
        while ring.receive(&mut burst) > 0 {
            programs.interfere();
            relay(switch, from, &mut burst, *now, &mut InPlace { ring, interface });
            burst.drain(..).try_for_each(|frame| put_back(&mut headers.pool, frame.header))?;
        }
        Ok(())
    }

    /// Serves a queue whose frames land in the I/O container's buffers.
    fn serve_by_copy(&mut self, line: usize, from: Origin) -> Result<()> {
        let mut burst = Burst::<ROUND>::new();
        while let Receive::Copying(ring) = &mut self.lines[line].receive {
            if ring.receive(&mut burst) == 0 {
                break;
            }
            self.relay_by_copy(from, None, &mut burst);
            burst.drain(..).try_for_each(|frame| put_back(&mut self.buffers.pool, frame))?;
        }
        Ok(())
    }

    /// Serves the default queue: what is for many, and what no filter matched.
    pub(super) fn serve_default(&mut self) -> Result<()> {
        let mut burst = Burst::<ROUND>::new();
        while self.default.rx.receive(&mut burst) > 0 {
            let from = Origin::Unmatched { uplink: self.uplink };
            self.relay_by_copy(from, None, &mut burst);
            burst.drain(..).try_for_each(|frame| put_back(&mut self.buffers.pool, frame))?;
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
                    Some(Ok(sent)) => {
                        let from = Origin::Virtual(interface.id);
                        let sent = SentFrame { bytes: &frame[..sent.len], tag: sent.tag };
                        self.relay_by_copy(from, Some(line), &mut [sent]);
                    }
                }
            }
        }
        for line in &mut self.lines {
            line.tx.reclaim(&mut self.buffers.pool);
        }
    }

    /// Relays frames in the I/O container's memory to whoever gets them; `sender`: the line of the virtual
    /// machine that sent them.
    fn relay_by_copy<F: Received + AsRef<[u8]>>(
        &mut self,
        from: Origin,
        sender: Option<usize>,
        frames: &mut [F],
    ) {
        let Self { lines, switch, now, guests, buffers, .. } = self;
        relay(switch, from, frames, *now, &mut Copies { lines, sender, guests, buffers: &mut buffers.pool });
    }
}

/// A virtual machine that shares buffers: its frames are there already, and it is notified of each.
struct InPlace<'h> {
    ring: &'h mut TargetedRing<Host, Guests>,
    interface: &'h mut Interface,
}

impl Outlet<Targeted> for InPlace<'_> {
    fn copy(&mut self, _to: InterfaceId, _tag: TagAction, group: &Group<'_, Targeted>) {
        // The switch sends what a filter matched to its interface alone.
        self.interface.lose("not_for_one", group.frames.len() as u64);
    }

    fn deliver(&mut self, _to: InterfaceId, tag: TagAction, group: &mut Group<'_, Targeted>) {
        let tag = tag_of(tag, group);
        for frame in &*group.frames {
            self.interface.headers_replicated += u64::from(frame.replicated);
            self.interface.deliver_in_place(frame.id, frame.len, tag);
        }
    }

    fn dropped(&mut self, _reason: DropReason, group: &mut Group<'_, Targeted>) {
        for frame in &*group.frames {
            self.interface.headers_replicated += u64::from(frame.replicated);
            // The buffer was delivered just now, so it can be held again.
            let _ = self.ring.give_back(frame.id);
        }
    }
}

/// Every virtual machine, by copy, and the wire through the sender's own queue.
struct Copies<'h> {
    lines: &'h mut [Line],
    sender: Option<usize>,
    guests: &'h Guests,
    buffers: &'h mut BufferPool,
}

impl<F: Received + AsRef<[u8]>> Outlet<F> for Copies<'_> {
    fn copy(&mut self, to: InterfaceId, tag: TagAction, group: &Group<'_, F>) {
        let Self { lines, sender, guests, buffers } = self;
        let tag = tag_of(tag, group);
        if let Some(line) = lines.iter_mut().find(|line| line.interface.id == to) {
            group.frames.iter().for_each(|frame| line.copy(guests, frame.as_ref(), tag));
        } else if let Some(line) = sender.and_then(|sender| lines.get_mut(sender)) {
            for frame in &*group.frames {
                if send(buffers, frame.as_ref(), tag, |frame| line.tx.send_one(frame)).is_none() {
                    line.interface.lose("transmit_full", 1);
                }
            }
        } // What comes from the wire does not go back there.
    }

    fn dropped(&mut self, _reason: DropReason, _group: &mut Group<'_, F>) {
        // The switch has counted it.
    }
}

/// Returns the tag that goes beside the frames of a group to an interface.
fn tag_of<F>(tag: TagAction, group: &Group<'_, F>) -> Option<u16> {
    match tag {
        TagAction::Insert(tag) => Some(tag),
        // A trunk gets what was on the wire: also a tag that names no VLAN but has a priority. (Only
        // access interfaces want more done, and there are none.)
        _ => group.indication.tag,
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
    send: impl FnOnce(Frame) -> Result<(), Refused<E, Frame>>,
) -> Option<()> {
    let mut frame = buffers.take()?;
    let filled = frame.fill(bytes).is_ok() && tag.is_none_or(|tag| frame.insert_tag(tag).is_ok());
    let sent = if filled { send(frame).map_err(Refused::into_value) } else { Err(frame) };
    sent.map_err(|frame| buffers.put(frame)).ok()
}
