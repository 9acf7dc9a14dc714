//! A buffer that is mapped for DMA, without a frame: the content of rings and pools.

use core::ptr::NonNull;

use super::BufferSize;

/// A buffer that is mapped for DMA: its address, its bus address and its size.
///
/// Two words, so that a ring of them has the layout of a ring of descriptors and moving one is one
/// wide copy. It is moved, never copied; users hold it as a [`Frame`](crate::ring::Frame).
#[derive(Debug)]
#[repr(C, align(16))]
pub struct Buffer {
    /// Where it begins, a multiple of [`ALIGN`](Self::ALIGN), and in the bits that are therefore free
    /// the capacity in KiB, less one.
    at: NonNull<u8>,
    /// Where it begins for the device.
    bus: u64,
}

/// The bits of [`Buffer::at`] that hold the capacity.
const CAPACITY: usize = 0xf;

// SAFETY: a buffer's only handle, and the memory lives as long as the program may use it
// (`BufferPool::carve`).
unsafe impl Send for Buffer {}

impl Buffer {
    /// Alignment of a buffer: a cache line.
    pub(crate) const ALIGN: usize = 64;

    /// Makes the handle of mapped memory.
    ///
    /// # Safety
    ///
    /// `at`, a multiple of [`ALIGN`](Self::ALIGN), points to `size` initialised bytes that stay mapped
    /// at `bus`, and that nothing else reaches while the buffer lives, wherever it is moved.
    pub(crate) unsafe fn new(at: NonNull<u8>, bus: u64, size: BufferSize) -> Self {
        Self { at: at.map_addr(|at| at | (size.in_kib() as usize - 1)), bus }
    }

    /// Points to the memory.
    #[inline(always)]
    pub(crate) fn at(&self) -> NonNull<u8> {
        // SAFETY: the address was not null before the capacity was added to it.
        unsafe { NonNull::new_unchecked(self.at.as_ptr().map_addr(|at| at & !CAPACITY)) }
    }

    /// Returns the bus address.
    #[inline(always)]
    pub(crate) const fn bus(&self) -> u64 {
        self.bus
    }

    /// Returns how many bytes the buffer holds.
    #[inline(always)]
    pub(crate) fn capacity(&self) -> usize {
        ((self.at.addr().get() & CAPACITY) + 1) * 1024
    }

    /// Tells whether the buffer holds fewer bytes than a size says.
    #[inline(always)]
    pub(crate) fn is_smaller_than(&self, size: BufferSize) -> bool {
        self.at.addr().get() & CAPACITY < size.in_kib() as usize - 1
    }
}
