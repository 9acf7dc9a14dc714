//! The 82576: second generation, a filter names a set of pools.
//!
//! Each pool has its own rules (VMOLR), which decide besides the port's. No full datasheet was at hand: the
//! facts are those of open drivers, of a sibling's datasheet and of QEMU's igb (FACTS.md sections 3.5, 6).

use core::convert::Infallible;

use vmdq_hal::device::shared::tables;
use vmdq_hal::device::{Io, Limits, Model};
use vmdq_hal::{Accept, Config, FilterMemory, Mint, Platform, PoolIndex, VectorIndex};

use super::common::{accepted, clear_and_mask_by_message, hardware_limit};
use super::{Hooks, LARGEST_HEADER, MAX_FRAME};
use crate::regs::{
    CTRL_EXT, Common, DTXSWC, GPIE, I82576, IVAR, IVAR_MISC, MRQC, PoolRegs, RCTL, RLPML, RPLOLR, Regs, VFRE,
    VFTE, VLVF, VMOLR,
};

/// How many pools there are.
const POOLS: u8 = 8;
/// How many filters there are, entry 0 aside.
const FILTERS: u8 = 23;
/// How many MSI-X vectors there are.
const VECTORS: u8 = 10;

// SAFETY: the traits that it needs are implemented for all models of the family, each with its reason; one
// constant is both the length of an array and the limit.
unsafe impl Model for super::I82576 {
    type PerPool<T: Mint> = [T; POOLS as usize];
    type PerFilter<T: Mint> = [T; FILTERS as usize];
    type PerVector<T: Mint> = [T; VECTORS as usize];
    type Shadow = FilterMemory<{ FILTERS as usize }>;
    type Lack = Infallible;

    fn limits(self) -> Limits {
        Limits {
            name: I82576::NAME,
            pools: POOLS,
            filters: FILTERS,
            vectors: VECTORS,
            max_frame: MAX_FRAME,
            default_pool_choice: true,
            largest_header: LARGEST_HEADER,
        }
    }
}

impl Hooks for I82576 {
    const NAME: &'static str = "82576";
    const POOLS: u8 = POOLS;
    const TAIL_WHILE_DISABLED: bool = true;
    const CONTEXT_IS_RING: bool = false;
    // QDE says it for all queues, from when VMDq is turned on.
    const DROP_EN: bool = false;

    fn destination(pool: PoolIndex) -> u32 {
        Self::RAH_POOLSEL.val(1 << pool.number()).value
    }

    fn is_this_model<P: Platform>(io: Io<'_, P>) -> bool {
        // An entry that is not valid, which `clear_pool_vlans` clears.
        let entry = VLVF::VLAN_ID.val(VLVF::VLAN_ID.mask) + VLVF::POOLSEL.val(VLVF::POOLSEL.mask);
        tables::bits_hold_what_is_written(io, Self::VLVF.at(0), entry.value)
    }

    fn init<P: Platform>(io: Io<'_, P>) {
        tables::fill(io, Self::UTA, 0);
        Common::CTRL_EXT.on(io).modify(Self::CTRL_EXT_PFRSTD.val(1) + CTRL_EXT::DRV_LOAD::SET);
        // No loopback switch: the virtual switch handles frames between virtual machines.
        Self::DTXSWC.on(io).modify(DTXSWC::VMDQ_LOOPBACK_EN::CLEAR);
    }

    fn clear_pool_vlans<P: Platform>(io: Io<'_, P>) {
        tables::fill(io, Self::VLVF, 0);
    }

