//! To which port, and to which of its lives, a resource belongs.

use crate::bus::PortId;

/// A port between one [`enable`](crate::Port::enable) and the next.
///
/// Resources of two ports, and of two lives of one port, have the same types; this tells them apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Owner {
    pub(crate) port: PortId,
    pub(crate) life: u32,
}
