//! What the models of the family do unlike each other.

use core::marker::PhantomData;

use vmdq_core::bus::Bus;
use vmdq_core::{Accept, Array, Config, FrameLimit};

use crate::regs::{self, DTXSWC, GPIE, IVAR_MISC, MRQC, PoolRegs, RCTL, RLPML, Regs, VFRE, VFTE, VMOLR};

/// A gigabit controller of model `M`.
///
/// The wrapper is this crate's own, so that one implementation of
/// [`Controller`](vmdq_core::Controller) covers every model.
pub struct Igb<M>(PhantomData<M>);

/// Intel 82575: 4 queues, 15 filters.
pub type I82575 = Igb<regs::I82575>;
/// Intel 82576: 8 pools, 23 filters.
pub type I82576 = Igb<regs::I82576>;

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
    /// Whether a tail can be written while its queue is disabled. The 82575 ignores that (manual
    /// page 359), so that a ring has to begin where the tail was left.
    #[doc(hidden)]
    const TAIL_FOLLOWS: bool;

    /// The bits of RAH that name a queue.
    #[doc(hidden)]
    fn destination(queue: u8) -> u32;
    /// What the 82575 needs before the reset.
    #[doc(hidden)]
    fn before_reset<B: Bus>(bus: &B);
    /// Clears what the siblings do not have.
    #[doc(hidden)]
    fn init<B: Bus>(bus: &B);
    /// Turns VMDq on with this default queue; the receiver is off.
    #[doc(hidden)]
    fn enable<B: Bus>(bus: &B, config: &Config, default: u8);
    /// Sets which frames no filter has to match; leaves RCTL to the caller, of which it returns
    /// the bits.
    #[doc(hidden)]
    fn accept<B: Bus>(bus: &B, accept: Accept) -> u32;
    /// Sets what a queue does without descriptors, beyond SRRCTL.DROP_EN.
    #[doc(hidden)]
    fn set_drop<B: Bus>(bus: &B, queue: u8, drops: bool);
    /// Turns MSI-X with automatic mask and clear on.
    #[doc(hidden)]
    fn enable_msix<B: Bus>(bus: &B);
    /// Routes both causes of a queue.
    #[doc(hidden)]
    fn route_queue<B: Bus>(bus: &B, vector: u8, queue: u8);
    /// Routes the other causes.
    #[doc(hidden)]
    fn route_others<B: Bus>(bus: &B, vector: u8);
    /// The bits of EIMS and its siblings for a vector.
    #[doc(hidden)]
    fn vector_mask(vector: u8, queues: u64, others: bool) -> u32;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::regs::I82575 {}
    impl Sealed for crate::regs::I82576 {}
}

/// The length to which hardware that knows one limit for all frames is set.
fn hardware_limit(config: &Config) -> u32 {
    // `Port::init` has refused what is out of range; saturate all the same.
    FrameLimit::new(config.max_frame, u16::MAX)
        .map_or(u32::from(FrameLimit::LEAST), |limit| limit.hardware().into())
}

/// RCTL bits that accept what is not filtered, as far as they are the same on all models.
fn accepted(accept: Accept) -> u32 {
    let mut bits = 0;
    if accept.contains(Accept::BROADCAST) {
        bits |= RCTL::BAM::SET.value;
    }
    if accept.contains(Accept::PROMISCUOUS) {
        bits |= RCTL::UPE::SET.value;
    }
    bits
}

/// Receive packet buffer of the 82575 in KB; the rest of its memory is for transmission.
const RX_PACKET_BUFFER_82575: u32 = 34;

impl Model for regs::I82575 {
    type PerQueue<T> = [T; 4];
    type PerFilter<T> = [T; 15];
    type PerVector<T> = [T; 10];
    const NAME: &'static str = "82575";
    const TAIL_FOLLOWS: bool = false;

    fn destination(queue: u8) -> u32 {
        Self::RAH_QSEL.val(queue.into()).value
    }

    fn before_reset<B: Bus>(bus: &B) {
        // Takes effect with the reset that follows.
        Self::PBA.on(bus).set(RX_PACKET_BUFFER_82575);
    }

    fn init<B: Bus>(_: &B) {}

    // VT_CTL is left alone: its layout on the 82575 is not documented, and out of reset the default
    // queue is queue 0.
    fn enable<B: Bus>(bus: &B, config: &Config, _: u8) {
        Self::RLPML.on(bus).set(hardware_limit(config));
        Self::MRQC.on(bus).write(MRQC::MRQE::VMDQ);
    }

    fn accept<B: Bus>(_: &B, accept: Accept) -> u32 {
        // The default queue gets what no filter matches; nothing else is to be set.
        let multicast = if accept.contains(Accept::MULTICAST) { RCTL::MPE::SET.value } else { 0 };
        accepted(accept) | multicast
    }

    fn set_drop<B: Bus>(_: &B, _: u8, _: bool) {}

    fn enable_msix<B: Bus>(bus: &B) {
        Self::CTRL_EXT.on(bus).modify(
            Self::CTRL_EXT_NSICR.val(1) + Self::CTRL_EXT_EIAME.val(1) + Self::CTRL_EXT_PBA_CLR.val(1),
        );
    }

    fn route_queue<B: Bus>(bus: &B, vector: u8, queue: u8) {
        let causes = queue_causes(queue);
        for other in 0..Self::MSIXBM.len() {
            let routed = Self::MSIXBM.at(other).on(bus);
            let before = routed.get();
            let after = if other == usize::from(vector) { before | causes } else { before & !causes };
            if after != before {
                routed.set(after);
            }
        }
        add_auto::<Self, B>(bus, causes);
    }