    fn sort<P: Platform>(io: Io<'_, P>, config: &Config, default: PoolIndex) {
        // Virtual machines' queues drop rather than block; the default queue by configuration.
        let drops = Self::QDE_QDE.mask & !(u32::from(!config.default_drops) << default.number());
        Self::QDE.on(io).write(Self::QDE_QDE.val(drops));
        Common::VT_CTL.on(io).write(Self::VT_CTL_DEF_PL.val(default.bits()));
        Common::MRQC.on(io).write(MRQC::MRQE::VMDQ);
        // The limit is each pool's; the port's stays out of the way.
        Common::RLPML.on(io).write(RLPML::RLPML.val(RLPML::RLPML.mask));
        let strip = config.strip_tags.into();
        let every = VMOLR::RLPML.val(hardware_limit(config))
            + VMOLR::LPE::SET
            + VMOLR::AUPE::SET
            + Self::VMOLR_STRVLAN.val(strip)
            + VMOLR::STRCRC::SET;
        for pool in 0..Self::VMOLR.len() {
            // Broadcast and multicast are the default pool's alone. Multicast by way of MTA: the
            // other way (MPME) is one that QEMU's igb does not know.
            let value = if pool == default.number() {
                every + VMOLR::BAM::SET + VMOLR::ROMPE::SET + VMOLR::ROPE.val(strip)
            } else {
                every
            };
            Self::VMOLR.at(pool).on(io).write(value);
        }
        // No frame is replicated; QEMU's igb takes every multicast for one.
        Self::RPLOLR.on(io).modify(RPLOLR::STRVLAN.val(strip));
        // Frames for the port's own address go to the default pool.
        let own = Self::RAH.at(0).on(io);
        own.modify(Self::RAH_POOLSEL.val(1 << default.number()));
        Self::VFRE.on(io).write(VFRE::VFRE.val(VFRE::VFRE.mask));
        Self::VFTE.on(io).write(VFTE::VFTE.val(VFTE::VFTE.mask));
    }

    fn accept<P: Platform>(io: Io<'_, P>, config: &Config) -> u32 {
        let all = if config.accept.contains(Accept::MULTICAST) { u32::MAX } else { 0 };
        tables::fill(io, Common::MTA, all);
        if config.strip_tags {
            // What comes to the default pool for want of any other keeps its tag. Strangers' frames
            // are therefore led there by UTA (and ROPE, `sort`), as Intel's driver does.
            let all = if config.accept.contains(Accept::PROMISCUOUS) {
                u32::MAX
            } else {
                // Acceptance ends first, else frames would arrive with their tags.
                Common::RCTL.on(io).modify(RCTL::UPE::CLEAR);
                0
            };
            tables::fill(io, Self::UTA, all);
        }
        accepted(config.accept)
    }

    fn set_default<P: Platform>(io: Io<'_, P>, config: &Config, pool: PoolIndex) {
        // Pools and sorting are set up while the receiver is off.
        Common::RCTL.on(io).modify(RCTL::RXEN::CLEAR);
        Self::sort(io, config, pool);
        Common::RCTL.on(io).modify(RCTL::RXEN::SET);
    }

    fn default_pool<P: Platform>(io: Io<'_, P>) -> PoolIndex {
        PoolIndex::new(Common::VT_CTL.on(io).read(Self::VT_CTL_DEF_PL) as u8)
    }

    fn enable_msix<P: Platform>(io: Io<'_, P>) {
        // Before IVAR, EIAC and EIMS, else those do not stick.
        Self::GPIE
            .on(io)
            .write(GPIE::NSICR::SET + GPIE::MULTIPLE_MSIX::SET + GPIE::EIAME::SET + GPIE::PBA_SUPPORT::SET);
    }

    fn route<P: Platform>(io: Io<'_, P>, vector: VectorIndex, pool: PoolIndex) {
        // Row q & 7: byte 0 receives, byte 1 transmits; the rows of the 8 pools are their own.
        Self::IVAR.at(pool.number()).on(io).write(
            IVAR::INT_ALLOC0.val(vector.bits())
                + IVAR::INT_ALLOC_VAL0::SET
                + IVAR::INT_ALLOC1.val(vector.bits())
                + IVAR::INT_ALLOC_VAL1::SET,
        );
        clear_and_mask_by_message(io, bit(vector));
    }

    fn route_others<P: Platform>(io: Io<'_, P>, vector: VectorIndex) {
        Self::IVAR_MISC
            .on(io)
            .write(IVAR_MISC::INT_ALLOC1.val(vector.bits()) + IVAR_MISC::INT_ALLOC_VAL1::SET);
        clear_and_mask_by_message(io, bit(vector));
    }

    fn mask_bits<P: Platform>(_: Io<'_, P>, vector: VectorIndex) -> u32 {
        bit(vector)
    }
}

/// The bit of a vector in EIMS, EIMC and EICS.
const fn bit(vector: VectorIndex) -> u32 {
    1 << vector.number()
}
