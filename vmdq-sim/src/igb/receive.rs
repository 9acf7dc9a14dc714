//! The igb receive path: length limits, L2 filter, sorting, and delivery in order.
//!
//! Facts: igb-hal/FACTS.md 2.3, 3.10, 3.12, 3.14. The order is: runt, global length limit, L2 filter, queue
//! choice with the pools' limits, descriptors.

use super::interrupt::RXO;
use super::{BAM, DPF, Igb, LPE, MPE, RXEN, SBP, UPE, VFE};
use crate::board::Board;
use crate::filter::{bit, exact};
use crate::frame::{Cast, Frame, SHORTEST};
use crate::pending::{Pending, Target, Verdict};
use crate::queue::rx::{self, Format, Outcome, Received, VP};
use crate::register::{File, Reg};
use crate::stats;

/// RXE of the descriptor: a bad frame that SBP let in.
const RXE: u32 = 1 << 31;
/// SRRCTL.DROP_EN.
const DROP_EN: u32 = 1 << 31;

/// Longest frame with FCS: 1518, 4 more for a tag, or RLPML as it is if long frames are on (section 5).
pub(super) fn longest(frame: &Frame, long: bool, limit: u32) -> usize {
    match (long, frame.tag()) {
        (true, _) => limit as usize & 0x3fff,
        (false, None) => 1518,
        (false, Some(_)) => 1522,
    }
}

/// Whether the multicast hash lets the frame in (RCTL.MO chooses the bits).
pub(super) fn hashed(file: &File, table: Reg, frame: &Frame) -> bool {
    bit(file, table, frame.hash(file.get(Reg::RCTL, 0) >> 12))
}

impl Igb {
    /// SRRCTL of a queue, with RCTL.BSIZE where the queue has no packet buffer size (S75 p104).
    pub(super) fn format(&self, queue: usize) -> Format {
        let srrctl = self.file.get(Reg::SRRCTL, queue);
        let packet = match srrctl & 0x7f {
            0 => self.default_buffer(),
            kilobytes => kilobytes as usize * 1024,
        };
        // BSIZEHEADER is 11:8, or 13:8 by one source: what needs the wider field is no size (2.3).
        let header = (srrctl >> 8 & 0x3f) as usize * 64;
        Format { kind: srrctl >> 25 & 7, packet, header, header_most: 960 }
    }

    /// RCTL.BSIZE with BSEX.
    fn default_buffer(&self) -> usize {
        let rctl = self.file.get(Reg::RCTL, 0);
        let extended = rctl >> 25 & 1 != 0;
        match (extended, rctl >> 16 & 3) {
            (false, size) => 2048 >> size,
            (true, 0) => 0,
            (true, size) => 32768 >> size,
        }
    }

    /// Sorts or delivers one frame; returns whether there was one that could move.
    pub(super) fn step_receive(&mut self, board: &mut Board) -> bool {
        if !self.file.on(Reg::RCTL, RXEN) {
            return false;
        }
        if self.pending.is_none() {
            let Some(bytes) = board.wire.incoming.pop_front() else { return false };
            self.sort_frame(Frame::new(bytes, self.file.get(Reg::VET, 0) as u16), board);
            if self.pending.is_none() {
                return true;
            }
            self.deliver(board);
            return true;
        }
        self.deliver(board)
    }

    fn sort_frame(&mut self, frame: Frame, board: &mut Board) {
        stats::arrived(&mut self.file, &frame);
        let keep_bad = self.file.on(Reg::RCTL, SBP);
        let mut errors = 0;
        if frame.bytes().len() < SHORTEST {
            if !keep_bad {
                self.file.count(Reg::RUC, 0, 1);
                board.drops.too_short += 1;
                return;
            }
            errors = RXE;
        }
        let limit = longest(&frame, self.file.on(Reg::RCTL, LPE), self.file.get(Reg::RLPML, 0));
        if frame.wire_len() > limit {
            if !keep_bad {
                self.file.count(Reg::ROC, 0, 1);
                board.drops.too_long += 1;
                return;
            }
            errors = RXE;
        }
        let verdict = if self.accepts(&frame) {
            (self.chip.sort)(&self.file, &frame, board)
        } else {
            Verdict::Filtered
        };
        match verdict {
            Verdict::Filtered => board.drops.filtered += 1,
            Verdict::Disabled => board.drops.disabled += 1,
            Verdict::TooLong => {
                self.file.count(Reg::ROC, 0, 1);
                board.drops.too_long += 1;
            }
            Verdict::To(targets) => {
                if errors == 0 {
                    stats::accepted(&mut self.file, &frame, false);
                }
                self.pending = Some(Pending { frame, targets: targets.into(), errors, noted: false });
            }
        }
    }

