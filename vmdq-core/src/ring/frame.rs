//! A frame in a buffer that is mapped for DMA: the value that travels between rings and pools.

use core::ptr::NonNull;

use crate::dma::status;

bitflags::bitflags! {
    /// What the controller said of a received frame.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct FrameFlags: u16 {
        /// The controller removed an 802.1Q tag; [`Frame::tag`] has it.
        const TAG_REMOVED = status::VP as u16;
        /// The frame has an error that the controller was told to let pass.
        const ERROR = 1 << 15;
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for FrameFlags {
    fn format(&self, f: defmt::Formatter<'_>) {
        // `defmt::bitflags!` is for bitflags 1.
        for (name, _) in self.iter_names() {
            defmt::write!(f, "{=str} ", name);
        }
    }
}

/// A buffer that is mapped for DMA, and the frame in it.
///
/// Made by a [`BufferPool`](crate::ring::BufferPool) and moved, never copied: whoever holds the
/// value owns the buffer. A dropped frame is a buffer lost until its pool's memory is released.
#[must_use = "a dropped frame is a lost buffer: put it back into a pool, post it or send it"]
#[derive(Debug)]
pub struct Frame {
    at: NonNull<u8>,
    bus: u64,
    len: u16,
    capacity: u16,
    tag: u16,
    flags: FrameFlags,
}

// SAFETY: a frame is the only handle to its buffer, which lives as long as the program may use it
// (`BufferPool::new`).
unsafe impl Send for Frame {}

impl Frame {
    /// Makes the handle of a mapped buffer.
    ///
    /// # Safety
    ///
    /// `at` points to `capacity` initialised bytes that stay mapped at `bus`, and that nothing else
    /// reaches while the frame or whatever it is moved into lives.
    pub(crate) const unsafe fn new(at: NonNull<u8>, bus: u64, capacity: u16) -> Self {
        Self { at, bus, len: 0, capacity, tag: 0, flags: FrameFlags::empty() }
    }

    /// Returns how many bytes of the buffer are the frame.
    #[inline(always)]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Tells whether the frame has no bytes.
    #[inline(always)]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns how many bytes the buffer holds.
    #[inline(always)]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity as usize
    }

    /// Returns the bytes of the frame, without FCS.
    #[inline(always)]
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        // SAFETY: `len <= capacity` initialised bytes, owned by `self` (`Frame::new`).
        unsafe { core::slice::from_raw_parts(self.at.as_ptr(), self.len as usize) }
    }

    /// Returns the bytes of the frame for writing.
    #[inline(always)]
    #[must_use]
    pub const fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: `len <= capacity` initialised bytes, owned by `self` (`Frame::new`).
        unsafe { core::slice::from_raw_parts_mut(self.at.as_ptr(), self.len as usize) }
    }

    /// Makes the frame `len` bytes long. Bytes that it had not before hold whatever was there.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if the buffer is smaller.
    #[inline]
    pub const fn set_len(&mut self, len: usize) -> Result<(), TooLong> {
        if len > self.capacity as usize {
            return Err(TooLong { capacity: self.capacity });
        }
        self.len = len as u16;
        Ok(())
    }

    /// Replaces the frame by a copy of `bytes`.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if the buffer is smaller; the frame is then unchanged.
    pub fn fill(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        self.set_len(bytes.len())?;
        self.bytes_mut().copy_from_slice(bytes);
        Ok(())
    }

    /// Returns the VLAN tag (priority, DEI and VLAN id) that the controller removed, if it did.
    #[inline(always)]
    #[must_use]
    pub const fn tag(&self) -> Option<u16> {
        if self.flags.contains(FrameFlags::TAG_REMOVED) { Some(self.tag) } else { None }
    }

    /// Returns what the controller said of the frame.
    #[inline(always)]
    #[must_use]
    pub const fn flags(&self) -> FrameFlags {
        self.flags
    }

    #[inline(always)]
    pub(crate) const fn bus(&self) -> u64 {
        self.bus
    }

    #[inline(always)]
    pub(crate) const fn at(&self) -> NonNull<u8> {
        self.at
    }

    /// Records what the controller reported.
    ///
    /// # Safety
    ///
    /// `len` is at most the capacity.
    #[inline(always)]
    pub(crate) const unsafe fn received(&mut self, len: u16, tag: u16, flags: FrameFlags) {
        self.len = len;
        self.tag = tag;
        self.flags = flags;
    }

    /// Forgets the frame and keeps the buffer.
    #[inline(always)]
    pub(crate) const fn clear(&mut self) {
        self.len = 0;
        self.flags = FrameFlags::empty();
    }
}

/// The buffer is smaller than the frame; take one from a pool with larger buffers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TooLong {
    /// How many bytes the buffer holds.
    pub capacity: u16,
}

impl core::fmt::Display for TooLong {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the buffer holds {} bytes; take one from a pool with larger buffers", self.capacity)
    }
}
impl core::error::Error for TooLong {}
