//! A frame in a buffer that is mapped for DMA: the value that travels between rings and pools.

use core::mem::ManuallyDrop;

use vmdq_core::group::Described;
use vmdq_core::relay::Received;

use super::Buffer;
use crate::dma::{WriteBack, status};

bitflags::bitflags! {
    /// The controller's report on a received frame.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct FrameFlags: u16 {
        /// The controller removed an 802.1Q tag; [`Frame::tag`] has it.
        const TAG_REMOVED = status::VP as u16;
        /// The frame has an error that the controller was configured to pass.
        const ERROR = status::OURS as u16;
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

/// Bytes of an Ethernet header.
pub const HEADER: usize = 14;

/// A buffer that is mapped for DMA, and the frame in it.
///
/// Made by a [`BufferPool`](crate::ring::BufferPool) and moved, never copied: the value owns the
/// buffer. A dropped frame is a buffer lost; debug builds count them
/// ([`lost_buffers`](crate::ring::lost_buffers)).
///
/// # Examples
///
/// ```
/// use vmdq_hal::ring::{BufferPool, Frame, TooLong};
///
/// /// Makes an Ethernet frame; `None` if the pool has no buffer left.
/// fn frame(pool: &mut BufferPool, to: [u8; 6], from: [u8; 6], data: &[u8]) -> Option<Result<Frame, TooLong>> {
///     let mut frame = pool.take()?;
///     if let Err(too_long) = frame.set_len(14 + data.len()) {
///         // A frame that is dropped is a buffer lost.
///         pool.put(frame).expect("it came from this pool");
///         return Some(Err(too_long));
///     }
///     let (header, rest) = frame.bytes_mut().split_at_mut(14);
///     header[..6].copy_from_slice(&to);
///     header[6..12].copy_from_slice(&from);
///     header[12..].copy_from_slice(&[0x88, 0xb5]);
///     rest.copy_from_slice(data);
///     Some(Ok(frame))
/// }
/// ```
// As large as a power of two: a place in a burst is found by a shift.
#[must_use = "a dropped frame is a lost buffer: put it back into a pool, post it or send it"]
#[repr(align(16))]
pub struct Frame {
    buffer: Buffer,
    facts: Facts,
}

/// Length, tag and flags of a frame in one word, laid out as the device's write-back, so that receiving
/// a frame is one store: flags in bits 15:0, the length in 47:32, the removed tag in
/// 63:48. Bits that mean nothing here are as the device wrote them.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Facts(u64);

impl Facts {
    const EMPTY: Self = Self(0);

    #[inline(always)]
    const fn len(self) -> u16 {
        (self.0 >> 32) as u16
    }

    const fn tag(self) -> u16 {
        (self.0 >> 48) as u16
    }

    const fn flags(self) -> FrameFlags {
        FrameFlags::from_bits_truncate(self.0 as u16)
    }

    /// Tells whether both have the same error state and the same removed tag, or none.
    #[inline(always)]
    const fn is_like(self, other: Self) -> bool {
        const STATE: u64 = FrameFlags::all().bits() as u64;
        let has_tag = self.flags().contains(FrameFlags::TAG_REMOVED);
        // Where no tag was removed, its bits mean nothing.
        let mask = if has_tag { STATE | 0xffff << 48 } else { STATE };
        (self.0 ^ other.0) & mask == 0
    }
}

impl Frame {
    /// Makes an empty frame of a buffer.
    #[inline(always)]
    pub(crate) const fn empty(buffer: Buffer) -> Self {
        Self { buffer, facts: Facts::EMPTY }
    }

    /// Makes a frame of a buffer into which the controller reports to have written one.
    ///
    /// # Safety
    ///
    /// The reported length is at most the capacity.
    #[inline(always)]
    pub(crate) const unsafe fn received(buffer: Buffer, done: WriteBack) -> Self {
        Self { buffer, facts: Facts(done.word()) }
    }

    /// Makes a frame of a buffer that holds the first `len` bytes of one, of which the controller
    /// reports the rest.
    ///
    /// # Safety
    ///
    /// `len` is at most the capacity.
    pub(crate) const unsafe fn header_of(buffer: Buffer, done: WriteBack, len: u16) -> Self {
        Self { buffer, facts: Facts(done.word() & !(0xffff << 32) | (len as u64) << 32) }
    }

    /// Forgets the frame and keeps the buffer.
    #[inline(always)]
    pub(crate) fn into_buffer(self) -> Buffer {
        // It goes on living, so that nothing is lost.
        let frame = ManuallyDrop::new(self);
        // SAFETY: `frame` is not used again.
        unsafe { (&raw const frame.buffer).read() }
    }

    /// Returns the buffer in which the frame is.
    #[inline(always)]
    pub(crate) const fn buffer(&self) -> &Buffer {
        &self.buffer
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
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Returns the bytes of the frame, without FCS.
    #[inline(always)]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: length <= capacity initialised bytes, owned by `self` (`Buffer::new`).
        unsafe { core::slice::from_raw_parts(self.buffer.at().as_ptr(), self.len()) }
    }

    /// Returns the bytes of the frame for writing.
    #[inline(always)]
    #[must_use]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: length <= capacity initialised bytes, owned by `self` (`Buffer::new`).
        unsafe { core::slice::from_raw_parts_mut(self.buffer.at().as_ptr(), self.len()) }
    }

    /// Returns the Ethernet header: two addresses, and a type or an 802.1Q tag's.
    ///
    /// Received frames have one; in a frame shorter than 14 bytes the rest is the old content of the
    /// buffer before.
    #[inline(always)]
    #[must_use]
    pub fn header(&self) -> &[u8; HEADER] {
        // SAFETY: a buffer has at least 1 KiB of initialised bytes, owned by `self` (`Buffer::new`).
        unsafe { self.buffer.at().cast().as_ref() }
    }

    /// Returns the Ethernet header for writing; see [`header`](Self::header).
    #[inline(always)]
    #[must_use]
    pub fn header_mut(&mut self) -> &mut [u8; HEADER] {
        // SAFETY: as for `header`.
        unsafe { self.buffer.at().cast().as_mut() }
    }

    /// Sets the frame's length; bytes that are added keep the buffer's old content.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if the buffer is smaller.
    #[inline]
    pub fn set_len(&mut self, len: usize) -> Result<(), TooLong> {
        if len > self.capacity() {
            return Err(TooLong { capacity: self.capacity() as u16 });
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

    /// Returns the controller's report on the frame.
    #[inline(always)]
    #[must_use]
    pub const fn flags(&self) -> FrameFlags {
        self.facts.flags()
    }

    /// Tells whether the controller reported an error, by one bit.
    #[inline(always)]
    pub(crate) const fn has_error(&self) -> bool {
        self.facts.0 & FrameFlags::ERROR.bits() as u64 != 0
    }

    /// Tells whether error state and removed tag are those of another frame, by one comparison.
    #[inline(always)]
    pub(crate) const fn is_like(&self, other: &Self) -> bool {
        self.facts.is_like(other.facts)
    }

    /// Sets whether the frame has an error, in place of what the device wrote.
    pub(crate) fn set_error(&mut self, error: bool) {
        let bit = u64::from(FrameFlags::ERROR.bits());
        self.facts.0 = if error { self.facts.0 | bit } else { self.facts.0 & !bit };
    }

    /// Sets the tag that was removed from the bytes, in place of what the device wrote.
    pub(crate) fn set_tag(&mut self, removed: Option<u16>) {
        let bit = u64::from(FrameFlags::TAG_REMOVED.bits());
        let others = self.facts.0 & !(bit | 0xffff << 48);
        self.facts.0 = removed.map_or(others, |tag| others | bit | u64::from(tag) << 48);
    }
}

// In other builds frames have no destructor, and moving or dropping one costs nothing.
#[cfg(debug_assertions)]
impl Drop for Frame {
    fn drop(&mut self) {
        super::lost::count_lost();
    }
}

impl Described for Frame {
    #[inline(always)]
    fn tag(&self) -> Option<u16> {
        Self::tag(self)
    }

    #[inline(always)]
    fn has_error(&self) -> bool {
        Self::has_error(self)
    }

    #[inline(always)]
    fn is_like(&self, other: &Self) -> bool {
        Self::is_like(self, other)
    }
}

impl AsRef<[u8]> for Frame {
    #[inline(always)]
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl Received for Frame {
    #[inline(always)]
    fn header(&self) -> &[u8] {
        self.bytes()
    }

    #[inline(always)]
    fn length(&self) -> usize {
        self.len()
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

/// The buffer is smaller than the frame: take one from a pool with larger buffers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TooLong {
    /// How many bytes the buffer holds.
    pub capacity: u16,
}

impl core::fmt::Display for TooLong {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the buffer holds {} bytes: take one from a pool with larger buffers", self.capacity)
    }
}
impl core::error::Error for TooLong {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words as devices write them, with anything in the bits that mean nothing.
    #[test]
    fn frames_are_alike_by_tag_and_error_alone() {
        let flags = [FrameFlags::empty(), FrameFlags::TAG_REMOVED, FrameFlags::ERROR, FrameFlags::all()];
        let meaningless = !(u64::from(FrameFlags::all().bits()) | 0xffff << 48);
        let words = flags.into_iter().flat_map(|flags| {
            let state = u64::from(flags.bits());
            [0, 5, 0xa005]
                .into_iter()
                .flat_map(move |tag| [0, meaningless].map(|rest| state | tag << 48 | rest))
        });
        let all: heapless::Vec<Facts, 24> = words.map(Facts).collect();
        let said = |facts: Facts| {
            let flags = facts.flags();
            let tagged = flags.contains(FrameFlags::TAG_REMOVED);
            (tagged.then_some(facts.tag()), flags.contains(FrameFlags::ERROR))
        };
        for a in &all {
            for b in &all {
                assert_eq!(a.is_like(*b), said(*a) == said(*b), "{:x} {:x}", a.0, b.0);
            }
        }
    }
}
