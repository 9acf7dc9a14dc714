//! The state of the link.

use vmdq_hal::Link;
use vmdq_hal::bus::Bus;

use crate::model::Model;
use crate::regs::LINKS;

/// Reads the state of the link.
pub(crate) fn state<M: Model, B: Bus>(bus: &B) -> Link {
    let links = M::LINKS.on(bus).get();
    if links == u32::MAX || !LINKS::LINK_UP.is_set(links) { Link::Down } else { Link::Up(M::speed(links)) }
}
