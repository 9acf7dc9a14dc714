//! The 82575: first generation, a filter names one queue.
//!
//! Its VMDq is described in section 5.4 of the *82575EB Gigabit Ethernet Controller Software Developer's
//! Manual* (pages 120, 121); the value of MRQC and the rest of the order are those of the only open driver
//! that runs it so (FACTS.md section 3.4).

use core::convert::Infallible;

use vmdq_hal::device::{Io, Limits, Model};
use vmdq_hal::{Accept, Config, FilterMemory, Mint, Platform, PoolIndex, VectorIndex};

use super::common::{accepted, clear_and_mask_by_message, hardware_limit};
use super::{Hooks, LARGEST_HEADER, MAX_FRAME};
use crate::regs::{Common, EICR, I82575, MRQC, PBA, RCTL, Regs};

/// Receive packet buffer in KB; the rest of the memory is for transmission.
const RECEIVE_BUFFER: u32 = 34;

/// How many pools there are.
const POOLS: u8 = 4;
/// How many filters there are, entry 0 aside.
const FILTERS: u8 = 15;
/// How many MSI-X vectors there are.
const VECTORS: u8 = 10;

// SAFETY: the traits that it needs are implemented for all models of the family, each with its reason; one
// constant is both the length of an array and the limit.
unsafe impl Model for super::I82575 {
    type PerPool<T: Mint> = [T; POOLS as usize];
    type PerFilter<T: Mint> = [T; FILTERS as usize];
    type PerVector<T: Mint> = [T; VECTORS as usize];
    type Shadow = FilterMemory<{ FILTERS as usize }>;
    type Lack = Infallible;

    fn limits(self) -> Limits {
        Limits {
            name: I82575::NAME,
            pools: POOLS,
            filters: FILTERS,
            vectors: VECTORS,
            max_frame: MAX_FRAME,
            default_pool_choice: false,
            largest_header: LARGEST_HEADER,
        }
    }
}

impl Hooks for I82575 {
    const NAME: &'static str = "82575";
    const POOLS: u8 = POOLS;
    const TAIL_WHILE_DISABLED: bool = false;
    const CONTEXT_IS_RING: bool = true;
    const DROP_EN: bool = true;

    fn destination(pool: PoolIndex) -> u32 {
        Self::RAH_QSEL.val(pool.bits()).value
    }

    fn is_this_model<P: Platform>(io: Io<'_, P>) -> bool {
        // Written before the reset, with which it takes effect.
        Self::PBA.on(io).read(PBA::RXA) == RECEIVE_BUFFER
    }

    fn before_reset<P: Platform>(io: Io<'_, P>) {
        Self::PBA.on(io).write(PBA::RXA.val(RECEIVE_BUFFER));
    }

    // VT_CTL is left alone: its layout on the 82575 is not documented, and out of reset the default
    // queue is queue 0.
    fn sort<P: Platform>(io: Io<'_, P>, config: &Config, default: PoolIndex) {
        // The port's own address leads to the default queue, whoever had the device before.
        Self::RAH.at(0).on(io).modify(Self::RAH_QSEL.val(default.bits()));
        Common::RLPML.on(io).set(hardware_limit(config));
        Common::MRQC.on(io).write(MRQC::MRQE::VMDQ);
    }

    fn accept<P: Platform>(_: Io<'_, P>, config: &Config) -> u32 {
        // The default queue gets what no filter matches; nothing else is to be set.
        let multicast = if config.accept.contains(Accept::MULTICAST) { RCTL::MPE::SET.value } else { 0 };
        accepted(config.accept) | multicast
    }

    fn enable_msix<P: Platform>(io: Io<'_, P>) {
        Common::CTRL_EXT.on(io).modify(
            Self::CTRL_EXT_NSICR.val(1) + Self::CTRL_EXT_EIAME.val(1) + Self::CTRL_EXT_PBA_CLR.val(1),
        );
    }

    fn route<P: Platform>(io: Io<'_, P>, vector: VectorIndex, pool: PoolIndex) {
        // The ring of a pool has the pool's number.
        let ring = 1 << pool.number();
        let causes = (Self::EICR_RXQ.val(ring) + Self::EICR_TXQ.val(ring)).value;
        for other in 0..Self::MSIXBM.len() {
            let routed = Self::MSIXBM.at(other).on(io);
            let before = routed.get();
            let after = if other == vector.number() { before | causes } else { before & !causes };
            if after != before {
                routed.set(after);
            }
        }
        clear_and_mask_by_message(io, causes);
    }

    fn route_others<P: Platform>(io: Io<'_, P>, vector: VectorIndex) {
        // The cause that stands for those in ICR.
        Self::MSIXBM.at(vector.number()).on(io).modify(EICR::OTHER::SET);
        clear_and_mask_by_message(io, EICR::OTHER::SET.value);
    }

    fn mask_bits<P: Platform>(io: Io<'_, P>, vector: VectorIndex) -> u32 {
        // Mask bits are cause bits here: those that are routed to the vector now.
        Self::MSIXBM.at(vector.number()).on(io).get()
    }
}
