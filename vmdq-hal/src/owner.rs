//! The owner of a resource: a port, between one enable and the next.

use crate::bus::PortId;

/// A port between one [`enable`](crate::Port::enable) and the next.
///
/// Resources of two ports, or of one port before and after it was enabled again, have the same types; this
/// distinguishes them at run time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Owner {
    pub(crate) port: PortId,
    pub(crate) life: u32,
}
