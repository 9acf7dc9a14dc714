//! The 82598: first generation, a filter names one VMDq output index.

use tock_registers::fields::FieldValue;
use vmdq_hal::bus::Bus;
use vmdq_hal::{Accept, Config, Speed, Statistics};

use super::Model;
use crate::regs::{
    AUTOC, DPMCS, FCTRL, GCR, I82598, PDPMCS, PSRTYPE, RMCS, RXCTRL, Regs, SRRCTL, VLNCTRL, VMD_CTL,
};

/// What drivers clear in GHECCR after a reset of the 82598 (erratum).
const GHECCR_AFTER_RESET: u32 = 1 << 21 | 1 << 18 | 1 << 9 | 1 << 6;
/// The entry of the 82598's IVAR for causes that are not a queue's.
const IVAR_OTHER: u8 = 97;
/// The first entry of the 82598's IVAR for transmit queues.
const IVAR_TX: u8 = 64;
/// The type of an 802.1Q tag.
const DOT1Q: u32 = 0x8100;
/// PSRTYPE as the 82598's datasheet reads: bit t is packet type t, 0 (MAC header alone) to 9 (UDP over
/// IPv6).
const PACKET_TYPES: u32 = 0x3ff;

/// Writes one of the 82598's IVAR entries: four to a register, a byte each.
fn route_82598<B: Bus>(bus: &B, entry: u8, vector: u8) {
    let register = I82598::IVAR.at(usize::from(entry / 4)).on(bus);
    let shift = u32::from(entry % 4) * 8;
    // VALID is bit 7 of the byte.
    register.set(register.get() & !(0xff << shift) | u32::from(vector | 0x80) << shift);
}

impl Model for I82598 {
    type PerQueue<T> = [T; 16];
    type PerFilter<T> = [T; 15];
    type PerVector<T> = [T; 16];
    const NAME: &'static str = "82598";
    // 16 KiB buffers, and room for tags.
    const MAX_FRAME: u16 = 16128;
    // CE, LE, PE, OSE, USE: valid while bad packets are stored.
    const RX_ERRORS: u32 = 1 << 24 | 1 << 25 | 1 << 27 | 1 << 28 | 1 << 29;
    const ENABLE_NEEDS_LINK: bool = true;

    fn destination(queue: u8) -> u32 {
        Self::RAH_VIND.val(queue.into()).value
    }

    fn after_reset<B: Bus>(bus: &B) {
        let gheccr = Self::GHECCR.on(bus);
        gheccr.set(gheccr.get() & !GHECCR_AFTER_RESET);
        // The PCIe completion time-out that the device starts with is too short (erratum).
        let gcr = Self::GCR.on(bus);
        let mut control = gcr.get();
        if Self::GCR_CMPL_TMOUT.read(control) == 0 && !GCR::CAP_VER2.is_set(control) {
            control = Self::GCR_CMPL_TMOUT_MS10.modify(control);
        }
        gcr.set(Self::GCR_CMPL_TMOUT_RESEND.val(0).modify(control));
    }

    fn init<B: Bus>(bus: &B) {
        for i in 0..Self::VFTAVIND.len() {
            Self::VFTAVIND.at(i).on(bus).set(0);
        }
        Self::FCTRL.on(bus).set(0);
        Self::RMCS.on(bus).modify(RMCS::TFCE_802_3X::CLEAR + RMCS::TFCE_PRIORITY::CLEAR);
        // Transmit queues take turns, descriptor by descriptor and packet by packet.
        Self::DPMCS.on(bus).modify(DPMCS::TDPAC::ROUND_ROBIN + DPMCS::TRM::CLEAR + DPMCS::ARBDIS::CLEAR);
        Self::PDPMCS.on(bus).modify(PDPMCS::TPPAC::ROUND_ROBIN);
    }

