//! Why something was not done to a port.

use core::fmt;

use vmdq_core::MacAddress;

use crate::fault::{Fault, Gone, TimedOut};
use crate::index::{PoolSet, VectorSet};

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
    /// All registers read as ones: the device is gone.
    Gone,
    /// The reset did not end in time: power-cycle the device, or check that it is of this model.
    Reset(TimedOut),
    /// A register does not hold what is written to it: check that the window is decoded (memory space
    /// enable), that it is BAR 0, and that the device is of this model.
    NotDecoded,
    /// The port's own address is none that a station can have: the NVM was not read, or the device is of
    /// another model.
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
            Self::MaxFrame { least, most } => write!(f, "the frame limit must be {least} to {most}"),
            Self::Gone => Gone.fmt(f),
            Self::Reset(timed_out) => {
                write!(
                    f,
                    "the reset did not end ({timed_out}): power-cycle the device, or it is another model"
                )
            }
            Self::NotDecoded => f.write_str(
                "registers don't hold what is written: check memory space enable, the BAR and the model",
            ),
            Self::Address(address) => {
                write!(f, "the port's address reads {address}: the NVM was not read, or it is another model")
            }
            Self::NotBusMaster => f.write_str("the function may not start DMA: set its bus master enable"),
        }
    }
}
impl core::error::Error for InitError {}

/// The value belongs to another port, or to an earlier life of this one: pass it to that port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OtherPort;

impl fmt::Display for OtherPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it belongs to another port, or to an earlier life of this one")
    }
}
impl core::error::Error for OtherPort {}

/// Something that [`Port::enable`](crate::Port::enable) handed out did not come back: put it into
/// [`Parts`](crate::Parts), too.
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
            "not all came back: {} pools, {} filter slots, {} vectors{} are missing",
            self.pools.len(),
            self.filters,
            self.vectors.len(),
            if self.table { " and the filter table" } else { "" },
        )
    }
}
impl core::error::Error for Missing {}
