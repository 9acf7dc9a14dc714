//! Errors of the filter table.

use core::fmt;

use super::BindingId;
use crate::fault::Gone;

/// Why a filter was not bound.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BindError {
    /// Slot or pool belongs to another port: bind them there.
    OtherPort,
    /// A filter takes a unicast address: leave group addresses to the default pool.
    NotUnicast,
    /// It is the port's own address, which is in entry 0: give the virtual machine another one.
    PortAddress,
    /// The address has a filter, and the hardware can't distinguish two, even in different VLANs: move that
    /// one.
    AlreadyBound(BindingId),
    /// The device is gone: give the port up.
    Gone,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherPort => "slot or pool belongs to another port: bind them there",
            Self::NotUnicast => "a filter takes a unicast address: leave group addresses to the default pool",
            Self::PortAddress => "it is the port's own address: give the virtual machine another one",
            Self::AlreadyBound(_) => "the address has a filter already: move that one",
            Self::Gone => return Gone.fmt(f),
        })
    }
}
impl core::error::Error for BindError {}

/// Why a bound filter was not changed.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FilterError {
    /// The filter was removed, or bound before the port was last enabled: bind a new one.
    NotBound,
    /// The filter or the pool belongs to another port: use its table.
    OtherPort,
    /// The device is gone: give the port up.
    Gone,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotBound => {
                "the filter was removed, or bound before the port was last enabled: bind a new one"
            }
            Self::OtherPort => "the filter or the pool belongs to another port: use its table",
            Self::Gone => return Gone.fmt(f),
        })
    }
}
impl core::error::Error for FilterError {}
