//! A frame in a buffer that is mapped for DMA: the value that travels between rings and pools.

use core::mem::MaybeUninit;
use core::ptr::NonNull;

use crate::dma::{WriteBack, status};

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
#[repr(C)]
pub struct Frame {
    buffer: Buffer,
    facts: Facts,
    /// In a transmit ring: the counter of the last frame of the batch. Fills the frame up to 32
    /// bytes with its padding, so that a place in a ring or on a shelf is found by a shift.
    batch: MaybeUninit<u32>,
}

/// Where a buffer is, for this program and for the device. Beside the facts, so that moving a frame
/// is one wide copy and one word.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Buffer {
    at: NonNull<u8>,
    bus: u64,
}

// SAFETY: a frame is the only handle to its buffer, which lives as long as the program may use it
// (`BufferPool::carve`).
unsafe impl Send for Frame {}

/// What is known of a frame, in one word that is laid out as the device's write-back, so that
/// receiving a frame is one `and` and one `or`: flags in bits 15:0, the buffer's capacity in 30:16
/// (where the device has error bits), the length in 47:32, the removed tag in 63:48. Bit 31 means
/// nothing, which lets the mask be a sign-extended 32-bit constant.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Facts(u64);

impl Facts {
    /// The bits that belong to the buffer and not to the frame in it.
    const CAPACITY: u64 = 0x7fff_0000;
    /// The bits that are taken over from a write-back: length, tag and the flags that stay.
    const WRITTEN: u64 = 0xffff_ffff_8000_0000 | FrameFlags::TAG_REMOVED.bits() as u64;

    const fn empty(capacity: u16) -> Self {
        Self((capacity as u64) << 16)
    }

    #[inline(always)]
    const fn capacity(self) -> u16 {
        (self.0 >> 16) as u16 & 0x7fff
    }

    #[inline(always)]
    const fn len(self) -> u16 {
        (self.0 >> 32) as u16
    }

    const fn tag(self) -> u16 {
        (self.0 >> 48) as u16
    }

    const fn flags(self) -> FrameFlags {
        FrameFlags::from_bits_retain(self.0 as u16)
    }
}

impl Frame {
    /// Makes the handle of a mapped buffer.
    ///
    /// # Safety
    ///
    /// `at` points to `capacity` initialised bytes that stay mapped at `bus`, and that nothing else
    /// reaches while the frame or whatever it is moved into lives.
    pub(crate) const unsafe fn new(at: NonNull<u8>, bus: u64, capacity: u16) -> Self {
        Self { buffer: Buffer { at, bus }, facts: Facts::empty(capacity), batch: MaybeUninit::uninit() }
    }

