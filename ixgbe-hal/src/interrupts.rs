//! Interrupts: MSI-X vectors, and the causes that are not a queue's.

use vmdq_hal::Causes;
use vmdq_hal::bus::Bus;

use crate::model::Model;
use crate::regs::{EICR, GPIE};

/// The causes beyond those of queues that interrupt.
pub(crate) const OTHERS: u32 = EICR::LSC::SET.value;
/// The bits of EICR that stand for queue vectors.
const QUEUES: u32 = 0xffff;

/// Turns MSI-X with automatic mask and clear on.
pub(crate) fn enable_msix<M: Model, B: Bus>(bus: &B) {
    M::GPIE.on(bus).write(GPIE::MSIX_MODE::SET + GPIE::PBA_SUPPORT::SET + GPIE::OCD::SET + GPIE::EIAME::SET);
    M::EIAC.on(bus).set(QUEUES);
    M::EIAM.on(bus).set(QUEUES);
}

/// Reads and clears the other causes.
pub(crate) fn causes<M: Model, B: Bus>(bus: &B) -> Causes {
    let eicr = M::pending(bus);
    if eicr == u32::MAX {
        // The device is gone.
        return Causes::FATAL;
    }
    // Those of queues clear themselves.
    M::EICR.on(bus).clear(eicr & !QUEUES);
    let mut causes = Causes::empty();
    causes.set(Causes::LINK, EICR::LSC.is_set(eicr));
    causes
}
