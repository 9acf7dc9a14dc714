//! The memory of a pool until it is released.

use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::BufferPool;
use super::buffers::PoolParts;
use crate::dma::{Direction, DmaSpace};
use crate::refused::Refused;

/// Memory that was carved into buffers, until all of them are back in the pool.
///
/// Dropping it leaks the memory, which is safe.
pub struct PoolMemory<W, D> {
    /// Not a plain `W`: moving a `&mut` would claim for itself what frames point to.
    pub(super) region: MaybeUninit<W>,
    pub(super) carved: Carved<D>,
}

/// Where the buffers are.
pub(super) struct Carved<D> {
    pub(super) dma: D,
    pub(super) at: NonNull<u8>,
    pub(super) bus: u64,
    pub(super) bytes: usize,
    pub(super) count: u32,
}

// SAFETY: the pointer is only compared and names memory that `PoolMemory::region` owns.
unsafe impl<D: Send> Send for Carved<D> {}

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