    /// Returns how many bytes of the buffer are the frame.
    #[inline(always)]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.facts.len() as usize
    }

    /// Tells whether the frame has no bytes.
    #[inline(always)]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.facts.len() == 0
    }

    /// Returns how many bytes the buffer holds.
    #[inline(always)]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.facts.capacity() as usize
    }

    /// Returns the bytes of the frame, without FCS.
    #[inline(always)]
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        // SAFETY: length <= capacity initialised bytes, owned by `self` (`Frame::new`).
        unsafe { core::slice::from_raw_parts(self.buffer.at.as_ptr(), self.len()) }
    }

    /// Returns the bytes of the frame for writing.
    #[inline(always)]
    #[must_use]
    pub const fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: length <= capacity initialised bytes, owned by `self` (`Frame::new`).
        unsafe { core::slice::from_raw_parts_mut(self.buffer.at.as_ptr(), self.len()) }
    }

    /// Makes the frame `len` bytes long. Bytes that it had not before hold whatever was there.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if the buffer is smaller.
    #[inline]
    pub const fn set_len(&mut self, len: usize) -> Result<(), TooLong> {
        if len > self.capacity() {
            return Err(TooLong { capacity: self.facts.capacity() });
        }
        self.facts.0 = self.facts.0 & !(0xffff << 32) | (len as u64) << 32;
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
        if self.facts.flags().contains(FrameFlags::TAG_REMOVED) { Some(self.facts.tag()) } else { None }
    }

    /// Returns what the controller said of the frame.
    #[inline(always)]
    #[must_use]
    pub const fn flags(&self) -> FrameFlags {
        self.facts.flags()
    }

    #[inline(always)]
    pub(crate) const fn bus(&self) -> u64 {
        self.buffer.bus
    }

    #[inline(always)]
    pub(crate) const fn at(&self) -> NonNull<u8> {
        self.buffer.at
    }

    /// Records what the controller reported.
    ///
    /// # Safety
    ///
    /// The reported length is at most the capacity, and the frame was empty.
    #[inline(always)]
    pub(crate) unsafe fn received(&mut self, done: WriteBack) {
        self.facts.0 |= done.word() & Facts::WRITTEN;
    }

    /// Moves an empty frame and records what the controller reported of it, in one go.
    ///
    /// # Safety
    ///
    /// As for `received`; `from` holds a frame, which is moved out, and `to` has room for one.
    #[inline(always)]
    pub(crate) unsafe fn move_received(from: NonNull<Self>, to: *mut Self, done: WriteBack) {
        // SAFETY: `from` holds a frame and `to` has room (caller).
        unsafe { (&raw mut (*to).buffer).copy_from_nonoverlapping(&raw const (*from.as_ptr()).buffer, 1) };
        // SAFETY: `from` holds a frame (caller).
        let capacity = unsafe { (*from.as_ptr()).facts.0 };
        // SAFETY: `to` has room (caller).
        unsafe { (&raw mut (*to).facts).write(Facts(capacity | done.word() & Facts::WRITTEN)) };
    }

    /// Moves a frame into a transmit ring, into a batch that ends at the counter `last`.
    ///
    /// # Safety
    ///
    /// `from` holds a frame, which is moved out, and `to` has room for one.
    #[inline(always)]
    pub(crate) unsafe fn move_into_batch(from: *const Self, to: NonNull<Self>, last: u32) {
        let to = to.as_ptr();
        // SAFETY: `from` holds a frame and `to` has room (caller).
        unsafe { (&raw mut (*to).buffer).copy_from_nonoverlapping(&raw const (*from).buffer, 1) };
        // SAFETY: as above.
        unsafe { (&raw mut (*to).facts).write((*from).facts) };
        // SAFETY: `to` has room (caller).
        unsafe { (&raw mut (*to).batch).write(MaybeUninit::new(last)) };
    }

    /// Returns the end of the batch.
    ///
    /// # Safety
    ///
    /// The frame is in a transmit ring.
    #[inline(always)]
    pub(crate) const unsafe fn batch(&self) -> u32 {
        // SAFETY: set when the frame was moved into the ring (caller).
        unsafe { self.batch.assume_init() }
    }

    /// Corrects the end of the batch, of a frame in a transmit ring.
    pub(crate) const fn set_batch(&mut self, last: u32) {
        self.batch = MaybeUninit::new(last);
    }

    /// Moves a frame whose buffer holds at least `least` bytes and forgets what is in it, in one go;
    /// tells whether it did.
    ///
    /// # Safety
    ///
    /// `from` holds a frame, which is moved out if it is large enough, and `to` has room for one.
    #[inline(always)]
    pub(crate) unsafe fn move_cleared(from: NonNull<Self>, to: NonNull<Self>, least: u16) -> bool {
        let (from, to) = (from.as_ptr(), to.as_ptr());
        // SAFETY: `from` holds a frame (caller).
        let capacity = unsafe { (*from).facts.0 } & Facts::CAPACITY;
        if capacity < Facts::empty(least).0 {
            return false;
        }
        // SAFETY: `from` holds a frame and `to` has room (caller).
        unsafe { (&raw mut (*to).buffer).copy_from_nonoverlapping(&raw const (*from).buffer, 1) };
        // SAFETY: `to` has room (caller).
        unsafe { (&raw mut (*to).facts).write(Facts(capacity)) };
        true
    }

    /// Marks the frame as having an error.
    pub(crate) fn set_error(&mut self) {
        self.facts.0 |= u64::from(FrameFlags::ERROR.bits());
    }

    /// Forgets the frame and keeps the buffer.
    #[inline(always)]
    pub(crate) const fn clear(&mut self) {
        self.facts.0 &= Facts::CAPACITY;
    }
}

impl core::fmt::Debug for Frame {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Frame")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("tag", &self.tag())
            .field("flags", &self.flags())
            .finish_non_exhaustive()
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
