//! The device's counters: each read clears.

use vmdq_hal::Statistics;
use vmdq_hal::bus::Bus;

use crate::model::Model;

/// Adds what was counted since the last call.
pub(crate) fn add<M: Model, B: Bus>(bus: &B, queues: usize, into: &mut Statistics) {
    let gone = M::STATUS.on(bus).get() == u32::MAX;
    if gone {
        // All ones are no counts.
        return;
    }
    into.received += u64::from(M::GPRC.on(bus).take().get());
    into.broadcast += u64::from(M::BPRC.on(bus).take().get());
    into.multicast += u64::from(M::MPRC.on(bus).take().get());
    into.sent += u64::from(M::GPTC.on(bus).take().get());
    into.too_long += u64::from(M::ROC.on(bus).take().get());
    into.too_short += u64::from(M::RUC.on(bus).take().get());
    into.crc_errors += u64::from(M::CRCERRS.on(bus).take().get());
    into.missed += u64::from(M::MPC.on(bus).take().get());
    for queue in 0..queues {
        into.no_descriptor += u64::from(M::RQDPC.at(queue).on(bus).take().get());
    }
}
