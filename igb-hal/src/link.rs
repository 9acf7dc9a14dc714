//! The link of a copper port.

use embedded_hal::delay::DelayNs;
use vmdq_hal::bus::Bus;
use vmdq_hal::{Link, Speed, warning};

use crate::model::Model;
use crate::phy;
use crate::regs::{CTRL, STATUS};

/// Asks for the link: lets the PHY negotiate it.
pub(crate) fn start<M: Model, B: Bus>(bus: &B, delay: &mut impl DelayNs) {
    M::CTRL.on(bus).modify(CTRL::SLU::SET + CTRL::FRCSPD::CLEAR + CTRL::FRCDPX::CLEAR);
    if let Err(timed_out) = phy::negotiate::<M, B>(bus, delay) {
        warning!(
            "{}: the PHY does not answer: register {} reads {}",
            M::NAME,
            timed_out.register.bytes(),
            timed_out.value
        );
    }
}

/// Reads the state of the link.
pub(crate) fn state<M: Model, B: Bus>(bus: &B) -> Link {
    let status = M::STATUS.on(bus).get();
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
