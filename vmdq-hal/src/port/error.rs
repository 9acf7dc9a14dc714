//! Errors of a port.

use core::fmt;

use vmdq_core::MacAddress;

use crate::fault::{Fault, Gone, TimedOut};
use crate::index::{PoolSet, VectorSet};

/// Why a port was not initialised.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum InitError {
    /// The frame limit is out of the model's range: choose one inside it.
    MaxFrame {
        /// The least limit.
        least: u16,
        /// The largest limit.
        most: u16,
    },
    /// All registers read as ones: the device is gone.
    Gone,
    /// The reset did not end in time: power-cycle the device, or check that the window is BAR 0 and that the
    /// device is of this model.
    Reset(TimedOut),
    /// A register does not hold what is written to it: check that the window is decoded (memory space
    /// enable), that it is BAR 0, and that the device is of this model.
    NotDecoded,
    /// The port's own address is not a unicast address: check that the NVM is programmed and that the device is
    /// of this model.
    Address(MacAddress),
    /// The PCI function may not start DMA: set bus master enable in its command register.
    NotBusMaster,
}

impl From<Fault> for InitError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Gone => Self::Gone,
            Fault::TimedOut(timed_out) => Self::Reset(timed_out),
        }
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxFrame { least, most } => {
                write!(f, "the frame limit is out of range: choose {least} to {most}")
            }
            Self::Gone => Gone.fmt(f),
            Self::Reset(timed_out) => {
                write!(
                    f,
                    "the reset did not end ({timed_out}): power-cycle the device, or check BAR and model"
                )
            }
            Self::NotDecoded => f.write_str(
                "registers don't hold what is written: check memory space enable, the BAR and the model",
            ),
            Self::Address(address) => {
                write!(
                    f,
                    "the port's address reads {address}: check that the NVM is programmed, and the model"
                )
            }
            Self::NotBusMaster => f.write_str("the function may not start DMA: set its bus master enable"),
        }
    }
}
impl core::error::Error for InitError {}

/// The value belongs to another port, or to this one before it was last enabled: pass it there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OtherPort;

impl fmt::Display for OtherPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it belongs to another port, or to this one before it was last enabled: pass it there")
    }
}
impl core::error::Error for OtherPort {}

/// The resources that [`Port::enable`](crate::Port::enable) handed out and that did not come back: put them
/// into [`Parts`](crate::Parts), too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Missing {
    /// The pools that are missing.
    pub pools: PoolSet,
    /// How many filter slots are missing, of those that are not bound.
    pub filters: u8,
    /// The vectors that are missing.
    pub vectors: VectorSet,
    /// Whether the filter table is missing.
    pub table: bool,
    /// Whether the parts belong to another port.
    pub other_port: bool,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.other_port {
            return OtherPort.fmt(f);
        }
        write!(
            f,
            "put these into `Parts` too: {} pools, {} filter slots, {} vectors{}",
            self.pools.len(),
            self.filters,
            self.vectors.len(),
            if self.table { " and the filter table" } else { "" },
        )
    }
}
impl core::error::Error for Missing {}
