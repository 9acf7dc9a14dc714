//! How a receive queue lays frames out in memory: in one buffer each, or with their headers
//! replicated besides.
#![forbid(unsafe_code)]

use core::fmt;
use core::marker::PhantomData;

use crate::controller::HeaderReplication;
use crate::ring::BufferSize;

/// The unit in which devices count the bytes of header buffers.
const UNIT: u16 = 64;

/// What the device is told of the size of a queue's header buffers: a multiple of 64 bytes.
///
/// Exists only for controllers whose hardware replicates headers (paper section 3.7), and only in the
/// sizes that controller `C` has.
pub struct HeaderSize<C> {
    units: u8,
    controller: PhantomData<fn() -> C>,
}

impl<C> HeaderSize<C> {
    /// Makes a size of `bytes`, or `None` unless that is a multiple of 64 from 64 to
    /// [`HEADER_MOST`](HeaderReplication::HEADER_MOST).
    ///
    /// Frames are decided on by what the header buffer holds: 64 bytes hold the addresses, a tag and
    /// the headers of IPv4 and UDP.
    #[must_use]
    pub const fn new(bytes: u16) -> Option<Self>
    where
        C: HeaderReplication,
    {
        if bytes == 0 || bytes > C::HEADER_MOST || !bytes.is_multiple_of(UNIT) {
            return None;
        }
        Some(Self { units: (bytes / UNIT) as u8, controller: PhantomData })
    }

    /// Returns the size in units of 64 bytes, as SRRCTL.BSIZEHEADER counts.
    #[must_use]
    pub const fn units(self) -> u32 {
        self.units as u32
    }

    /// Returns the size in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.units as usize * UNIT as usize
    }
}

// By hand: derived ones would ask the same of `C`.
impl<C> Clone for HeaderSize<C> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<C> Copy for HeaderSize<C> {}
impl<C> PartialEq for HeaderSize<C> {
    fn eq(&self, other: &Self) -> bool {
        self.units == other.units
    }
}
impl<C> Eq for HeaderSize<C> {}
impl<C> fmt::Debug for HeaderSize<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HeaderSize").field(&self.bytes()).finish()
    }
}
#[cfg(feature = "defmt")]
impl<C> defmt::Format for HeaderSize<C> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "HeaderSize({=usize})", self.bytes());
    }
}

/// How a receive queue of controller `C` takes frames.
#[derive(Debug)]
pub struct ReceiveSetup<C> {
    /// Size of the buffers for whole frames.
    pub size: BufferSize,
    /// Size of the header buffers, if the device is to replicate headers into them; else each frame
    /// has one buffer, and descriptors name no header buffer.
    pub header: Option<HeaderSize<C>>,
    /// Whether the device drops a frame for which the queue has no descriptor; else it waits and so
    /// blocks all queues.
    pub drops: bool,
}
