//! The link.
//!
//! The MAC of the 82598 talks to an attachment that the NVM chose (XAUI, KX4, KX, CX4 or BX: AUTOC.LMS), and
//! needs no register of a PHY and no semaphore. Bringing the link up means restarting auto-negotiation
//! (AUTOC.AN_RESTART, which clears itself); what is advertised stays as the NVM set it. Links that do not
//! negotiate come up by themselves.
//!
//! LINKS shows the state: LINK_UP and a bit for the speed, 10 or 1 Gb/s. Its bit 7 is latched and reserved by a
//! later specification update; it is not used.
//!
//! Traps: while the link is down RXDCTL and TXDCTL read as if rings were disabled (`queues`); a device that is
//! gone reads as all ones, which has LINK_UP in it.
//!
//! Facts: `FACTS.md` sections 1.2 and 2.3.

use vmdq_hal::device::{Io, Life, LinkControl};
use vmdq_hal::{Fault, Link, Platform};

use crate::model::{Hooks, Ixgbe};
use crate::regs::{Common, LINKS};

/// Tells whether this value of LINKS means a link.
fn shows_link(links: u32) -> bool {
    links != u32::MAX && LINKS::LINK_UP.is_set(links)
}

/// Tells whether there is a link.
pub(crate) fn is_up<P: Platform>(io: Io<'_, P>) -> bool {
    shows_link(Common::LINKS.on(io).get())
}

// SAFETY: the registers name no memory and belong to no ring; nothing is waited for.
unsafe impl<M: Hooks> LinkControl for Ixgbe<M> {
    fn start<P: Platform>(self, io: Io<'_, P>) -> Result<(), Fault> {
        M::start_link(io);
        if self.is_gone(io) { Err(Fault::Gone) } else { Ok(()) }
    }

    fn state<P: Platform>(self, io: Io<'_, P>) -> Link {
        let links = Common::LINKS.on(io).get();
        if shows_link(links) { Link::Up(M::speed(links)) } else { Link::Down }
    }
}
