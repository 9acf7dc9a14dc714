//! Errors and counters of a device.

use core::fmt;

use vmdq_hal::ring::BufferSize;

/// Why no device was made of rings and a pool.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NewDeviceError {
    /// The pool's buffers have another size than those of the receive ring: pass the pool with which the
    /// ring was started.
    OtherSize {
        /// The size of the ring's buffers.
        ring: BufferSize,
    },
    /// The rings are of different pools: pass those that were started together.
    OtherPool,
    /// The pool is empty: give it more buffers than the receive ring takes.
    NoBuffers,
}

impl fmt::Display for NewDeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherSize { ring } => write!(
                f,
                "the receive ring has buffers of {} KiB: pass the pool with which it was started",
                ring.in_kib()
            ),
            Self::OtherPool => {
                f.write_str("the rings are of different pools: pass those that were started together")
            }
            Self::NoBuffers => {
                f.write_str("the pool is empty: give it more buffers than the receive ring takes")
            }
        }
    }
}
impl core::error::Error for NewDeviceError {}

/// What a device did, and what it had to drop, since it was made.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DeviceCounters {
    /// Frames that the stack has read.
    pub received: u64,
    /// Frames that the stack has sent.
    pub sent: u64,
    /// How often the stack got no token, because the ring was full or the pool empty: it tries again.
    pub stalled: u64,
    /// Copies that were put into the inbox.
    pub copies: u64,
    /// Copies that were dropped, because the inbox was full, the pool empty or the frame too long.
    pub copies_dropped: u64,
    /// Received frames that were dropped: with an error, or of a VLAN whose tag the controller removed.
    pub received_dropped: u64,
    /// Frames of the stack that were dropped: longer than the MTU that it was told, or shorter than a header.
    pub sent_dropped: u64,
}

impl DeviceCounters {
    /// Nothing counted yet.
    pub(crate) const NONE: Self = Self {
        received: 0,
        sent: 0,
        stalled: 0,
        copies: 0,
        copies_dropped: 0,
        received_dropped: 0,
        sent_dropped: 0,
    };
}
