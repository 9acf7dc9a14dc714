//! 802.1Q tags (FACTS.md sections 2.3 and 3.7).
//!
//! A tag can make three differences, of which this driver uses the last alone:
//!
//! - VFTA, one bit for each of 4096 VLANs, drops frames of VLANs whose bit is clear, if RCTL.VFE is set. It
//!   picks no queue. A reset leaves it undefined, so it is cleared, and VFE stays off.
//! - VLVF (82576) narrows the pools of an address to those of its VLAN. It is cleared: tags make no
//!   difference to where a frame goes.
//! - CTRL.VME has the device remove tags of the type in VET from received frames and put them into the
//!   descriptor. On the 82576 the pools decide while VMDq is on (VMOLR.STRVLAN, see `pools`); VME is set
//!   along as Intel's driver does.
//!
//! Trap: VET is one type for the whole port, and neither a reset nor the NVM is sure to leave it at 0x8100.

use vmdq_hal::Platform;
use vmdq_hal::device::shared::tables;
use vmdq_hal::device::{Io, Vlans};

use crate::model::{Hooks, Igb};
use crate::regs::{CTRL, Common, VET};

/// The type of an 802.1Q tag.
const DOT1Q: u32 = 0x8100;

// SAFETY: no memory is handed over.
unsafe impl<M: Hooks> Vlans for Igb<M> {
    fn clear<P: Platform>(self, io: Io<'_, P>) {
        tables::fill(io, Common::VFTA, 0);
        M::clear_pool_vlans(io);
    }

    fn strip<P: Platform>(self, io: Io<'_, P>, strip: bool) {
        if strip {
            Common::VET.on(io).modify(VET::VET.val(DOT1Q));
        }
        Common::CTRL.on(io).modify(CTRL::VME.val(strip.into()));
    }
}
