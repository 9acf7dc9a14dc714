//! Why a filter was not bound or changed.

use core::fmt;

use super::BindingId;
use crate::fault::Gone;

/// Why a filter was not bound.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BindError {
    /// Slot or pool belong to another port: bind them there.
    OtherPort,
    /// A filter takes the address of one station: group addresses go to the default pool.
    NotUnicast,
    /// It is the port's own address, which entry 0 holds: give the virtual machine another one.
    PortAddress,
    /// The address has a filter, and the hardware can't tell two apart, VLANs or not: move that one.
    AlreadyBound(BindingId),
    /// The device is gone: give the port up.
    Gone,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherPort => "slot or pool belong to another port: bind them there",
            Self::NotUnicast => {
                "a filter takes the address of one station; group addresses go to the default pool"
            }
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
    /// The filter was removed, or is of an earlier life of the port: bind a new one.
    NotBound,
    /// The filter or the pool belongs to another port: use its table.
    OtherPort,
    /// The device is gone: give the port up.
    Gone,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotBound => "the filter was removed, or is of an earlier life of the port: bind a new one",
            Self::OtherPort => "the filter or the pool belongs to another port: use its table",
            Self::Gone => return Gone.fmt(f),
        })
    }
}
impl core::error::Error for FilterError {}
