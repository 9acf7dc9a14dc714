//! The ixgbe receive path: length limits, L2 filter, sorting, and delivery in order.
//!
//! Facts: ixgbe-hal/FACTS.md 1.2, 1.4, 1.5, 2.4, 2.8, 3.
//!
//! Assumptions: a queue drops frames that find no descriptor if its SRRCTL has bit 28 (Intel's driver
//! sets it on the 82598); the layout of DROPEN is not known, so it is stored without effect. RNBC(0)
//! counts every frame that found no descriptor, once; MPC(0) counts those that were dropped for it.

use super::{BAM, DPF, Ixgbe, JUMBOEN, MPE, RXEN, SBP, UPE, VFE};
use crate::board::Board;
use crate::filter::{bit, exact};
use crate::frame::{Cast, Frame, Headers, SHORTEST};
use crate::pending::{Pending, Target, Verdict};
use crate::queue::rx::{self, Format, Outcome, Received, VP};
use crate::register::Reg;
use crate::stats;

/// Error bits of the descriptor: oversize, undersize (82598).
const OSE: u32 = 1 << 28;
const USE: u32 = 1 << 29;
/// SRRCTL.DROP_EN.
const DROP_EN: u32 = 1 << 28;
/// RDRXCTL.MVMEN.
const MVMEN: u32 = 1 << 5;
/// MCSTCTRL.MFE.
const MFE: u32 = 1 << 2;

impl Ixgbe {
    /// SRRCTL belongs to a VMDq index; without RDRXCTL.MVMEN copy 0 is everyone's (1.5).
    fn copy(&self, queue: usize) -> usize {
        if self.file.on(Reg::RDRXCTL, MVMEN) { queue & 15 } else { 0 }
    }

    /// The receive format of a queue.
    pub(super) fn format(&self, queue: usize) -> Format {
        let srrctl = self.file.get(Reg::SRRCTL, self.copy(queue));
        Format {
            kind: srrctl >> 25 & 7,
            packet: (srrctl & 0x7f) as usize * 1024,
            header: (srrctl >> 8 & 0x3f) as usize * 64,
            header_most: 1024,
        }
    }

    /// Sorts or delivers one frame; returns whether there was one that could move.
    pub(super) fn step_receive(&mut self, board: &mut Board) -> bool {
        if !self.file.on(Reg::RXCTRL, RXEN) {
            return false;
        }
        if self.pending.is_none() {
            let Some(bytes) = board.wire.incoming.pop_front() else { return false };
            self.sort_frame(Frame::new(bytes, self.file.get(Reg::VLNCTRL, 0) as u16), board);
            self.deliver(board);
            return true;
        }
        self.deliver(board)
    }

    /// MHADD.MFS with jumbo frames on, else 1518; 4 more for a tag, by hardware (1.2).
    fn longest(&self, frame: &Frame) -> usize {
        let limit =
            if self.file.on(Reg::HLREG0, JUMBOEN) { self.file.get(Reg::MHADD, 0) >> 16 } else { 1518 };
        limit as usize + if frame.tag().is_some() { 4 } else { 0 }
    }

    fn sort_frame(&mut self, frame: Frame, board: &mut Board) {
        stats::arrived(&mut self.file, &frame);
        let keep_bad = self.file.on(Reg::FCTRL, SBP);
        let mut errors = 0;
        if frame.bytes().len() < SHORTEST {
            if !keep_bad {
                self.file.count(Reg::RUC, 0, 1);
                board.drops.too_short += 1;
                return;
            }
            errors = USE;
        }
        if frame.wire_len() > self.longest(&frame) {
            if !keep_bad {
                self.file.count(Reg::ROC, 0, 1);
                board.drops.too_long += 1;
                return;
            }
            errors = OSE;
        }
        let verdict =
            if self.accepts(&frame) { (self.chip.sort)(&self.file, &frame) } else { Verdict::Filtered };
        match verdict {
            Verdict::Filtered => board.drops.filtered += 1,
            Verdict::Disabled => board.drops.disabled += 1,
            Verdict::TooLong => board.drops.too_long += 1,
            Verdict::To(targets) => {
                if errors == 0 {
                    // MPRC counts broadcasts too (section 5, erratum d).
                    stats::accepted(&mut self.file, &frame, true);
                }
                self.pending = Some(Pending { frame, targets: targets.into(), errors, noted: false });
            }
        }
    }

