//! VMDq itself: sorting into pools, the default pool, and what is accepted beyond filters (FACTS.md
//! sections 3.4, 3.5, 3.8 and 3.14).
//!
//! A frame passes two stages. First it is accepted or dropped by the rules of any controller: an exact
//! address, broadcast (RCTL.BAM), multicast (MTA or RCTL.MPE), anything (RCTL.UPE). Then MRQC.MRQE = VMDq
//! has it sorted: by its address to the pool that the filter names, and without one to the default pool.
//!
//! | | 82575 | 82576 |
//! |---|---|---|
//! | a pool is | a queue pair | queues p and p + 8, of which p is used |
//! | default pool | queue 0; the field for another is not documented | VT_CTL.DEF_PL |
//! | broadcast, multicast | to the default queue, in hardware | to pools with VMOLR.BAM, ROMPE: the default pool alone |
//! | no descriptor | SRRCTL.DROP_EN of the queue | QDE, one bit for each queue |
//! | longest frame | RLPML | VMOLR.RLPML of the pool |
//!
//! Order: pools and sorting are set up while the receiver is off, MSI-X before anything is routed (else IVAR,
//! EIAC and EIMS do not take effect), then the transmitter, RCTL.RXEN last.
//!
//! Traps:
//! - Without RXCSUM.PCSD the descriptor has a checksum where VMDq puts the hash.
//! - A queue without descriptors that does not drop blocks all others.
//! - VMOLR.STRCRC must always be set, and follow RCTL.SECRC.
//! - 82576: a frame that reaches the default pool because no other pool matched keeps its tag, regardless of
//!   VMOLR. So when tags are removed and everything is accepted, UTA and ROPE select the default pool for
//!   unknown addresses.

use core::convert::Infallible;

use vmdq_hal::device::{DefaultPoolChoice, Io, LiveAccept, Model, Pools, Vlans};
use vmdq_hal::{Config, Platform, PoolIndex, RingIndex};

use crate::life::{mask_all, receiver_and_transmitter_off};
use crate::model::{Hooks, I82576, Igb};
use crate::regs::{Common, RCTL, RXCSUM, TCTL};

/// The collision threshold that Intel's drivers set.
const COLLISION_THRESHOLD: u32 = 0x0f;
/// How long the packet buffer takes to drain once the receiver is off, in microseconds.
const DRAIN: u32 = 10_000;

// SAFETY: no ring is handed over; pool p has ring p on all models, so that pools share none.
unsafe impl<M: Hooks> Pools for Igb<M> {
    fn enable<P: Platform>(self, io: Io<'_, P>, config: &Config) {
        Common::RXCSUM.on(io).modify(RXCSUM::PCSD::SET);
        self.strip(io, config.strip_tags);
        M::sort(io, config, PoolIndex::new(0));
        M::enable_msix(io);
        turn_transmitter_on(io);
        receive(io, M::accept(io, config));
    }

    fn disable<P: Platform>(self, io: Io<'_, P>) {
        disable(io);
    }

    fn restore_default<P: Platform>(self, io: Io<'_, P>, config: &Config, pool: PoolIndex) {
        M::set_default(io, config, pool);
    }

    fn default_pool<P: Platform>(self, io: Io<'_, P>) -> PoolIndex {
        M::default_pool(io)
    }

    fn receive_ring(self, pool: PoolIndex) -> RingIndex {
        first_ring(pool)
    }

    fn transmit_ring(self, pool: PoolIndex) -> RingIndex {
        first_ring(pool)
    }
}

// SAFETY: no memory is handed over.
unsafe impl<M: Hooks> LiveAccept for Igb<M>
where
    Self: Model<Lack = Infallible>,
{
    fn accept<P: Platform>(self, io: Io<'_, P>, config: &Config) -> Result<(), Infallible> {
        receive(io, M::accept(io, config));
        Ok(())
    }
}

// SAFETY: no memory is handed over.
unsafe impl DefaultPoolChoice for I82576 {
    fn set_default<P: Platform>(
        self,
        io: Io<'_, P>,
        config: &Config,
        pool: PoolIndex,
    ) -> Result<(), Infallible> {
        self.restore_default(io, config, pool);
        Ok(())
    }
}

/// Pool p has ring p; ring p + 8 of the 82576 is for two queues a pool, which are not used.
fn first_ring(pool: PoolIndex) -> RingIndex {
    RingIndex::new(pool.bits() as u8)
}

fn turn_transmitter_on<P: Platform>(io: Io<'_, P>) {
    let on = TCTL::EN::SET + TCTL::PSP::SET + TCTL::CT.val(COLLISION_THRESHOLD) + TCTL::RTLC::SET;
    Common::TCTL.on(io).write(on);
}

/// Writes RCTL as it is while VMDq is on; `accepted` has the bits that accept what no filter has to match.
fn receive<P: Platform>(io: Io<'_, P>, accepted: u32) {
    // VLAN filtering is off: tags make no difference to where a frame goes.
    let always = RCTL::RXEN::SET + RCTL::LPE::SET + RCTL::SECRC::SET + RCTL::PMCF::SET;
    Common::RCTL.on(io).set(always.value | accepted);
}

fn disable<P: Platform>(io: Io<'_, P>) {
    receiver_and_transmitter_off(io);
    let _ = Common::STATUS.on(io).get();
    io.wait_us(DRAIN);
    Common::MRQC.on(io).set(0);
    mask_all(io);
}
