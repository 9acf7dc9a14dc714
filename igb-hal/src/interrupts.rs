//! Interrupts: MSI-X vectors, and the causes that are not a queue's.

use vmdq_hal::Causes;
use vmdq_hal::bus::Bus;

use crate::model::Model;
use crate::regs::ICR;

/// The causes beyond those of queues that interrupt.
const OTHERS: u32 =
    ICR::LSC::SET.value | ICR::DOUTSYNC::SET.value | ICR::RXO::SET.value | ICR::FER::SET.value;

/// Routes the other causes to a vector and lets them interrupt.
pub(crate) fn route_others<M: Model, B: Bus>(bus: &B, vector: u8) {
    M::route_others(bus, vector);
    M::IMS.on(bus).raise(OTHERS);
}

/// Reads and clears the other causes.
pub(crate) fn causes<M: Model, B: Bus>(bus: &B) -> Causes {
    let icr = M::ICR.on(bus).take();
    if icr.get() == u32::MAX {
        // The device is gone.
        return Causes::FATAL;
    }
    let mut causes = Causes::empty();
    causes.set(Causes::LINK, icr.is_set(ICR::LSC));
    causes.set(Causes::OVERRUN, icr.is_set(ICR::RXO));
    causes.set(Causes::FATAL, icr.is_set(ICR::FER) || icr.is_set(ICR::DOUTSYNC));
    causes
}
