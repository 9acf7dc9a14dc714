//! The memory of a pool: mapped once, carved into buffers, and given back when all of them are home.

use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use crate::dma::WriteBuffer;

use super::buffers::{BufferSlot, LINE, PoolError, PoolParts, SPREAD};
use super::{Buffer, BufferKib, BufferMemory, BufferPool, BufferSize, Kib};
use crate::dma::{Direction, DmaSpace};
use crate::refused::Refused;

/// Memory that was carved into buffers, until all of them are back in the pool.
///
/// Dropping it leaks the memory, which is safe.
pub struct PoolMemory<W, D> {
    /// Not a plain `W`: moving a `&mut` would claim for itself what frames point to.
    region: MaybeUninit<W>,
    carved: Carved<D>,
}

/// Where the buffers are.
struct Carved<D> {
    dma: D,
    at: NonNull<u8>,
    bus: u64,
    bytes: usize,
    count: u32,
}

// SAFETY: the pointer is only compared and names memory that `PoolMemory::region` owns.
unsafe impl<D: Send> Send for Carved<D> {}

impl<const N: usize, const KIB: usize> BufferMemory<N, KIB> {
    /// Maps the memory and makes a pool of it.
    ///
    /// # Errors
    ///
    /// [`PoolError::NotMapped`] if the platform can't map it, with the memory in its two parts, for
    /// [`BufferPool::carve`].
    pub fn pool<D: DmaSpace>(
        &'static mut self,
        dma: D,
    ) -> Result<
        (BufferPool, PoolMemory<&'static mut [u8], D>),
        Refused<PoolError, PoolParts<&'static mut [u8]>>,
    >
    where
        Kib<KIB>: BufferKib,
    {
        let len = size_of_val(&self.cells);
        // SAFETY: the cells are bytes, `'static` and borrowed for as long.
        let bytes = unsafe { core::slice::from_raw_parts_mut(self.cells.as_mut_ptr().cast::<u8>(), len) };
        BufferPool::carve(bytes, Kib::<KIB>::SIZE, &mut self.slots, dma)
    }
}

impl BufferPool {
    /// Maps `region` for DMA and carves it into buffers of `size`, one for each place in the pool
    /// at most.
    ///
    /// [`BufferMemory`] is such a region with its slots, for memory that is known while compiling.
    ///
    /// Returns the pool, and beside it the region itself, which [`PoolMemory::release`] gives back once
    /// all frames are back in the pool.
    ///
    /// # Errors
    ///
    /// [`PoolError`], the region and the slots, if not one buffer fits or the platform can't map the
    /// region.
    pub fn carve<W, D>(
        region: W,
        size: BufferSize,
        slots: &'static mut [BufferSlot],
        dma: D,
    ) -> Result<(Self, PoolMemory<W, D>), Refused<PoolError, PoolParts<W>>>
    where
        W: WriteBuffer<Word = u8> + 'static,
        D: DmaSpace,
    {
        // Stored first, then asked where it is, then not touched before `release`: a `&mut` that moves
        // claims for itself alone what it points to, and one inside a `MaybeUninit` does not.
        let mut region = MaybeUninit::new(region);
        // SAFETY: written just now.
        let stored = unsafe { region.assume_init_mut() };
        // SAFETY: the memory is not used again but through the frames made here; `WriteBuffer` promises
        // that it stays in place although `region` moves.
        let (at, bytes) = unsafe { stored.write_buffer() };
        // SAFETY: `stored` owns the memory, and is not used again before `release` gives it back.
        match unsafe { Self::carve_at(at, bytes, size, slots, dma) } {
            Ok((pool, carved)) => Ok((pool, PoolMemory { region, carved })),
            // SAFETY: stored above; no frame was made of it.
            Err(refused) => Err(refused.map(|slots| (unsafe { region.assume_init() }, slots))),
        }
    }