    /// The L2 filter. PAUSE frames are ordinary multicast unless FCTRL.DPF discards them.
    fn accepts(&self, frame: &Frame) -> bool {
        let on = |bit| self.file.on(Reg::FCTRL, bit);
        if on(DPF) && frame.is_pause() {
            return false;
        }
        let filtered = self.file.on(Reg::VLNCTRL, VFE);
        if filtered && frame.vlan().is_some_and(|vlan| !bit(&self.file, Reg::VFTA, vlan.into())) {
            return false;
        }
        let hashed = || {
            let mcstctrl = self.file.get(Reg::MCSTCTRL, 0);
            mcstctrl & MFE != 0 && bit(&self.file, Reg::MTA, frame.hash(mcstctrl))
        };
        exact(&self.file, frame, self.chip.filters).next().is_some()
            || match frame.cast() {
                Cast::Unicast => on(UPE),
                Cast::Multicast => on(MPE) || hashed(),
                Cast::Broadcast => on(BAM),
            }
    }

    /// Delivers the frame at the head; returns whether it moved.
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
            // DS98 p135: packets for a disabled queue are dropped. No register is known to count them.
            board.drops.disabled += 1;
            return true;
        }
        if board.not_master {
            return false;
        }
        let (data, tag) = pending.copy(target);
        let headers = if tag.is_some() { pending.frame.untagged() } else { pending.frame.clone() }.headers();
        let psrtype = self.file.get(Reg::PSRTYPE, self.copy(queue));
        let received = Received {
            data: &data,
            kind: rx::packet_type(headers),
            status: pending.errors | if tag.is_some() { VP } else { 0 },
            tag: tag.unwrap_or(0),
            cut: cut(psrtype, headers).filter(|&cut| cut <= data.len()),
        };
        let format = self.format(queue);
        match rx::deliver(&mut self.rx[queue], &received, format, board) {
            Outcome::Delivered => {
                let set = (self.file.get(Reg::RQSMR, queue / 4) >> (8 * (queue % 4)) & 0xf) as usize;
                self.file.count(Reg::QPRC, set, 1);
                self.file.count(Reg::QBRC, set, pending.frame.wire_len());
                self.interrupts.received(queue, &self.file, board);
            }
            Outcome::Broken => board.drops.broken += 1,
            Outcome::NoDescriptor => {
                if !core::mem::replace(&mut pending.noted, true) {
                    self.file.count(Reg::RNBC, 0, 1);
                }
                if self.file.get(Reg::SRRCTL, self.copy(queue)) & DROP_EN == 0 {
                    return false;
                }
                self.file.count(Reg::MPC, 0, 1);
                board.drops.no_descriptor += 1;
            }
        }
        true
    }
}

/// Where PSRTYPE asks to cut. The sources disagree on its layout (1.4): bit t for packet type t, or 4 TCP,
/// 5 UDP, 8 IPv4, 9 IPv6, 12 L2, the innermost header whose bit is set. A driver must not rest on one of
/// them: cut is what both ask for. Headers above 1 KB are not cut (2.9).
fn cut(psrtype: u32, headers: Headers) -> Option<usize> {
    let wants = |bit: u32, present: bool, end: usize| (present && psrtype >> bit & 1 != 0).then_some(end);
    let by_protocol = wants(4, headers.tcp, headers.l4)
        .or(wants(5, headers.udp, headers.l4))
        .or(wants(8, headers.ipv4, headers.l3))
        .or(wants(9, headers.ipv6, headers.l3))
        .or(wants(12, true, headers.l2));
    rx::cut_by_type(psrtype, headers).filter(|&end| by_protocol == Some(end) && end <= 1024)
}
