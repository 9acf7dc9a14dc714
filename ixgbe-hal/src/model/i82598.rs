//! The 82598: first generation, a filter names one VMDq output index.
//!
//! The datasheet ("Intel 82598EB 10 Gigabit Ethernet Controller Datasheet") calls a pool a VMDq output index.
//! There are 16; without RSS the index is the number of the receive ring, too, and of the 64 receive and 32
//! transmit rings the first 16 of each are used. SRRCTL, PSRTYPE and DCA_RXCTRL belong to the index and not to
//! the ring.
//!
//! Errata that show here (`FACTS.md` section 5): ECC bits to clear after a reset (GHECCR), a PCIe completion
//! time-out that is too short, a read of EICR that loses causes (26), counters that count more than their names
//! say, and ENABLE bits of rings that read 0 while the link is down.

use core::convert::Infallible;

use tock_registers::fields::FieldValue;
use vmdq_hal::device::{Io, Limits, Model};
use vmdq_hal::{FilterMemory, Mint, Platform, PoolIndex, Speed, Statistics, VectorIndex};

use super::Hooks;
use crate::regs::{
    AUTOC, DPMCS, GCR, GHECCR, I82598, IVAR, PDPMCS, PSRTYPE, PSRTYPE_TYPES, RAH, RMCS, RXCTRL, RXDCTL, Regs,
    SRRCTL, VLNCTRL, VMD_CTL,
};

/// The entry of IVAR for causes that are not a ring's.
const IVAR_OTHERS: u32 = 97;
/// The first entry of IVAR for transmit rings.
const IVAR_TRANSMIT: u32 = 64;

/// How many pools there are.
const POOLS: u8 = 16;
/// How many filters there are, entry 0 aside.
const FILTERS: u8 = 15;
/// How many MSI-X vectors rings can be routed to (EICR 15:0).
const VECTORS: u8 = 16;
/// The largest frame limit: 16 KiB buffers, and room for tags.
const MAX_FRAME: u16 = 16128;

// SAFETY: the traits that it needs are implemented for all models of the family, each with its reason; one
// constant is both the length of an array and the limit.
unsafe impl Model for super::I82598 {
    type PerPool<T: Mint> = [T; POOLS as usize];
    type PerFilter<T: Mint> = [T; FILTERS as usize];
    type PerVector<T: Mint> = [T; VECTORS as usize];
    type Shadow = FilterMemory<{ FILTERS as usize }>;
    type Lack = Infallible;

    fn limits(self) -> Limits {
        Limits {
            name: I82598::NAME,
            pools: POOLS,
            filters: FILTERS,
            vectors: VECTORS,
            max_frame: MAX_FRAME,
            default_pool_choice: false,
            largest_header: <I82598 as Hooks>::LARGEST_HEADER,
        }
    }
}

/// Writes an entry of IVAR: four to a register, a byte each.
fn set_ivar<P: Platform>(io: Io<'_, P>, entry: u32, vector: VectorIndex) {
    let vector = vector.bits();
    let value = match entry % 4 {
        0 => I82598::IVAR_INT_ALLOC0.val(vector) + IVAR::INT_ALLOC_VAL0::SET,
        1 => I82598::IVAR_INT_ALLOC1.val(vector) + IVAR::INT_ALLOC_VAL1::SET,
        2 => I82598::IVAR_INT_ALLOC2.val(vector) + IVAR::INT_ALLOC_VAL2::SET,
        _ => I82598::IVAR_INT_ALLOC3.val(vector) + IVAR::INT_ALLOC_VAL3::SET,
    };
    I82598::IVAR.at(entry as usize / 4).on(io).modify(value);
}

impl Hooks for I82598 {
    const NAME: &'static str = "82598";
    const RECEIVE_ERRORS: u32 = Self::RX_WB_STATUS_CE.val(1).value
        | Self::RX_WB_STATUS_LE.val(1).value
        | Self::RX_WB_STATUS_PE.val(1).value
        | Self::RX_WB_STATUS_OSE.val(1).value
        | Self::RX_WB_STATUS_USE.val(1).value;
    const ENABLE_NEEDS_LINK: bool = true;
    // BSIZEHEADER is 1 to 16 units of 64 bytes.
    const LARGEST_HEADER: u16 = 1024;

    fn after_reset<P: Platform>(io: Io<'_, P>) {
        Self::GHECCR.on(io).modify(
            GHECCR::ERRATUM_6::CLEAR
                + GHECCR::ERRATUM_9::CLEAR
                + GHECCR::ERRATUM_18::CLEAR
                + GHECCR::ERRATUM_21::CLEAR,
        );
        // The PCIe completion time-out that the device starts with is too short (erratum).
        let gcr = Self::GCR.on(io);
        let mut control = gcr.get();
        if Self::GCR_CMPL_TMOUT.read(control) == 0 && !GCR::CAP_VER2.is_set(control) {
            control = Self::GCR_CMPL_TMOUT_MS10.modify(control);
        }
        gcr.set(Self::GCR_CMPL_TMOUT_RESEND.val(0).modify(control));
    }

