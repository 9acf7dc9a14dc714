//! Errors of starting and stopping a pool.

use core::fmt;

use crate::fault::{Fault, Gone, TimedOut};
use crate::ring::BufferSize;

/// Why a pool was not started.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StartError {
    /// The pool belongs to another port: start it there.
    OtherPort,
    /// A frame within the port's limit would not fit a buffer: use larger buffers or a lower limit.
    BufferTooSmall {
        /// The smallest size that fits.
        least: Option<BufferSize>,
    },
    /// The device does not replicate headers into such large buffers (the size was made for another model):
    /// make the size with the port's own model, or receive by software.
    HeaderTooLarge {
        /// The largest header buffer in bytes; 0 if the device replicates none.
        most: u16,
    },
    /// The platform can't map the ring memory for the device: give memory that it can.
    NotMapped,
    /// The bus address of ring memory is not a multiple of 128: correct the platform's `DmaSpace`.
    NotAligned,
    /// The device continues where its last ring stopped (82575), beyond the end of this one: use rings at
    /// least as long as before, or reset the port.
    RingTooShort {
        /// How many descriptors the ring needs.
        least: u32,
    },
    /// The device is gone: drop the port.
    Gone,
    /// The device did not report a ring enabled. The memory is lost, since the device may have it; the
    /// pool comes back and can be started on other memory.
    TimedOut(TimedOut),
}

impl From<Fault> for StartError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Gone => Self::Gone,
            Fault::TimedOut(timed_out) => Self::TimedOut(timed_out),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherPort => f.write_str("the pool belongs to another port: start it there"),
            Self::BufferTooSmall { least: Some(least) } => {
                write!(
                    f,
                    "the port's longest frame needs buffers of {} KiB: use those, or lower the limit",
                    least.in_kib()
                )
            }
            Self::BufferTooSmall { least: None } => {
                f.write_str("no buffer holds the port's longest frame: lower the limit")
            }
            Self::HeaderTooLarge { most } => {
                write!(
                    f,
                    "the device replicates at most {most} bytes of a header: ask this model for the size"
                )
            }
            Self::NotMapped => f.write_str("the platform can't map the ring memory: give memory that it can"),
            Self::RingTooShort { least } => {
                write!(f, "the last ring was longer: use {least} descriptors at least, or reset the port")
            }
            Self::NotAligned => f.write_str(
                "ring memory is mapped to an address that is not a multiple of 128: correct the `DmaSpace`",
            ),
            Self::Gone => Gone.fmt(f),
            Self::TimedOut(timed_out) => {
                write!(f, "the ring was not enabled ({timed_out}): start the pool on other memory")
            }
        }
    }
}
impl core::error::Error for StartError {}

/// Why a pool was not stopped. Its memory can't be freed then.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StopError {
    /// A ring or the table belongs to another pool or port: pass what belongs together.
    OtherPort,
    /// Filters still name the pool: unbind or move them first.
    Bound,
    /// The rings' state can't be seen while the link is down (82598): stop the pool when the link is up,
    /// or quiesce the port.
    LinkDown,
    /// The device is gone: drop the port, or quiesce it once the platform knows that its DMA has ended.
    Gone,
    /// The device did not report a ring disabled: try again, or quiesce the port.
    TimedOut(TimedOut),
}

impl From<Fault> for StopError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Gone => Self::Gone,
            Fault::TimedOut(timed_out) => Self::TimedOut(timed_out),
        }
    }
}

impl fmt::Display for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherPort => {
                f.write_str("a ring or the table belongs to another pool or port: pass what belongs together")
            }
            Self::Bound => f.write_str("filters still name the pool: unbind or move them first"),
            Self::LinkDown => {
                f.write_str("the link is down: stop the pool when it is up, or quiesce the port")
            }
            Self::Gone => Gone.fmt(f),
            Self::TimedOut(timed_out) => {
                write!(f, "the ring was not disabled ({timed_out}): try again, or quiesce the port")
            }
        }
    }
}
impl core::error::Error for StopError {}
