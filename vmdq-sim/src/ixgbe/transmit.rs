//! The ixgbe transmit path: one frame from each backlogged queue in turn.
//!
//! Facts: ixgbe-hal/FACTS.md 1.6, 2.10: round robin is the reset state. The 82598 has no global transmit
//! enable.

use super::{Ixgbe, TXPADEN};
use crate::board::Board;
use crate::frame::{Frame, SHORTEST};
use crate::register::Reg;
use crate::stats;
use crate::testbed::WireFrame;
use crate::violation::Rule;

impl Ixgbe {
    /// Gives one queue its turn; returns whether there was one.
    pub(super) fn step_transmit(&mut self, board: &mut Board) -> bool {
        if board.not_master {
            return false;
        }
        let tx = &self.tx;
        let Some(queue) = self.arbiter.pick(tx.len(), |queue| tx[queue].backlogged()) else { return false };
        let turn = self.tx[queue].turn(self.chip.transmit, board);
        if let Some((mut bytes, adds_fcs)) = turn.frame {
            if self.file.on(Reg::HLREG0, TXPADEN) && bytes.len() < SHORTEST {
                if !adds_fcs {
                    // 2.10: IFCS is needed with short frames when TXPADEN is on.
                    board.report(
                        Rule::BadDescriptor,
                        format!("TX {queue}: {} bytes to be padded without IFCS", bytes.len()),
                    );
                }
                bytes.resize(SHORTEST, 0);
            }
            let frame = Frame::new(bytes, 0x8100);
            stats::sent(&mut self.file, &frame);
            let set = (self.file.get(Reg::TQSMR, queue / 4) >> (8 * (queue % 4)) & 0xf) as usize;
            self.file.count(Reg::QPTC, set, 1);
            self.file.count(Reg::QBTC, set, frame.wire_len());
            board.wire.sent.push(WireFrame { bytes: frame.bytes().to_vec(), queue: Some(queue) });
        }
        if turn.reported {
            self.interrupts.transmitted(queue, &self.file, board);
        }
        true
    }
}
