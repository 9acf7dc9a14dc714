//! The header buffers of a targeted ring, and its configuration.
#![forbid(unsafe_code)]

use core::fmt;
use core::marker::PhantomData;

use crate::device::HeaderReplication;
use crate::ring::BufferSize;
use crate::vmm::VmId;

/// The unit in which devices count the bytes of header buffers.
const UNIT: u16 = 64;

/// How many bytes of a header software fetches: addresses, a tag and the headers of IPv4 and UDP.
const FETCHED: u16 = 64;

/// The size of a ring's header buffers: a multiple of 64 bytes.
///
/// Exists only for controllers whose hardware replicates headers (paper section 3.7), and only in the
/// sizes that model `M` has.
pub struct HeaderSize<M> {
    units: u8,
    model: PhantomData<fn() -> M>,
}

impl<M> HeaderSize<M> {
    /// Makes a size of `bytes`, or `None` if the device does not have it.
    ///
    /// The sizes are multiples of 64 from 64 to [`largest_header`](HeaderReplication::largest_header), on
    /// devices that replicate headers.
    ///
    /// The switch decides by what the header buffer holds: 64 bytes hold the addresses, a tag and the
    /// headers of IPv4 and UDP.
    #[must_use]
    pub fn new(model: M, bytes: u16) -> Option<Self>
    where
        M: HeaderReplication,
    {
        let most = model.largest_header().ok()?;
        if bytes == 0 || bytes > most || !bytes.is_multiple_of(UNIT) {
            return None;
        }
        Some(Self { units: (bytes / UNIT) as u8, model: PhantomData })
    }

    /// Returns the size in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.units as usize * UNIT as usize
    }
}

/// The configuration of a targeted ring: virtual machine, size of its buffers, header replication.
pub struct Targeting<M> {
    pub(super) vm: VmId,
    pub(super) size: BufferSize,
    header: Option<HeaderSize<M>>,
}

impl<M> Targeting<M> {
    /// Makes the configuration for a device that replicates headers in hardware (paper section 3.7).
    ///
    /// Frames are received into buffers of at least `size` that `vm` shares, and their headers into frames
    /// of the I/O container.
    #[must_use]
    pub const fn replicated(vm: VmId, size: BufferSize, headers: HeaderSize<M>) -> Self {
        Self { vm, size, header: Some(headers) }
    }

    /// Makes the configuration for a device that does not replicate headers: software fetches each once.
    #[must_use]
    pub const fn by_software(vm: VmId, size: BufferSize) -> Self {
        Self { vm, size, header: None }
    }

    /// Returns the size in the device's units.
    pub(super) const fn units(&self) -> Option<u8> {
        match self.header {
            Some(header) => Some(header.units),
            None => None,
        }
    }

    /// Returns how many bytes of a header are replicated or fetched.
    pub(super) const fn header_bytes(&self) -> u16 {
        match self.header {
            Some(header) => header.units as u16 * UNIT,
            None => FETCHED,
        }
    }
}

// By hand: derived ones would ask the same of `M`.
impl<M> Clone for HeaderSize<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M> Copy for HeaderSize<M> {}
impl<M> PartialEq for HeaderSize<M> {
    fn eq(&self, other: &Self) -> bool {
        self.units == other.units
    }
}
impl<M> Eq for HeaderSize<M> {}
impl<M> fmt::Debug for HeaderSize<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HeaderSize").field(&self.bytes()).finish()
    }
}
#[cfg(feature = "defmt")]
impl<M> defmt::Format for HeaderSize<M> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "HeaderSize({=usize})", self.bytes());
    }
}
impl<M> Clone for Targeting<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M> Copy for Targeting<M> {}
impl<M> fmt::Debug for Targeting<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Targeting")
            .field("vm", &self.vm)
            .field("size", &self.size)
            .field("header", &self.header)
            .finish()
    }
}
