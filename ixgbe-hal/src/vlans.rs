//! 802.1Q tags of received frames.
//!
//! Three registers concern tags. VLNCTRL holds the EtherType of a tag (VET) and turns the VLAN filter on (VFE).
//! VFTA has a bit for each of 4096 VLANs that pass the filter. On the 82598 VFTAVIND has the pool of each VLAN,
//! 4 bits each in four tables, which apply only while VMD_CTL sorts by VLAN. This driver sorts by address, and
//! the filter is off: tags make no difference to where a frame goes.
//!
//! Order: the tables are cleared at initialisation, since a reset leaves in them what earlier software wrote.
//! Then, with the receiver off, VLNCTRL: which type a tag has (the NVM or earlier software may have changed
//! it), and whether the controller removes it. The 82598 has one such switch for all rings (VLNCTRL.VME); on
//! the 82599 it is RXDCTL.VME, one a ring.
//!
//! Trap: the offsets of VFTAVIND on the 82598 are those of the receive addresses on the 82599.
//!
//! Facts: `FACTS.md` sections 1.4 and 2.4.

use vmdq_hal::Platform;
use vmdq_hal::device::shared::{SharedRegs, tables};
use vmdq_hal::device::{Io, Vlans};

use crate::model::{Hooks, Ixgbe};
use crate::regs::VLNCTRL;

// SAFETY: the registers name no memory and belong to no ring.
unsafe impl<M: Hooks> Vlans for Ixgbe<M> {
    fn clear<P: Platform>(self, io: Io<'_, P>) {
        tables::fill(io, M::Shared::VFTA, 0);
        M::clear_vlans(io);
    }

    fn strip<P: Platform>(self, io: Io<'_, P>, strip: bool) {
        M::VLNCTRL.on(io).modify(VLNCTRL::VET::DOT1Q + M::strip(strip));
    }
}
