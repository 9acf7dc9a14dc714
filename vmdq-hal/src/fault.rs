//! Faults of a device: it is gone, or it does not answer in time.

use core::fmt;

use crate::bus::Offset;

/// A bounded wait that ended without what was waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TimedOut {
    /// The register that was polled.
    pub register: Offset,
    /// Its last value.
    pub value: u32,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "timed out; register {:#07x} reads {:#010x}", self.register.bytes(), self.value)
    }
}
impl core::error::Error for TimedOut {}

/// The device is gone: its registers read as all ones.
///
/// Check that the window is mapped and the function is enabled, or drop everything that belongs to the port.
///
/// An operation that finds it gone, or during which it goes, ends within 250 ms;
/// [`Port::bring_link_up`](crate::Port::bring_link_up) ends as late as its documentation says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the device is gone: check that its register window is mapped and enabled, or drop the port",
        )
    }
}
impl core::error::Error for Gone {}

/// Why a device did not do what was requested.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fault {
    /// It is gone.
    Gone,
    /// It did not do it in time.
    TimedOut(TimedOut),
}

impl From<Gone> for Fault {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => Gone.fmt(f),
            Self::TimedOut(timed_out) => timed_out.fmt(f),
        }
    }
}
impl core::error::Error for Fault {}
