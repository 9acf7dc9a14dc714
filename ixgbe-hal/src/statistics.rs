//! The device's counters: each read clears.

use vmdq_hal::Statistics;
use vmdq_hal::bus::Bus;

use crate::model::Model;

/// Adds what was counted since the last call.
pub(crate) fn add<M: Model, B: Bus>(bus: &B, into: &mut Statistics) {
    if M::STATUS.on(bus).get() == u32::MAX {
        // The device is gone: all ones are no counts.
        return;
    }
    let missed = (0..M::MPC.len()).map(|i| u64::from(M::MPC.at(i).on(bus).take().get())).sum();
    into.missed += missed;
    M::count(bus, missed, into);
    into.sent += u64::from(M::GPTC.on(bus).take().get());
    into.too_long += u64::from(M::ROC.on(bus).take().get());
    into.too_short += u64::from(M::RUC.on(bus).take().get());
    into.crc_errors += u64::from(M::CRCERRS.on(bus).take().get());
}
