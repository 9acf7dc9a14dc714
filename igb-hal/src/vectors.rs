//! MSI-X vectors and interrupt causes (FACTS.md sections 2.2 and 3.9).
//!
//! Causes of rings are routed to vectors. When the device sends a vector's message, it also clears (EIAC) and
//! masks (EIAM) the cause: a handler writes nothing first, and unmasks (EIMS) when its work is done. In EIMS,
//! EIMC and EICS ones select bits and zeros change nothing, so vectors do not disturb each other. All other
//! causes (link, overrun, errors) are in ICR, of which IMS chooses those that interrupt, and they share one
//! vector.
//!
//! How causes are routed differs by generation. The 82575 has a bitmap of causes for each vector (MSIXBM),
//! and the bits of EIMS stand for causes. The 82576 has a byte for each cause with the vector's number
//! (IVAR, IVAR_MISC), and the bits of EIMS stand for vectors; its GPIE must be in MSI-X mode before, else
//! IVAR, EIAC and EIMS do not stick.
//!
//! Traps: reading ICR clears it, so there is one reader. Intel's drivers read ICR even in MSI-X mode, because
//! only it distinguishes the other causes. DOUTSYNC (transmit DMA out of step) and FER need a reset.

use vmdq_hal::device::{Io, Vectors};
use vmdq_hal::{Causes, Platform, PoolIndex, PoolSet, VectorIndex};

use crate::model::{Hooks, Igb};
use crate::regs::{Common, ICR};

/// The causes beyond those of rings that interrupt.
const OTHERS: u32 =
    ICR::LSC::SET.value | ICR::DOUTSYNC::SET.value | ICR::RXO::SET.value | ICR::FER::SET.value;

// SAFETY: no memory is handed over; vectors write different bits of registers in which zeros change
// nothing, and routing is the port's alone.
unsafe impl<M: Hooks> Vectors for Igb<M> {
    fn route<P: Platform>(self, io: Io<'_, P>, vector: VectorIndex, pool: PoolIndex) {
        M::route(io, vector, pool);
    }

    fn route_others<P: Platform>(self, io: Io<'_, P>, vector: VectorIndex) {
        M::route_others(io, vector);
        Common::IMS.on(io).raise(OTHERS);
    }

    fn mask_bits<P: Platform>(self, io: Io<'_, P>, vector: VectorIndex, _: PoolSet, _: bool) -> u64 {
        M::mask_bits(io, vector).into()
    }

    fn unmask<P: Platform>(self, io: Io<'_, P>, mask: u64) {
        Common::EIMS.on(io).raise(mask as u32);
    }

    fn unmasked<P: Platform>(self, io: Io<'_, P>) -> u64 {
        Common::EIMS.on(io).get().into()
    }

    fn mask<P: Platform>(self, io: Io<'_, P>, mask: u64) {
        Common::EIMC.on(io).set(mask as u32);
    }

    fn fire<P: Platform>(self, io: Io<'_, P>, mask: u64) {
        Common::EICS.on(io).set(mask as u32);
    }

    fn causes<P: Platform>(self, io: Io<'_, P>) -> Causes {
        causes(io)
    }
}

fn causes<P: Platform>(io: Io<'_, P>) -> Causes {
    let icr = Common::ICR.on(io).take();
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
