//! The igb transmit path: one frame from each backlogged queue in turn.
//!
//! Facts: igb-hal/FACTS.md 2.5, 3.11: in the reset state all queues are of low priority and served round robin.

use super::Igb;
use crate::board::Board;
use crate::frame::{Frame, SHORTEST};
use crate::register::Reg;
use crate::stats;
use crate::testbed::WireFrame;

/// TCTL.EN and PSP.
const EN: u32 = 1 << 1;
const PSP: u32 = 1 << 3;

impl Igb {
    /// Gives one queue its turn; returns whether there was one.
    pub(super) fn step_transmit(&mut self, board: &mut Board) -> bool {
        if board.not_master || !self.file.on(Reg::TCTL, EN) {
            return false;
        }
        let (file, tx, may_send) = (&self.file, &self.tx, self.chip.may_send);
        let ready = |queue: usize| tx[queue].backlogged() && may_send(file, queue);
        let Some(queue) = self.arbiter.pick(self.chip.queues, ready) else { return false };
        let turn = self.tx[queue].turn(self.chip.transmit, board);
        if let Some((mut bytes, _)) = turn.frame {
            if self.file.on(Reg::TCTL, PSP) && bytes.len() < SHORTEST {
                bytes.resize(SHORTEST, 0);
            }
            let frame = Frame::new(bytes, 0x8100);
            stats::sent(&mut self.file, &frame);
            self.file.count(Reg::PFVFGPTC, queue & 7, 1);
            self.file.count(Reg::PFVFGOTC, queue & 7, frame.wire_len());
            board.wire.sent.push(WireFrame { bytes: frame.bytes().to_vec(), queue: Some(queue) });
        }
        if turn.reported {
            self.interrupts.transmitted(queue, &self.file, board);
        }
        true
    }
}
