//! VMDq itself: pools, the default pool, and what is accepted beyond the filters.
//!
//! On the 82598 a pool is a VMDq output index. The controller looks a frame's destination up in the receive
//! addresses and finds an index (RAH.VIND); a frame that no entry matches gets the default index (VMD_CTL).
//! Without RSS (MRQC 0) the index is the receive ring. Transmit rings are not sorted; a pool has the one of its
//! number.
//!
//! Order, with the receiver off and all rings disabled:
//!
//! 1. Entry 0, the port's own address, is set to pool 0: a reset does not clear the index that earlier software
//!    gave it.
//! 2. RDRXCTL.MVMEN: each index has SRRCTL and PSRTYPE of its own from now on. All 16 apply then, so none may
//!    be
//!    left unset, including those whose pool never starts.
//! 3. VLNCTRL (`vlans`), MRQC, VMD_CTL.
//! 4. FCTRL: broadcast, multicast, and everything (promiscuous) to the default pool.
//! 5. MSI-X (`vectors`), then RXCTRL with RXEN. The 82598 has no switch for the whole transmitter.
//!
//! Traps: FCTRL is written only with the receiver off, and the receiver may be turned off only when all rings
//! are: so what is accepted can't change while VMDq is on. Where in VMD_CTL the default index stands is not
//! verified: it is left at 0. VMDq with RSS is in dispute between datasheet and drivers, and not offered.
//!
//! Facts: "Intel 82598EB 10 Gigabit Ethernet Controller Datasheet", PDF pages 213 and 214 (how a frame finds
//! its ring: case 3); `FACTS.md` sections 1.4, 1.5 and 2.4.

use vmdq_hal::device::{Io, Pools, Vlans};
use vmdq_hal::{Accept, Config, Platform, PoolIndex, RingIndex};

use crate::model::{Hooks, Ixgbe};
use crate::regs::{Common, FCTRL, SRRCTL};
use crate::{life, vectors};

/// What a pool's SRRCTL is before its ring starts, in KiB.
const BUFFER_KIB: u32 = 2;
/// How long the packet buffer takes to drain, in microseconds.
const DRAIN_US: u32 = 10_000;

/// The bits of FCTRL for what is accepted.
fn accepted(accept: Accept) -> u32 {
    let mut bits = 0;
    for (flag, field) in [
        (Accept::BROADCAST, FCTRL::BAM::SET),
        (Accept::MULTICAST, FCTRL::MPE::SET),
        (Accept::PROMISCUOUS, FCTRL::UPE::SET),
    ] {
        if accept.contains(flag) {
            bits |= field.value;
        }
    }
    bits
}

// SAFETY: ring and pool have one number; no memory is named.
unsafe impl<M: Hooks> Pools for Ixgbe<M> {
    fn enable<P: Platform>(self, io: Io<'_, P>, config: &Config) {
        M::RAH.at(0).on(io).modify(M::destination(PoolIndex::new(0)));
        M::separate_pools(io, true);
        for i in 0..M::SRRCTL.len() {
            let unset =
                SRRCTL::BSIZEPACKET.val(BUFFER_KIB) + SRRCTL::DESCTYPE::ADV_ONEBUF + SRRCTL::DROP_EN::SET;
            // SAFETY: all rings are disabled (contract of `enable`): the device has no buffer that the size
            // could be wrong for, and starting a ring sets it anew.
            unsafe { M::SRRCTL.at(i).on(io).give_fields(unset) };
            M::PSRTYPE.at(i).on(io).set(0);
        }
        self.strip(io, config.strip_tags);
        M::sort(io, true);
        M::FCTRL.on(io).set(M::accept_always() | accepted(config.accept));
        vectors::enable_msix(io);
        Common::RXCTRL.on(io).write(M::receiver_on());
    }

    fn disable<P: Platform>(self, io: Io<'_, P>) {
        life::mask_all(io);
        Common::RXCTRL.on(io).set(0);
        life::flush(io);
        io.wait_us(DRAIN_US);
        M::sort(io, false);
        M::separate_pools(io, false);
        M::FCTRL.on(io).set(0);
    }

    fn default_pool<P: Platform>(self, _: Io<'_, P>) -> PoolIndex {
        PoolIndex::new(0)
    }

    fn receive_ring(self, pool: PoolIndex) -> RingIndex {
        RingIndex::new(pool.bits() as u8)
    }

    fn transmit_ring(self, pool: PoolIndex) -> RingIndex {
        RingIndex::new(pool.bits() as u8)
    }
}
