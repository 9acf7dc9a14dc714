//! MSI-X vectors and interrupt causes.
//!
//! IVAR has an entry for each ring's cause and one for all other causes, and says which vector of the MSI-X
//! table it interrupts. In this mode bits 15:0 of EICR are the vectors that rings were routed to, not the
//! rings; the other causes keep bits of their own (link status change: LSC), so that a vector which serves
//! both has two bits in EIMS.
//!
//! Order: GPIE turns MSI-X on with automatic mask and clear (EIAME) for the bits in EIAC and EIAM, which are
//! those of rings. A vector that fires is then masked and cleared by the device, and is unmasked when its work
//! is done. EIMS sets bits of the mask and EIMC clears them; zeros change nothing, which lets each core write
//! its own.
//!
//! Traps: a read of EICR loses causes on the 82598 (erratum 26), so EICS is read, which has the same bits and
//! clears nothing, and then those bits are cleared by a write to EICR. An entry of IVAR is a byte of a
//! register that four rings share, so only the port writes it.
//!
//! Facts: "Intel 82598EB 10 Gigabit Ethernet Controller Datasheet", PDF pages 274 to 277 and 318; `FACTS.md`
//! sections 1.3 and 2.11.

use vmdq_hal::device::{Io, Vectors};
use vmdq_hal::{Causes, Platform, PoolIndex, PoolSet, VectorIndex};

use crate::model::{Hooks, Ixgbe};
use crate::regs::{Common, EICR, GPIE};

/// The causes beyond those of rings that interrupt.
const OTHERS: u32 = EICR::LSC::SET.value;
/// The bits of EICR that stand for vectors of rings.
const RINGS: u32 = EICR::RTXQ.mask << EICR::RTXQ.shift;

/// Turns MSI-X with automatic mask and clear on.
pub(crate) fn enable_msix<P: Platform>(io: Io<'_, P>) {
    Common::GPIE
        .on(io)
        .write(GPIE::MSIX_MODE::SET + GPIE::PBA_SUPPORT::SET + GPIE::OCD::SET + GPIE::EIAME::SET);
    Common::EIAC.on(io).set(RINGS);
    Common::EIAM.on(io).set(RINGS);
}

// SAFETY: a vector writes bits of its own in EIMS, EIMC and EICS, where zeros change nothing.
unsafe impl<M: Hooks> Vectors for Ixgbe<M> {
    fn route<P: Platform>(self, io: Io<'_, P>, vector: VectorIndex, pool: PoolIndex) {
        M::route(io, vector, pool);
    }

    fn route_others<P: Platform>(self, io: Io<'_, P>, vector: VectorIndex) {
        M::route_others(io, vector);
    }

    fn mask_bits<P: Platform>(self, _: Io<'_, P>, vector: VectorIndex, pools: PoolSet, others: bool) -> u64 {
        // The other causes have bits of their own.
        let rings = if pools.is_empty() { 0 } else { 1 << vector.bits() & u64::from(RINGS) };
        rings | if others { OTHERS.into() } else { 0 }
    }

    // All bits of the 82598 are in the low word.

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
        M::fire(io, mask as u32);
    }

    fn causes<P: Platform>(self, io: Io<'_, P>) -> Causes {
        let pending = M::pending(io);
        if pending == u32::MAX {
            // The device is gone.
            return Causes::FATAL;
        }
        // Those of rings clear themselves.
        Common::EICR.on(io).clear(pending & !RINGS);
        let mut causes = Causes::empty();
        causes.set(Causes::LINK, EICR::LSC.is_set(pending));
        causes
    }
}