    fn route_others<B: Bus>(bus: &B, vector: u8) {
        let routed = Self::MSIXBM.at(vector.into()).on(bus);
        routed.set(routed.get() | OTHER_CAUSES);
        add_auto::<Self, B>(bus, OTHER_CAUSES);
    }

    fn vector_mask(_: u8, queues: u64, others: bool) -> u32 {
        // Mask bits are cause bits here.
        let of_queues =
            (0..4).filter(|queue| queues >> queue & 1 != 0).map(queue_causes).fold(0, |a, b| a | b);
        of_queues | if others { OTHER_CAUSES } else { 0 }
    }
}

/// Causes of a queue in the 82575's EICR: receive and transmit.
const fn queue_causes(queue: u8) -> u32 {
    0x101 << queue
}
/// The cause in the 82575's EICR that stands for those in ICR.
const OTHER_CAUSES: u32 = 1 << 31;

/// Lets causes clear and mask themselves when their message is sent.
fn add_auto<M: Model, B: Bus>(bus: &B, bits: u32) {
    M::EIAC.on(bus).set(M::EIAC.on(bus).get() | bits);
    M::EIAM.on(bus).set(M::EIAM.on(bus).get() | bits);
}

/// All pools of the 82576.
const POOLS: u32 = 0xff;
/// The longest packet that RLPML can name.
const RLPML_MOST: u32 = 0x3fff;

impl Model for regs::I82576 {
    type PerQueue<T> = [T; 8];
    type PerFilter<T> = [T; 23];
    type PerVector<T> = [T; 10];
    const NAME: &'static str = "82576";
    const TAIL_FOLLOWS: bool = true;

    fn destination(queue: u8) -> u32 {
        Self::RAH_POOLSEL.val(1 << queue).value
    }

    fn before_reset<B: Bus>(_: &B) {}

    fn init<B: Bus>(bus: &B) {
        for i in 0..Self::UTA.len() {
            Self::UTA.at(i).on(bus).set(0);
        }
        for i in 0..Self::VLVF.len() {
            Self::VLVF.at(i).on(bus).set(0);
        }
        // No loopback switch: frames between virtual machines are the virtual switch's.
        Self::DTXSWC.on(bus).modify(DTXSWC::VMDQ_LOOPBACK_EN::CLEAR);
    }

    fn enable<B: Bus>(bus: &B, config: &Config, default: u8) {
        Self::VT_CTL.on(bus).write(Self::VT_CTL_DEF_PL.val(default.into()));
        Self::MRQC.on(bus).write(MRQC::MRQE::VMDQ);
        // The limit is each pool's; the port's stays out of the way.
        Self::RLPML.on(bus).write(RLPML::RLPML.val(RLPML_MOST));
        let every = VMOLR::RLPML.val(hardware_limit(config))
            + VMOLR::LPE::SET
            + VMOLR::AUPE::SET
            + VMOLR::STRCRC::SET;
        for pool in 0..Self::VMOLR.len() {
            // Broadcast and multicast are the default pool's alone. Multicast by way of MTA: the
            // other way (MPME) is one that QEMU's igb does not know.
            let value = if pool == usize::from(default) {
                every + VMOLR::BAM::SET + VMOLR::ROMPE::SET
            } else {
                every
            };
            Self::VMOLR.at(pool).on(bus).write(value);
        }
        // The port's own address leads to the default pool.
        let own = Self::RAH.at(0).on(bus);
        own.modify(Self::RAH_POOLSEL.val(1 << default));
        Self::VFRE.on(bus).write(VFRE::VFRE.val(POOLS));
        Self::VFTE.on(bus).write(VFTE::VFTE.val(POOLS));
    }

    fn accept<B: Bus>(bus: &B, accept: Accept) -> u32 {
        let all = if accept.contains(Accept::MULTICAST) { u32::MAX } else { 0 };
        for i in 0..Self::MTA.len() {
            Self::MTA.at(i).on(bus).set(all);
        }
        accepted(accept)
    }

    fn set_drop<B: Bus>(bus: &B, queue: u8, drops: bool) {
        let others = Self::QDE.on(bus).read(Self::QDE_QDE) & !(1 << queue);
        Self::QDE.on(bus).write(Self::QDE_QDE.val(others | u32::from(drops) << queue));
    }

    fn enable_msix<B: Bus>(bus: &B) {
        // Before IVAR, EIAC and EIMS, else those do not stick.
        Self::GPIE
            .on(bus)
            .write(GPIE::NSICR::SET + GPIE::MULTIPLE_MSIX::SET + GPIE::EIAME::SET + GPIE::PBA_SUPPORT::SET);
    }

    fn route_queue<B: Bus>(bus: &B, vector: u8, queue: u8) {
        // Row `queue & 7`: byte 0 receives, byte 1 transmits; the rows of the 8 pools are their own.
        let entry = u32::from(vector) | 0x80;
        Self::IVAR.at(queue.into()).on(bus).set(entry | entry << 8);
        add_auto::<Self, B>(bus, 1 << vector);
    }

    fn route_others<B: Bus>(bus: &B, vector: u8) {
        Self::IVAR_MISC
            .on(bus)
            .write(IVAR_MISC::INT_ALLOC1.val(vector.into()) + IVAR_MISC::INT_ALLOC_VAL1::SET);
        add_auto::<Self, B>(bus, 1 << vector);
    }

    fn vector_mask(vector: u8, _: u64, _: bool) -> u32 {
        1 << vector
    }
}
