//! The link of a copper port (FACTS.md section 3.3).
//!
//! CTRL.SLU brings the MAC's link up, FRCSPD and FRCDPX must be clear so that the MAC follows the PHY, and the
//! PHY is made to negotiate (`phy`). STATUS.LU and STATUS.SPEED show the result a few seconds later; a change
//! raises ICR.LSC.
//!
//! Trap: the PHY is shared with the firmware (management), which may hold it. Even if the
//! driver does not get it, CTRL.SLU is set, and the link comes up if the PHY negotiates by itself.
//!
//! SerDes and SGMII ports show their link elsewhere (PCS_LSTAT); they are not driven.

mod phy;

use vmdq_hal::device::{Io, LinkControl};
use vmdq_hal::{Fault, Link, Platform, Speed};

use crate::model::{Hooks, Igb};
use crate::regs::{CTRL, Common, STATUS};

// SAFETY: no memory is handed over; waits are bounded (`phy`).
unsafe impl<M: Hooks> LinkControl for Igb<M> {
    /// Takes 0.94 s at most: 0.7 s for the PHY's semaphore, 32 ms for the PHY, 0.2 s to give it back.
    fn start<P: Platform>(self, io: Io<'_, P>) -> Result<(), Fault> {
        start(io)
    }

    fn state<P: Platform>(self, io: Io<'_, P>) -> Link {
        state(io)
    }
}

fn start<P: Platform>(io: Io<'_, P>) -> Result<(), Fault> {
    Common::CTRL.on(io).modify(CTRL::SLU::SET + CTRL::FRCSPD::CLEAR + CTRL::FRCDPX::CLEAR);
    phy::negotiate(io)
}

fn state<P: Platform>(io: Io<'_, P>) -> Link {
    let status = Common::STATUS.on(io).get();
    if status == u32::MAX || !STATUS::LU.is_set(status) {
        return Link::Down;
    }
    Link::Up(match STATUS::SPEED.read(status) {
        0 => Speed::Mbit10,
        1 => Speed::Mbit100,
        // 2 and 3 both mean this.
        _ => Speed::Gbit1,
    })
}