    fn init<P: Platform>(io: Io<'_, P>) {
        Self::RMCS.on(io).modify(RMCS::TFCE_802_3X::CLEAR + RMCS::TFCE_PRIORITY::CLEAR);
        // Transmit rings take turns, descriptor by descriptor and packet by packet.
        Self::DPMCS.on(io).modify(DPMCS::TDPAC::ROUND_ROBIN + DPMCS::TRM::CLEAR + DPMCS::ARBDIS::CLEAR);
        Self::PDPMCS.on(io).modify(PDPMCS::TPPAC::ROUND_ROBIN);
    }

    fn destination(pool: PoolIndex) -> FieldValue<u32, RAH::Register> {
        Self::RAH_VIND.val(pool.bits())
    }

    fn clear_vlans<P: Platform>(io: Io<'_, P>) {
        for i in 0..Self::VFTAVIND.len() {
            Self::VFTAVIND.at(i).on(io).set(0);
        }
    }

    fn strip(strip: bool) -> FieldValue<u32, VLNCTRL::Register> {
        Self::VLNCTRL_VME.val(strip.into())
    }

    fn separate_pools<P: Platform>(io: Io<'_, P>, separate: bool) {
        Self::RDRXCTL.on(io).modify(Self::RDRXCTL_MVMEN.val(separate.into()));
    }

    fn sort<P: Platform>(io: Io<'_, P>, sort: bool) {
        if sort {
            // No RSS: the ring is the index.
            Self::MRQC.on(io).set(0);
            Self::VMD_CTL.on(io).write(VMD_CTL::VMDQ_EN::SET + VMD_CTL::VMDQ_FILTER::MAC);
        } else {
            Self::VMD_CTL.on(io).set(0);
        }
    }

    fn accept_always() -> u32 {
        Self::FCTRL_PMCF.val(1).value
    }

    fn receiver_on() -> FieldValue<u32, RXCTRL::Register> {
        RXCTRL::RXEN::SET + Self::RXCTRL_DMBYPS.val(1)
    }

    fn thresholds() -> FieldValue<u32, RXDCTL::Register> {
        // Write back each descriptor at once, because a polling driver waits for it.
        Self::RXDCTL_PTHRESH.val(32) + Self::RXDCTL_HTHRESH.val(4) + Self::RXDCTL_WTHRESH.val(1)
    }

    fn replication() -> (u32, FieldValue<u32, SRRCTL::Register>) {
        // Sources disagree on PSRTYPE: asked for is what either of them means by "every type".
        let headers = PSRTYPE::SPLIT_TCP::SET
            + PSRTYPE::SPLIT_UDP::SET
            + PSRTYPE::SPLIT_IP4::SET
            + PSRTYPE::SPLIT_IP6::SET
            + PSRTYPE::SPLIT_L2::SET;
        (headers.value | PSRTYPE_TYPES::TYPES::ALL.value, Self::SRRCTL_DESCTYPE_HDR_REPLICATION)
    }

    fn start_link<P: Platform>(io: Io<'_, P>) {
        Self::AUTOC.on(io).modify(AUTOC::AN_RESTART::SET);
    }

    fn speed(links: u32) -> Speed {
        if Self::LINKS_SPEED_10G.is_set(links) { Speed::Gbit10 } else { Speed::Gbit1 }
    }

    fn route<P: Platform>(io: Io<'_, P>, vector: VectorIndex, pool: PoolIndex) {
        // The pool's rings have its number.
        set_ivar(io, pool.bits(), vector);
        set_ivar(io, IVAR_TRANSMIT + pool.bits(), vector);
    }

    fn route_others<P: Platform>(io: Io<'_, P>, vector: VectorIndex) {
        set_ivar(io, IVAR_OTHERS, vector);
    }

    fn pending<P: Platform>(io: Io<'_, P>) -> u32 {
        // Erratum 26: a read of EICR loses causes; EICS shows them and clears none.
        Self::EICS.on(io).get()
    }

    fn fire<P: Platform>(io: Io<'_, P>, causes: u32) {
        Self::EICS.on(io).raise(causes);
    }

    fn count<P: Platform>(io: Io<'_, P>, missed: u64, into: &mut Statistics) {
        // Errata: GPRC counts missed frames too, MPRC counts broadcasts too.
        into.received += u64::from(Self::GPRC.on(io).take().get()).saturating_sub(missed);
        let broadcast = u64::from(Self::BPRC.on(io).take().get());
        into.broadcast += broadcast;
        into.multicast += u64::from(Self::MPRC.on(io).take().get()).saturating_sub(broadcast);
        for i in 0..Self::RNBC.len() {
            into.no_descriptor += u64::from(Self::RNBC.at(i).on(io).take().get());
        }
    }
}
