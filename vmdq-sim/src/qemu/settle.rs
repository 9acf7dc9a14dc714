//! Gives waiting frames to the controller and knows when it has dealt with them.
//!
//! QEMU's main loop is one thread: it takes a frame from the wire, sorts it to the end, and only
//! then looks at the next register access. So a frame is dealt with when it is no longer on the
//! wire and one register access has been answered since: no clock, no counter of the controller and
//! no pool of the harness's own is needed, and the driver finds every counter as it left it.
//!
//! One case is left: a controller without room makes QEMU hold *one* frame off the wire. Therefore
//! a last datagram follows each burst, too long for the controller to accept, which QEMU drops
//! without a trace: it stays on the wire if and only if a frame before it is held.

use std::io;

use super::machine::{Machine, STATUS};
use crate::Settled;

/// Receive control; bit 1: on, bit 5: frames over 1518 bytes are accepted.
const RCTL: u32 = 0x0100;
/// The longest frame, with its FCS.
const RLPML: u32 = 0x5004;
/// The first receive queue's registers, and how far the next one's are.
const QUEUES: u32 = 0xc000;
const QUEUE: u32 = 0x40;
const RDLEN: u32 = 0x08;
const RDH: u32 = 0x10;
const RDT: u32 = 0x18;
/// Bit 25: the queue is on.
const RXDCTL: u32 = 0x28;

/// Longer than RLPML can allow, so that it is dropped before anything looks at it.
static LAST: [u8; 16_400] = [0; 16_400];
/// How many frames are on the wire at once. A socket holds ten datagrams where nobody raised that.
const BURST: usize = 8;
/// How many bytes are on the wire at once, unless one frame is longer: well below a socket's room.
const BURST_BYTES: usize = 48 << 10;
/// The longest frame without tag and FCS that needs no permission.
const UNTAGGED: usize = 1514;
/// The longest frame that is tried on the socket.
const LONGEST: usize = u16::MAX as usize;
/// After how many turns of its main loop QEMU has certainly looked at the wire.
const LOOKED: usize = 32;
/// After how many turns a controller that could take a frame and does not will never do so.
const PATIENCE: usize = 256;

impl Machine {
    /// Puts a frame behind those that wait. One that no datagram can carry counts as dropped.
    pub(super) fn inject(&mut self, frame: &[u8]) {
        // To QEMU, an empty datagram is the end of the wire.
        if (1..=LONGEST).contains(&frame.len()) {
            self.backlog.push_back(frame.into());
        } else {
            self.uncounted += 1;
        }
    }

    /// Gives every waiting frame to the controller.
    pub(super) fn settle(&mut self) -> Settled {
        let delivered = self.unless_gone(Self::deliver).unwrap_or(false);
        if delivered {
            return Settled::Idle;
        }
        Settled::Blocked { waiting: self.backlog.len() + usize::from(self.held) }
    }

    /// Gives frames to the controller until none is left or it takes no more; returns which.
    fn deliver(&mut self) -> io::Result<bool> {
        if self.held {
            // The last datagram alone: has the held frame gone in the meantime?
            self.held = self.burst(&[])?.is_some();
        } else if !self.backlog.is_empty() && !self.has_room()? {
            // Not given to QEMU: when the receiver is turned on before a queue is ready, QEMU drops
            // what it holds, where it would arrive later on a wire.
            return Ok(false);
        }
        while !self.held && !self.backlog.is_empty() {
            let frames = self.next_burst();
            let unread = self.burst(&frames)?;
            let read = frames.len() - unread.unwrap_or(0);
            self.count_silent_drops(&frames[..read])?;
            if unread.is_some() {
                for frame in frames.into_iter().skip(read).rev() {
                    self.backlog.push_front(frame);
                }
                // Else it holds the last datagram of an earlier burst.
                self.held = read > 0;
                return Ok(false);
            }
        }
        Ok(!self.held)
    }

    /// Takes what fits on the wire from the backlog.
    fn next_burst(&mut self) -> Vec<Box<[u8]>> {
        let mut frames = Vec::with_capacity(BURST);
        let mut bytes = 0;
        while let Some(frame) = self.backlog.front()
            && frames.len() < BURST
            && (frames.is_empty() || bytes + frame.len() <= BURST_BYTES)
        {
            bytes += frame.len();
            frames.extend(self.backlog.pop_front());
        }
        frames
    }

    /// Puts frames on the wire and waits until they are dealt with. Otherwise returns how many of
    /// them QEMU has not read; those were taken back.
    fn burst(&mut self, frames: &[Box<[u8]>]) -> io::Result<Option<usize>> {
        for frame in frames.iter().map(AsRef::as_ref).chain([&LAST[..]]) {
            if !self.wire.send(frame)? {
                return Err(io::Error::other("the socket has no room for a burst of frames"));
            }
        }
        for turn in 1..=PATIENCE {
            if self.wire.all_read()? {
                self.turn()?;
                return Ok(None);
            }
            self.turn()?;
            if turn % LOOKED == 0 && !self.has_room()? {
                break;
            }
        }
        let taken = self.wire.take_back()?;
        // Without the last datagram.
        Ok(taken.checked_sub(1))
    }

    /// Counts the frames that QEMU dropped for their length before any counter could see them.
    fn count_silent_drops(&mut self, frames: &[Box<[u8]>]) -> io::Result<()> {
        if frames.iter().all(|frame| frame.len() <= UNTAGGED) {
            return Ok(());
        }
        let long = self.register(RCTL)? & 1 << 5 != 0;
        let limit = self.register(RLPML)? as usize;
        let dropped = |frame: &[u8]| {
            let tag = if frame.get(12..14) == Some(&[0x81, 0x00]) { 4 } else { 0 };
            if long { frame.len() + 4 > limit } else { frame.len() > UNTAGGED + tag }
        };
        self.uncounted += frames.iter().filter(|frame| dropped(&frame[..])).count() as u64;
        Ok(())
    }

    /// Returns whether the controller can take a frame: link, receiver, a queue with a descriptor.
    fn has_room(&mut self) -> io::Result<bool> {
        if self.register(STATUS)? & 1 << 1 == 0 || self.register(RCTL)? & 1 << 1 == 0 {
            return Ok(false);
        }
        for queue in (0..16).map(|queue| QUEUES + QUEUE * queue) {
            if self.register(queue + RXDCTL)? & 1 << 25 != 0
                && self.register(queue + RDLEN)? != 0
                && self.register(queue + RDH)? != self.register(queue + RDT)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
