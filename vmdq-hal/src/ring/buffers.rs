//! Buffers: carved out of memory that is mapped once, kept on a last-in-first-out shelf.

use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use embedded_dma::WriteBuffer;

use super::{Buffer, BufferKib, BufferSize, Frame, Kib};
use crate::dma::{Direction, DmaSpace};

/// Bytes between the starts of neighbouring buffers, beyond their size.
///
/// A stride that is a power of two would map the headers of all frames to the same few sets of the
/// cache; an odd multiple of the cache line spreads them.
const SPREAD: usize = 64;

/// Bytes of a cache line.
const LINE: usize = Buffer::ALIGN;

/// A place on a pool's shelf.
pub type BufferSlot = MaybeUninit<Buffer>;

/// Memory for a pool of `N` buffers of `KIB` KiB each.
///
/// For memory that isn't known while compiling, see [`BufferPool::carve`].
#[repr(C, align(64))]
pub struct BufferMemory<const N: usize, const KIB: usize> {
    cells: [Cell<KIB>; N],
    shelf: [BufferSlot; N],
}

#[repr(C)]
struct Cell<const KIB: usize> {
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
            shelf: [const { MaybeUninit::uninit() }; N],
        }
    }

    /// Maps the memory and makes a pool of it.
    ///
    /// # Errors
    ///
    /// [`PoolError::NotMapped`] if the platform can't map it, with the memory in its two parts, for
    /// [`BufferPool::carve`].
    pub fn pool<D: DmaSpace>(
        &'static mut self,
        dma: D,
    ) -> Result<(BufferPool, PoolMemory<&'static mut [u8], D>), (PoolError, &'static mut [u8], &'static mut [BufferSlot])>
    where
        Kib<KIB>: BufferKib,
    {
        let len = size_of_val(&self.cells);
        // SAFETY: the cells are bytes, `'static` and borrowed for good.
        let bytes = unsafe { core::slice::from_raw_parts_mut(self.cells.as_mut_ptr().cast::<u8>(), len) };
        BufferPool::carve(bytes, Kib::<KIB>::SIZE, &mut self.shelf, dma)
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

/// Frames that nobody uses, last in, first out: the buffer that was used last is warm in the cache.
#[derive(Debug)]
pub struct BufferPool {
    shelf: NonNull<BufferSlot>,
    places: u32,
    len: u32,
    size: BufferSize,
}

// SAFETY: the shelf is borrowed for good, and frames are `Send`.
unsafe impl Send for BufferPool {}

impl BufferPool {
    /// Maps `region` for DMA and carves it into buffers of `size`, one for each place on the shelf
    /// at most.
    ///
    /// [`BufferMemory`] is such a region with its shelf, for memory that is known while compiling.
    ///
    /// Returns the pool, and beside it the region itself, which [`PoolMemory::release`] gives back once
    /// all frames are home.
    ///
    /// # Errors
    ///
    /// [`PoolError`], the region and the shelf, if not one buffer fits or the platform can't map the
    /// region.
    pub fn carve<W, D>(
        mut region: W,
        size: BufferSize,
        shelf: &'static mut [BufferSlot],
        dma: D,
    ) -> Result<(Self, PoolMemory<W, D>), (PoolError, W, &'static mut [BufferSlot])>
    where
        W: WriteBuffer<Word = u8> + 'static,
        D: DmaSpace,
    {
        // SAFETY: the region is not used again but through the frames made here; `WriteBuffer`
        // promises that it stays in place although `region` moves.
        let (at, bytes) = unsafe { region.write_buffer() };
        let Some(at) = NonNull::new(at) else { return Err((PoolError::NoRoom, region, shelf)) };
        // Buffers begin on cache lines, so that they share none and `Buffer` finds its free bits. The
        // devices use bit 0 of a bus address for something else.
        let skip = at.align_offset(LINE).min(bytes);
        // SAFETY: inside the region, or at its end.
        let at = unsafe { at.add(skip) };
        let bytes = bytes - skip;
        let stride = size.bytes() + SPREAD;
        // The spread after the last buffer may be missing.
        let count = ((bytes + SPREAD) / stride).min(shelf.len());
        if count == 0 {
            return Err((PoolError::NoRoom, region, shelf));
        }
        let Some(bus) = dma.map(at, bytes, Direction::Both) else {
            return Err((PoolError::NotMapped, region, shelf));
        };
        if bus % 2 != 0 {
            // SAFETY: mapped above; no buffer was made of it.
            unsafe { dma.unmap(bus, bytes, Direction::Both) };
            return Err((PoolError::NotAligned, region, shelf));
        }
        // SAFETY: inside the region. `WriteBuffer` covers memory that is not initialised, too; frames
        // are bytes from here on.
        unsafe { at.write_bytes(0, bytes) };
        for (i, place) in shelf.iter_mut().take(count).enumerate() {
            // SAFETY: `i < count`, so the buffer lies inside the region.
            let buffer = unsafe { at.add(i * stride) };
            // SAFETY: initialised and mapped above, apart from every other buffer, and
            // the region lives until `PoolMemory::release` has seen all frames come home.
            place.write(unsafe { Buffer::new(buffer, bus + (i * stride) as u64, size) });
        }
        let count = count as u32;
        let pool =
            Self { shelf: NonNull::from(&mut *shelf).cast(), places: shelf.len() as u32, len: count, size };
        Ok((pool, PoolMemory { region: MaybeUninit::new(region), dma, at, bus, bytes, count }))
    }

    /// Returns how many frames are on the shelf.
    #[inline(always)]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Tells whether no frame is on the shelf.
    #[inline(always)]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns how many frames the shelf still takes.
    #[must_use]
    pub const fn room(&self) -> usize {
        (self.places - self.len) as usize
    }

    /// Returns the size of the buffers, as a queue is told on its start.
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

    /// Points one past the last buffer, for rings that take buffers from there downwards and then
    /// count them out.
    #[inline(always)]
    pub(super) const fn top(&self) -> NonNull<Buffer> {
        // SAFETY: at most one past the last place.
        unsafe { self.shelf.add(self.len as usize) }.cast()
    }

    /// Counts out the last `count` buffers.
    ///
    /// # Safety
    ///
    /// There are so many, and they were moved out.
    #[inline(always)]
    pub(super) const unsafe fn count_out(&mut self, count: u32) {
        self.len -= count;
    }

    /// Puts back at most `count` buffers that lie one behind the other; stops when the shelf is full
    /// or at a buffer that [`put`](Self::put) would refuse. Returns how many.
    ///
    /// # Safety
    ///
    /// There are so many buffers at `from`, of which the caller forgets as many as were put.
    #[inline(always)]
    pub(super) unsafe fn put_many(&mut self, from: NonNull<Buffer>, count: u32) -> u32 {
        let count = count.min(self.places - self.len);
        // SAFETY: so many buffers (caller).
        let buffers = unsafe { core::slice::from_raw_parts(from.as_ptr(), count as usize) };
        // Without an early end, which lets the compiler look at several at once: hardly ever is one
        // too small.
        let small = buffers.iter().fold(false, |small, buffer| small | buffer.is_smaller_than(self.size));
        let put = if small {
            buffers.iter().take_while(|buffer| !buffer.is_smaller_than(self.size)).count()
        } else {
            count as usize
        };
        // SAFETY: the buffers move (caller), and so many places are free.
        unsafe { self.top().copy_from_nonoverlapping(from, put) };
        self.len += put as u32;
        put as u32
    }

    /// Puts a frame back; its bytes are forgotten.
    ///
    /// # Errors
    ///
    /// Gives the frame back if the shelf is full or the frame's buffer is smaller than the pool's
    /// (it came from another pool).
    #[inline(always)]
    pub fn put(&mut self, frame: Frame) -> Result<(), Frame> {
        if self.len == self.places || frame.buffer().is_smaller_than(self.size) {
            return Err(frame);
        }
        // SAFETY: `len < places`.
        unsafe { self.top().write(frame.into_buffer()) };
        self.len += 1;
        Ok(())
    }
}

/// Memory that was carved into buffers, until all of them are home.
///
/// Dropping it leaks the memory, which is safe.
pub struct PoolMemory<W, D> {
    /// Not a plain `W`: moving a `&mut` would claim for itself what frames point to.
    region: MaybeUninit<W>,
    dma: D,
    at: NonNull<u8>,
    bus: u64,
    bytes: usize,
    count: u32,
}

// SAFETY: the pointer is only compared and names memory that `region` owns.
unsafe impl<W: Send, D: Send> Send for PoolMemory<W, D> {}

impl<W, D: DmaSpace> PoolMemory<W, D> {
    /// Unmaps the memory and gives it back, if the pool holds each of its frames and no other.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] and everything that was passed, if a frame is missing or foreign.
    pub fn release(
        self,
        pool: BufferPool,
    ) -> Result<(W, &'static mut [BufferSlot]), (ReleaseError, Self, BufferPool)> {
        if pool.len != self.count {
            let (held, lent) = (pool.len, self.count);
            return Err((ReleaseError::Missing { held, lent }, self, pool));
        }
        // SAFETY: places below `len` hold buffers.
        let buffers =
            unsafe { core::slice::from_raw_parts(pool.shelf.cast::<Buffer>().as_ptr(), pool.len as usize) };
        let start = self.at.addr().get();
        if buffers.iter().any(|buffer| !(start..start + self.bytes).contains(&buffer.at().addr().get())) {
            return Err((ReleaseError::Foreign, self, pool));
        }
        // SAFETY: mapped by `carve`; all of its buffers are home, so that no ring and no device has one.
        unsafe { self.dma.unmap(self.bus, self.bytes, Direction::Both) };
        // SAFETY: `carve` took it as `&'static mut` with that many places.
        let shelf = unsafe { core::slice::from_raw_parts_mut(pool.shelf.as_ptr(), pool.places as usize) };
        // SAFETY: `carve` put the region there.
        Ok((unsafe { self.region.assume_init() }, shelf))
    }
}

impl<W, D> fmt::Debug for PoolMemory<W, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolMemory")
            .field("buffers", &self.count)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
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
    /// The platform maps the memory to an odd bus address: mend its `DmaSpace`.
    NotAligned,
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRoom => "not one buffer fits: give more memory, more places or a smaller size",
            Self::NotMapped => "the platform can't map the memory for the device: give memory that it can",
            Self::NotAligned => "the platform maps the memory to an odd bus address: mend its `DmaSpace`",
        })
    }
}
impl core::error::Error for PoolError {}

/// Why a pool's memory was not given back.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ReleaseError {
    /// Frames are still in rings or elsewhere: stop the rings and put all frames back.
    Missing {
        /// How many frames the pool holds.
        held: u32,
        /// How many were made from the memory.
        lent: u32,
    },
    /// The pool holds a frame of another pool's memory: exchange it.
    Foreign,
}

impl fmt::Display for ReleaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { held, lent } => {
                write!(f, "{held} of {lent} frames are home: stop the rings and put all frames back")
            }
            Self::Foreign => f.write_str("the pool holds a frame of another pool's memory: exchange it"),
        }
    }
}
impl core::error::Error for ReleaseError {}