    fn enable<B: Bus>(bus: &B, config: &Config) {
        // The port's own address leads to the default queue: a reset does not clear the index that
        // earlier software gave it.
        Self::RAH.at(0).on(bus).modify(Self::RAH_VIND.val(0));
        // With MVMEN each index has a SRRCTL of its own, and all of them count: none may be left
        // unset.
        Self::RDRXCTL.on(bus).modify(Self::RDRXCTL_MVMEN.val(1));
        for i in 0..Self::SRRCTL.len() {
            Self::SRRCTL
                .at(i)
                .on(bus)
                .write(SRRCTL::BSIZEPACKET.val(2) + SRRCTL::DESCTYPE::ADV_ONEBUF + SRRCTL::DROP_EN::SET);
            Self::PSRTYPE.at(i).on(bus).set(0);
        }
        let strip = config.strip_tags.into();
        Self::VLNCTRL.on(bus).modify(VLNCTRL::VET.val(DOT1Q) + Self::VLNCTRL_VME.val(strip));
        // No RSS: the queue is the index.
        Self::MRQC.on(bus).set(0);
        Self::VMD_CTL.on(bus).write(VMD_CTL::VMDQ_EN::SET + VMD_CTL::VMDQ_FILTER::MAC);
        // MAC control frames are delivered.
        let mut accept = Self::FCTRL_PMCF.val(1).value;
        for (flag, bits) in [
            (Accept::BROADCAST, FCTRL::BAM::SET),
            (Accept::MULTICAST, FCTRL::MPE::SET),
            (Accept::PROMISCUOUS, FCTRL::UPE::SET),
        ] {
            if config.accept.contains(flag) {
                accept |= bits.value;
            }
        }
        Self::FCTRL.on(bus).set(accept);
    }

    fn disable<B: Bus>(bus: &B) {
        Self::VMD_CTL.on(bus).set(0);
        Self::RDRXCTL.on(bus).modify(Self::RDRXCTL_MVMEN.val(0));
        Self::FCTRL.on(bus).set(0);
    }

    fn receiver_on() -> u32 {
        RXCTRL::RXEN::SET.value | Self::RXCTRL_DMBYPS.val(1).value
    }

    fn rx_thresholds() -> u32 {
        // Write back each descriptor at once: whoever polls waits for it.
        (Self::RXDCTL_PTHRESH.val(32) + Self::RXDCTL_HTHRESH.val(4) + Self::RXDCTL_WTHRESH.val(1)).value
    }

    fn replication() -> (u32, FieldValue<u32, SRRCTL::Register>) {
        // Sources disagree on PSRTYPE: asked for is what either of them means by "every type".
        let headers = PSRTYPE::SPLIT_TCP::SET
            + PSRTYPE::SPLIT_UDP::SET
            + PSRTYPE::SPLIT_IP4::SET
            + PSRTYPE::SPLIT_IP6::SET
            + PSRTYPE::SPLIT_L2::SET;
        (headers.value | PACKET_TYPES, Self::SRRCTL_DESCTYPE_HDR_REPLICATION)
    }

    fn speed(links: u32) -> Speed {
        if Self::LINKS_SPEED_10G.is_set(links) { Speed::Gbit10 } else { Speed::Gbit1 }
    }

    fn start_link<B: Bus>(bus: &B) {
        Self::AUTOC.on(bus).modify(AUTOC::AN_RESTART::SET);
    }

    fn route_queue<B: Bus>(bus: &B, vector: u8, queue: u8) {
        route_82598(bus, queue, vector);
        route_82598(bus, IVAR_TX + queue, vector);
    }

    fn route_others<B: Bus>(bus: &B, vector: u8) {
        route_82598(bus, IVAR_OTHER, vector);
    }

    fn pending<B: Bus>(bus: &B) -> u32 {
        // Erratum 26: a read of EICR loses causes; EICS shows them and clears none.
        Self::EICS.on(bus).get()
    }

    fn fire<B: Bus>(bus: &B, mask: u32) {
        Self::EICS.on(bus).raise(mask);
    }

    fn count<B: Bus>(bus: &B, missed: u64, into: &mut Statistics) {
        // Errata: GPRC counts missed frames too, MPRC counts broadcasts too.
        into.received += u64::from(Self::GPRC.on(bus).take().get()).saturating_sub(missed);
        let broadcast = u64::from(Self::BPRC.on(bus).take().get());
        into.broadcast += broadcast;
        into.multicast += u64::from(Self::MPRC.on(bus).take().get()).saturating_sub(broadcast);
        for i in 0..Self::RNBC.len() {
            into.no_descriptor += u64::from(Self::RNBC.at(i).on(bus).take().get());
        }
    }
}
