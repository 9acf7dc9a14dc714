//! What the models of the family do unlike each other.

use core::marker::PhantomData;

use vmdq_core::bus::Bus;
use vmdq_core::{Accept, Array, Config, FrameLimit, Speed, Statistics};

use crate::regs::{self, DPMCS, FCTRL, GCR, PDPMCS, RMCS, RXCTRL, Regs, SRRCTL, VMD_CTL};

/// A ten-gigabit controller of model `M`.
///
/// The wrapper is this crate's own, so that one implementation of
/// [`Controller`](vmdq_core::Controller) covers every model.
pub struct Ixgbe<M>(PhantomData<M>);

/// Intel 82598: 16 queues, 15 filters.
pub type I82598 = Ixgbe<regs::I82598>;

/// A model of the family: its counts and what it does unlike its siblings. Sealed.
pub trait Model: Regs + sealed::Sealed + 'static {
    #[doc(hidden)]
    type PerQueue<T>: Array<T>;
    #[doc(hidden)]
    type PerFilter<T>: Array<T>;
    #[doc(hidden)]
    type PerVector<T>: Array<T>;
    #[doc(hidden)]
    const NAME: &'static str;
    /// The largest frame limit, in bytes with FCS.
    #[doc(hidden)]
    const MAX_FRAME: u16;
    /// Error bits in the status word of a receive descriptor.
    #[doc(hidden)]
    const RX_ERRORS: u32;
    /// Whether RXDCTL and TXDCTL show the state of a queue only while the link is up.
    #[doc(hidden)]
    const ENABLE_NEEDS_LINK: bool;

    /// The bits of RAH that name a queue.
    #[doc(hidden)]
    fn destination(queue: u8) -> u32;
    /// What a reset leaves to be mended.
    #[doc(hidden)]
    fn after_reset<B: Bus>(bus: &B);
    /// Clears what the siblings do not have, and turns flow control off.
    #[doc(hidden)]
    fn init<B: Bus>(bus: &B);
    /// Turns VMDq on, with queue 0 as the default queue; the receiver is off.
    #[doc(hidden)]
    fn enable<B: Bus>(bus: &B, config: &Config);
    /// Turns VMDq off; the receiver is off.
    #[doc(hidden)]
    fn disable<B: Bus>(bus: &B);
    /// The fields of RXCTRL that turn the receiver on.
    #[doc(hidden)]
    fn receiver_on() -> u32;
    /// The bits of RXDCTL with which a queue runs.
    #[doc(hidden)]
    fn rx_thresholds() -> u32;
    /// The speed of a link that is up, from LINKS.
    #[doc(hidden)]
    fn speed(links: u32) -> Speed;
    /// Asks for the link.
    #[doc(hidden)]
    fn start_link<B: Bus>(bus: &B);
    /// Routes both causes of a queue.
    #[doc(hidden)]
    fn route_queue<B: Bus>(bus: &B, vector: u8, queue: u8);
    /// Routes the other causes.
    #[doc(hidden)]
    fn route_others<B: Bus>(bus: &B, vector: u8);
    /// Raises causes by software.
    #[doc(hidden)]
    fn fire<B: Bus>(bus: &B, mask: u32);
    /// Adds what is counted unlike the siblings: good frames and those without a descriptor.
    #[doc(hidden)]
    fn count<B: Bus>(bus: &B, missed: u64, into: &mut Statistics);
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::regs::I82598 {}
}

/// The length to which hardware that knows one limit for all frames is set.
pub(crate) fn hardware_limit(config: &Config) -> u32 {
    // `Port::init` has refused what is out of range; saturate all the same.
    FrameLimit::new(config.max_frame, u16::MAX)
        .map_or(u32::from(FrameLimit::LEAST), |limit| limit.hardware().into())
}

/// What drivers clear in GHECCR after a reset of the 82598 (erratum).
const GHECCR_AFTER_RESET: u32 = 1 << 21 | 1 << 18 | 1 << 9 | 1 << 6;
/// The entry of the 82598's IVAR for causes that are not a queue's.
const IVAR_OTHER: u8 = 97;
/// The first entry of the 82598's IVAR for transmit queues.
const IVAR_TX: u8 = 64;

/// Writes one of the 82598's IVAR entries: four to a register, a byte each.
fn route_82598<B: Bus>(bus: &B, entry: u8, vector: u8) {
    let register = regs::I82598::IVAR.at(usize::from(entry / 4)).on(bus);
    let shift = u32::from(entry % 4) * 8;
    // VALID is bit 7 of the byte.
    register.set(register.get() & !(0xff << shift) | u32::from(vector | 0x80) << shift);
}

impl Model for regs::I82598 {
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

    fn speed(links: u32) -> Speed {
        if Self::LINKS_SPEED_10G.is_set(links) { Speed::Gbit10 } else { Speed::Gbit1 }
    }

    fn start_link<B: Bus>(bus: &B) {
        Self::AUTOC.on(bus).modify(regs::AUTOC::AN_RESTART::SET);
    }

    fn route_queue<B: Bus>(bus: &B, vector: u8, queue: u8) {
        route_82598(bus, queue, vector);
        route_82598(bus, IVAR_TX + queue, vector);
    }

    fn route_others<B: Bus>(bus: &B, vector: u8) {
        route_82598(bus, IVAR_OTHER, vector);
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
