//! What the device counts (FACTS.md section 2.6).
//!
//! Every counter is 32 bits wide, stops at all ones and is cleared by the read (*82575EB Software
//! Developer's Manual*, page 416), so what was read is added up here. RQDPC counts for each ring the frames
//! that it dropped for want of a descriptor.
//!
//! Trap: a device that is gone reads all ones, which would be four billion of everything. STATUS is asked
//! after the counters: if it answers, the counters did.

use vmdq_hal::device::{Counters, Io};
use vmdq_hal::reg::{Rc, RegArray};
use vmdq_hal::{Platform, Statistics};

use crate::model::{Hooks, Igb};
use crate::regs::Common;

// SAFETY: nothing is written.
unsafe impl<M: Hooks> Counters for Igb<M> {
    fn add_to<P: Platform>(self, io: Io<'_, P>, statistics: &mut Statistics) {
        add_to(io, M::RQDPC, M::POOLS, statistics);
    }
}

/// Adds the counters of the port and of one receive ring for each pool.
fn add_to<P: Platform>(io: Io<'_, P>, dropped: RegArray<(), Rc>, rings: u8, statistics: &mut Statistics) {
    let mut sum = *statistics;
    sum.received += u64::from(Common::GPRC.on(io).take().get());
    sum.broadcast += u64::from(Common::BPRC.on(io).take().get());
    sum.multicast += u64::from(Common::MPRC.on(io).take().get());
    sum.sent += u64::from(Common::GPTC.on(io).take().get());
    sum.too_long += u64::from(Common::ROC.on(io).take().get());
    sum.too_short += u64::from(Common::RUC.on(io).take().get());
    sum.crc_errors += u64::from(Common::CRCERRS.on(io).take().get());
    sum.missed += u64::from(Common::MPC.on(io).take().get());
    for ring in 0..rings {
        sum.no_descriptor += u64::from(dropped.at(ring.into()).on(io).take().get());
    }
    if Common::STATUS.on(io).get() != u32::MAX {
        *statistics = sum;
    }
}
