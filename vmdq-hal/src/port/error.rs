//! Why something was not done to a port.

use core::fmt;

use crate::controller::TimedOut;

/// Why a port was not initialised.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum InitError {
    /// The frame limit is out of the model's range: choose one within.
    MaxFrame {
        /// The least limit.
        least: u16,
        /// The largest limit.
        most: u16,
    },
    /// All registers read as ones: no device answers. Check that the window is mapped and enabled.
    NoDevice,
    /// The reset did not end in time: power-cycle the device.
    Reset(TimedOut),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxFrame { least, most } => write!(f, "the frame limit must be {least} to {most}"),
            Self::NoDevice => {
                f.write_str("no device answers: check that the register window is mapped and enabled")
            }
            Self::Reset(timed_out) => {
                write!(f, "the reset did not end ({timed_out}): power-cycle the device")
            }
        }
    }
}
impl core::error::Error for InitError {}

/// The value belongs to another port of the same model: pass it to that one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OtherPort;

impl fmt::Display for OtherPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it belongs to another port: pass it to that one")
    }
}
impl core::error::Error for OtherPort {}

/// Why VMDq was not turned off.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DisableError {
    /// Some of the parts belong to another port: pass this port's own.
    OtherPort,
}

impl fmt::Display for DisableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("some of the parts belong to another port: pass this port's own")
    }
}
impl core::error::Error for DisableError {}
