//! Statistics.
//!
//! Each counter is 32 bits wide, sticks at all ones and clears when it is read, so that every read has to be
//! added up. MPC (frames lost because the packet buffer was full) has a counter for each of 8 packet
//! buffers, of which one is in use unless traffic classes are.
//!
//! Traps: a device that is gone reads as all ones, which would be counts; it may go between two reads, so the
//! sums are kept only if it still answers after the last one. Counters that on the
//! 82598 count more than their names say (GPRC, MPRC: `FACTS.md` section 5, d) are corrected by its model.
//!
//! Facts: `FACTS.md` sections 1.7 and 5.

use vmdq_hal::device::{Counters, Io, Life};
use vmdq_hal::{Platform, Statistics};

use crate::model::{Hooks, Ixgbe};
use crate::regs::Common;

/// Adds what is counted at one place on all devices; returns how many frames were missed.
fn add_common<P: Platform>(io: Io<'_, P>, sums: &mut Statistics) -> u64 {
    let missed = (0..Common::MPC.len()).map(|i| u64::from(Common::MPC.at(i).on(io).take().get())).sum();
    sums.missed += missed;
    sums.sent += u64::from(Common::GPTC.on(io).take().get());
    sums.too_long += u64::from(Common::ROC.on(io).take().get());
    sums.too_short += u64::from(Common::RUC.on(io).take().get());
    sums.crc_errors += u64::from(Common::CRCERRS.on(io).take().get());
    missed
}

// SAFETY: reads alone.
unsafe impl<M: Hooks> Counters for Ixgbe<M> {
    fn add_to<P: Platform>(self, io: Io<'_, P>, statistics: &mut Statistics) {
        if self.is_gone(io) {
            return;
        }
        let mut sums = *statistics;
        let missed = add_common(io, &mut sums);
        M::count(io, missed, &mut sums);
        if !self.is_gone(io) {
            *statistics = sums;
        }
    }
}
