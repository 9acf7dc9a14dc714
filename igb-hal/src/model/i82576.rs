//! The 82576: second generation, a filter names a set of pools.

use vmdq_hal::bus::Bus;
use vmdq_hal::{Accept, Config};

use super::{Model, accepted, add_auto, hardware_limit};
use crate::regs::{
    CTRL_EXT, DTXSWC, GPIE, I82576, IVAR_MISC, MRQC, PoolRegs, RCTL, RLPML, RPLOLR, Regs, VFRE, VFTE, VMOLR,
};

/// All receive queues of the 82576.
const QUEUES: u32 = 0xffff;
/// All pools of the 82576.
const POOLS: u32 = 0xff;
/// The longest packet that RLPML can name.
const RLPML_MOST: u32 = 0x3fff;

impl Model for I82576 {
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
        Self::CTRL_EXT.on(bus).modify(Self::CTRL_EXT_PFRSTD.val(1) + CTRL_EXT::DRV_LOAD::SET);
        // No loopback switch: frames between virtual machines are the virtual switch's.
        Self::DTXSWC.on(bus).modify(DTXSWC::VMDQ_LOOPBACK_EN::CLEAR);
    }

    fn enable<B: Bus>(bus: &B, config: &Config, default: u8) {
        // Virtual machines' queues drop rather than block; the default queue by choice.
        let drops = QUEUES & !(u32::from(!config.default_drops) << default);
        Self::QDE.on(bus).write(Self::QDE_QDE.val(drops));
        Self::VT_CTL.on(bus).write(Self::VT_CTL_DEF_PL.val(default.into()));
        Self::MRQC.on(bus).write(MRQC::MRQE::VMDQ);
        // The limit is each pool's; the port's stays out of the way.
        Self::RLPML.on(bus).write(RLPML::RLPML.val(RLPML_MOST));
        let strip = config.strip_tags.into();
        let every = VMOLR::RLPML.val(hardware_limit(config))
            + VMOLR::LPE::SET
            + VMOLR::AUPE::SET
            + Self::VMOLR_STRVLAN.val(strip)
            + VMOLR::STRCRC::SET;
        for pool in 0..Self::VMOLR.len() {
            // Broadcast and multicast are the default pool's alone. Multicast by way of MTA: the
            // other way (MPME) is one that QEMU's igb does not know.
            let value = if pool == usize::from(default) {
                every + VMOLR::BAM::SET + VMOLR::ROMPE::SET + VMOLR::ROPE.val(strip)
            } else {
                every
            };
            Self::VMOLR.at(pool).on(bus).write(value);
        }
        // No frame is replicated; QEMU's igb takes every multicast for one.
        Self::RPLOLR.on(bus).modify(RPLOLR::STRVLAN.val(strip));
        // The port's own address leads to the default pool.
        let own = Self::RAH.at(0).on(bus);
        own.modify(Self::RAH_POOLSEL.val(1 << default));
        Self::VFRE.on(bus).write(VFRE::VFRE.val(POOLS));
        Self::VFTE.on(bus).write(VFTE::VFTE.val(POOLS));
    }

    fn accept<B: Bus>(bus: &B, config: &Config) -> u32 {
        let all = if config.accept.contains(Accept::MULTICAST) { u32::MAX } else { 0 };
        for i in 0..Self::MTA.len() {
            Self::MTA.at(i).on(bus).set(all);
        }
        if config.strip_tags {
            // What comes to the default pool for want of any other keeps its tag. Strangers' frames
            // are therefore led there by UTA (and ROPE, `enable`), as Intel's driver does.
            let all = if config.accept.contains(Accept::PROMISCUOUS) {
                u32::MAX
            } else {
                // They stop coming before they would come with their tags.
                Self::RCTL.on(bus).modify(RCTL::UPE::CLEAR);
                0
            };
            for i in 0..Self::UTA.len() {
                Self::UTA.at(i).on(bus).set(all);
            }
        }
        accepted(config.accept)
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

    const DROP_EN: bool = false;

    fn default_queue<B: Bus>(bus: &B) -> u8 {
        Self::VT_CTL.on(bus).read(Self::VT_CTL_DEF_PL) as u8
    }

    fn vector_mask<B: Bus>(_: &B, vector: u8) -> u32 {
        1 << vector
    }
}