    /// The L2 filter (3.14 step 1). PAUSE frames are ordinary multicast unless RCTL.DPF discards them.
    fn accepts(&self, frame: &Frame) -> bool {
        let on = |bit| self.file.on(Reg::RCTL, bit);
        if on(DPF) && frame.is_pause() {
            return false;
        }
        if on(VFE) && frame.vlan().is_some_and(|vlan| !bit(&self.file, Reg::VFTA, vlan.into())) {
            return false;
        }
        exact(&self.file, frame, self.chip.filters).next().is_some()
            || match frame.cast() {
                Cast::Unicast => on(UPE) || hashed(&self.file, Reg::UTA, frame),
                Cast::Multicast => on(MPE) || hashed(&self.file, Reg::MTA, frame),
                Cast::Broadcast => on(BAM),
            }
    }

    /// Delivers the frame at the head to as many of its queues as can take it; returns whether
    /// anything moved.
    fn deliver(&mut self, board: &mut Board) -> bool {
        let Some(mut pending) = self.pending.take() else { return false };
        let mut moved = false;
        while let Some(&target) = pending.targets.front() {
            if !self.deliver_to(&mut pending, target, board) {
                self.pending = Some(pending);
                return moved;
            }
            pending.targets.pop_front();
            moved = true;
        }
        moved
    }

    /// Delivers to one queue; returns false if the frame must wait.
    fn deliver_to(&mut self, pending: &mut Pending, target: Target, board: &mut Board) -> bool {
        let queue = target.queue;
        if !self.rx[queue].gate.is_open() {
            // 3.12: packets for a disabled queue are dropped. No register is known to count them.
            board.drops.disabled += 1;
            return true;
        }
        if board.not_master {
            return false;
        }
        let (data, tag) = pending.copy(target);
        let headers = if tag.is_some() { pending.frame.untagged() } else { pending.frame.clone() }.headers();
        let received = Received {
            data: &data,
            kind: rx::packet_type(headers),
            status: pending.errors | if tag.is_some() { VP } else { 0 },
            tag: tag.unwrap_or(0),
            // PSRTYPE belongs to a queue on the 82575 and to a pool on the 82576.
            cut: rx::cut_by_type(self.file.get(Reg::PSRTYPE, queue & 7), headers)
                .filter(|&cut| cut <= data.len()),
        };
        let format = self.format(queue);
        match rx::deliver(&mut self.rx[queue], &received, format, board) {
            Outcome::Delivered => {
                self.file.count(Reg::PFVFGPRC, queue & 7, 1);
                self.file.count(Reg::PFVFGORC, queue & 7, pending.frame.wire_len());
                if pending.frame.cast() == Cast::Multicast {
                    self.file.count(Reg::PFVFMPRC, queue & 7, 1);
                }
                self.interrupts.received(queue, &self.file, board);
            }
            Outcome::Broken => board.drops.broken += 1,
            Outcome::NoDescriptor if self.drops(queue) => {
                self.file.count(Reg::RQDPC, queue, 1);
                board.drops.no_descriptor += 1;
                self.interrupts.raise(RXO, &self.file, board);
            }
            Outcome::NoDescriptor => {
                // Assumption: RNBC counts a frame once, however long it waits.
                if !core::mem::replace(&mut pending.noted, true) {
                    self.file.count(Reg::RNBC, 0, 1);
                }
                return false;
            }
        }
        true
    }

    /// Whether the queue drops frames that find no descriptor (3.5 step 2).
    fn drops(&self, queue: usize) -> bool {
        self.file.get(Reg::SRRCTL, queue) & DROP_EN != 0 || self.file.get(Reg::QDE, 0) >> queue & 1 != 0
    }
}
