//! Buffers in a pool, last in, first out, and memory for them.

use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::{Buffer, BufferKib, BufferSize, Burst, Frame, Kib};

/// Bytes between the starts of neighbouring buffers, beyond their size.
///
/// A stride that is a power of two would map the headers of all frames to the same few sets of the
/// cache; an odd multiple of the cache line spreads them.
pub(super) const SPREAD: usize = 64;

/// Bytes of a cache line.
pub(super) const LINE: usize = Buffer::ALIGN;

/// Room for one free buffer of a pool.
pub type BufferSlot = MaybeUninit<Buffer>;

/// A pool's memory in its two parts: the region with the buffers, and the slots for their handles.
pub type PoolParts<W> = (W, &'static mut [BufferSlot]);

/// Memory for a pool of `N` buffers of `KIB` KiB each.
///
/// For memory that is not known at compile time, see [`BufferPool::carve`].
///
/// # Examples
///
/// Pool memory in a `static`, of which a program makes a pool once:
///
/// ```
/// use vmdq_hal::dma::DmaSpace;
/// use vmdq_hal::ring::{BufferMemory, BufferPool, PoolError};
///
/// fn pool<D: DmaSpace>(
///     memory: &'static mut BufferMemory<256, 2>,
///     dma: D,
/// ) -> Result<BufferPool, PoolError> {
///     // Without the second value the memory stays with the pool for ever.
///     let (pool, _memory) = memory.pool(dma).map_err(|refused| refused.into_error())?;
///     Ok(pool)
/// }
/// ```
#[repr(C, align(64))]
pub struct BufferMemory<const N: usize, const KIB: usize> {
    pub(super) cells: [Cell<KIB>; N],
    pub(super) slots: [BufferSlot; N],
}

#[repr(C)]
pub(super) struct Cell<const KIB: usize> {
    buffer: [[u8; 1024]; KIB],
    spread: [u8; SPREAD],
}

impl<const N: usize, const KIB: usize> BufferMemory<N, KIB> {
    /// Makes memory for the pool.
    #[must_use]
    pub const fn new() -> Self
    where
        Kib<KIB>: BufferKib,
    {
        Self {
            cells: [const { Cell { buffer: [[0; 1024]; KIB], spread: [0; SPREAD] } }; N],
            slots: [const { MaybeUninit::uninit() }; N],
        }
    }
}

impl<const N: usize, const KIB: usize> Default for BufferMemory<N, KIB>
where
    Kib<KIB>: BufferKib,
{
    fn default() -> Self {
        Self::new()
    }
}

/// A pool of unused frames: last in, first out, because the buffer that was used last is in the cache.
///
/// # Examples
///
/// Memory that comes from elsewhere, and goes back:
///
/// ```
/// use vmdq_hal::dma::DmaSpace;
/// use vmdq_hal::ring::{BufferPool, BufferSize, BufferSlot};
///
/// fn borrow<D: DmaSpace>(
///     region: &'static mut [u8],
///     slots: &'static mut [BufferSlot],
///     dma: D,
/// ) -> Result<&'static mut [u8], Box<dyn std::error::Error>>
/// where
///     D: 'static,
/// {
///     let size = BufferSize::for_bytes(2000).ok_or("no such size")?;
///     let (mut pool, memory) = BufferPool::carve(region, size, slots, dma)?;
///     if let Some(mut frame) = pool.take() {
///         frame.fill(&[0xff; 60])?;
///         if let Err(frame) = pool.put(frame) {
///             unreachable!("it came from this pool: {frame:?}");
///         }
///     }
///     let (region, _slots) = memory.release(pool)?;
///     Ok(region)
/// }
/// ```
#[must_use = "dropping it loses its buffers: release it with its memory"]
#[derive(Debug)]
pub struct BufferPool {
    slots: NonNull<BufferSlot>,
    capacity: u32,
    len: u32,
    size: BufferSize,
}

// SAFETY: the slots are borrowed for `'static`, and frames are `Send`.
unsafe impl Send for BufferPool {}
// SAFETY: what takes or puts a frame wants `&mut`.
unsafe impl Sync for BufferPool {}

impl BufferPool {
    /// Makes a pool of the first `len` slots, which hold buffers of at least `size`.
    pub(super) fn of(slots: &'static mut [BufferSlot], len: u32, size: BufferSize) -> Self {
        let capacity = slots.len() as u32;
        // The last use of the reference: from here on the slots are reached through the pointer alone.
        Self { slots: NonNull::from(slots).cast(), capacity, len, size }
    }

    /// Returns how many frames are in the pool.
    #[inline(always)]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Tells whether no frame is in the pool.
    #[inline(always)]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns how many frames the pool still takes.
    #[must_use]
    pub const fn room(&self) -> usize {
        (self.capacity - self.len) as usize
    }

    /// Returns the size of the buffers, with which a pool is started.
    #[must_use]
    pub const fn size(&self) -> BufferSize {
        self.size
    }

    /// Takes a frame of length 0.
    #[inline(always)]
    pub fn take(&mut self) -> Option<Frame> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: places below the old `len` hold buffers; this one is counted out above.
        Some(Frame::empty(unsafe { self.top().read() }))
    }

    /// Returns the buffers in the pool.
    pub(super) const fn buffers(&self) -> &[Buffer] {
        // SAFETY: slots below `len` hold buffers.
        unsafe { core::slice::from_raw_parts(self.slots.cast::<Buffer>().as_ptr(), self.len as usize) }
    }

    /// Gives the slots back with their contents.
    pub(super) const fn into_slots(self) -> &'static mut [BufferSlot] {
        // SAFETY: `carve` took them as `&'static mut`, that many.
        unsafe { core::slice::from_raw_parts_mut(self.slots.as_ptr(), self.capacity as usize) }
    }

    /// Points one past the last buffer, for rings that take buffers from there downwards and then
    /// count them out.
    #[inline(always)]
    pub(super) const fn top(&self) -> NonNull<Buffer> {
        // SAFETY: at most one past the last place.
        unsafe { self.slots.add(self.len as usize) }.cast()
    }

    /// Counts out the last `count` buffers.
    ///
    /// # Safety
    ///
    /// There are that many, and they were moved out.
    #[inline(always)]
    pub(super) const unsafe fn count_out(&mut self, count: u32) {
        self.len -= count;
    }

    /// Puts back at most `count` buffers that are adjacent; stops when the pool is full
    /// or at a buffer that [`put`](Self::put) would refuse. Returns how many.
    ///
    /// # Safety
    ///
    /// There are that many buffers at `from`, of which the caller forgets as many as were put.
    #[inline(always)]
    pub(super) unsafe fn put_many(&mut self, from: NonNull<Buffer>, count: u32) -> u32 {
        let count = count.min(self.capacity - self.len);
        // SAFETY: that many buffers (caller).
        let buffers = unsafe { core::slice::from_raw_parts(from.as_ptr(), count as usize) };
        // Without an early end, which lets the compiler look at several at once: hardly ever is one
        // too small.
        let small = buffers.iter().fold(false, |small, buffer| small | buffer.is_smaller_than(self.size));
        let put = if small {
            buffers.iter().take_while(|buffer| !buffer.is_smaller_than(self.size)).count()
        } else {
            count as usize
        };
        // SAFETY: the buffers move (caller), and that many places are free.
        unsafe { self.top().copy_from_nonoverlapping(from, put) };
        self.len += put as u32;
        put as u32
    }

    /// Puts a frame back; its bytes are forgotten.
    ///
    /// # Errors
    ///
    /// Gives the frame back if the pool is full or the frame's buffer is smaller than the pool's
    /// (it came from another pool).
    #[inline(always)]
    pub fn put(&mut self, frame: Frame) -> Result<(), Frame> {
        if self.len == self.capacity || frame.buffer().is_smaller_than(self.size) {
            return Err(frame);
        }
        // SAFETY: `len < capacity`.
        unsafe { self.top().write(frame.into_buffer()) };
        self.len += 1;
        Ok(())
    }

    /// Puts the frames of a burst back; returns how many.
    ///
    /// What [`put`](Self::put) refuses stays in the burst: it belongs to another pool.
    pub fn put_all<const N: usize>(&mut self, burst: &mut Burst<N>) -> usize {
        burst.give(|frame| self.put(frame))
    }
}

/// Why no pool could be made.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PoolError {
    /// Not one buffer fits: give more memory, more places or a smaller size.
    NoRoom,
    /// The platform can't map the memory for the device: give memory that it can.
    NotMapped,
    /// The platform maps the memory to an odd bus address: correct its `DmaSpace`.
    NotAligned,
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRoom => "not one buffer fits: give more memory, more places or a smaller size",
            Self::NotMapped => "the platform can't map the memory for the device: give memory that it can",
            Self::NotAligned => "the platform maps the memory to an odd bus address: correct its `DmaSpace`",
        })
    }
}
impl core::error::Error for PoolError {}