    /// Maps and carves what is at `at`.
    ///
    /// # Safety
    ///
    /// Unless `at` is null, nobody else uses that many bytes there while a frame of them lives.
    unsafe fn carve_at<D: DmaSpace>(
        at: *mut u8,
        bytes: usize,
        size: BufferSize,
        slots: &'static mut [BufferSlot],
        dma: D,
    ) -> Result<(Self, Carved<D>), Refused<PoolError, &'static mut [BufferSlot]>> {
        let Some(at) = NonNull::new(at) else { return Err(Refused::new(PoolError::NoRoom, slots)) };
        // Buffers begin on cache lines, so that they share none and `Buffer` finds its free bits. The
        // devices use bit 0 of a bus address for something else.
        let skip = at.align_offset(LINE).min(bytes);
        // SAFETY: inside the region, or at its end.
        let at = unsafe { at.add(skip) };
        let bytes = bytes - skip;
        let stride = size.bytes() + SPREAD;
        // The spread after the last buffer may be missing.
        let count = ((bytes + SPREAD) / stride).min(slots.len());
        if count == 0 {
            return Err(Refused::new(PoolError::NoRoom, slots));
        }
        let Some(bus) = dma.map(at, bytes, Direction::Both) else {
            return Err(Refused::new(PoolError::NotMapped, slots));
        };
        if bus % 2 != 0 {
            // SAFETY: mapped above; no buffer was made of it.
            unsafe { dma.unmap(bus, bytes, Direction::Both) };
            return Err(Refused::new(PoolError::NotAligned, slots));
        }
        // SAFETY: inside the region. `WriteBuffer` covers memory that is not initialised, too; frames
        // are bytes from here on.
        unsafe { at.write_bytes(0, bytes) };
        for (i, place) in slots.iter_mut().take(count).enumerate() {
            // SAFETY: `i < count`, so the buffer lies inside the region.
            let buffer = unsafe { at.add(i * stride) };
            // SAFETY: initialised and mapped above, overlapping no other buffer, and
            // the region lives until `PoolMemory::release` has seen all of them back in the pool.
            place.write(unsafe { Buffer::new(buffer, bus + (i * stride) as u64, size) });
        }
        let count = count as u32;
        Ok((Self::of(slots, count, size), Carved { dma, at, bus, bytes, count }))
    }
}

impl<W, D: DmaSpace> PoolMemory<W, D> {
    /// Unmaps the memory and gives it back, if the pool holds each of its frames and no other.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] and everything that was passed, if a frame is missing or foreign.
    pub fn release(
        self,
        pool: BufferPool,
    ) -> Result<PoolParts<W>, Refused<ReleaseError, (Self, BufferPool)>> {
        if pool.len() != self.carved.count as usize {
            let (held, total) = (pool.len() as u32, self.carved.count);
            return Err(Refused::new(ReleaseError::Missing { held, total }, (self, pool)));
        }
        let start = self.carved.at.addr().get();
        let region = start..start + self.carved.bytes;
        if pool.buffers().iter().any(|buffer| !region.contains(&buffer.at().addr().get())) {
            return Err(Refused::new(ReleaseError::Foreign, (self, pool)));
        }
        // SAFETY: mapped by `carve`; all of its buffers are back in the pool, so that no ring and no device
        // has one.
        unsafe { self.carved.dma.unmap(self.carved.bus, self.carved.bytes, Direction::Both) };
        // SAFETY: `carve` put the region there.
        Ok((unsafe { self.region.assume_init() }, pool.into_slots()))
    }
}

impl<W, D> fmt::Debug for PoolMemory<W, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolMemory")
            .field("buffers", &self.carved.count)
            .field("bytes", &self.carved.bytes)
            .finish_non_exhaustive()
    }
}

/// Why a pool's memory was not given back.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ReleaseError {
    /// Frames are still in rings or elsewhere: stop the rings and put all frames back.
    Missing {
        /// How many frames the pool holds.
        held: u32,
        /// How many buffers were made of the memory.
        total: u32,
    },
    /// The pool holds a frame of another pool's memory: exchange it for its own.
    Foreign,
}

impl fmt::Display for ReleaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { held, total } => {
                write!(f, "{held} of {total} frames are in the pool: stop the rings and put all frames back")
            }
            Self::Foreign => {
                f.write_str("the pool holds a frame of another pool's memory: exchange it for its own")
            }
        }
    }
}
impl core::error::Error for ReleaseError {}
