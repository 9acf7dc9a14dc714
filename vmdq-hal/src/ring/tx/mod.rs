//! The transmit ring: the half of a running pool that sends.

mod reclaim;
mod send;
mod spares;

pub use send::SendError;
pub(super) use send::{describe, place};

use super::Frame;
use super::memory::RingSpace;
use super::rx::RingStart;
use crate::bus::{Bus, Offset};
use crate::dma::{DmaSpace, TxWord};
use crate::fault::Gone;
use crate::index::{PoolIndex, RingIndex};
use crate::owner::Owner;
use crate::platform::Platform;
use vmdq_core::FrameLimit;

/// How far a transmit ring has come, as software sees it.
#[derive(Clone, Copy)]
pub(crate) struct TxProgress {
    /// Whether frames are not reclaimed.
    pub(crate) pending: bool,
    /// How many frames the ring takes.
    pub(crate) room: usize,
    /// Whether the device has reported some of those that are not reclaimed.
    pub(crate) reported: bool,
}

/// A running transmit ring.
///
/// It owns its memory and every frame that it sends, reads no register and writes none but its own
/// tail. Only the last frame of each call to [`send`](Self::send) asks the device for a report, so
/// that one read in [`reclaim`](Self::reclaim) covers the whole batch. Dropping the ring leaks.
///
/// # Examples
///
/// ```
/// use vmdq_hal::Platform;
/// use vmdq_hal::ring::{BufferPool, SendError, TxRing};
///
/// /// Sends a copy of `bytes`; tells whether there was room.
/// fn send<P: Platform>(
///     tx: &mut TxRing<P>,
///     pool: &mut BufferPool,
///     bytes: &[u8],
/// ) -> Result<bool, Box<dyn std::error::Error>> {
///     tx.reclaim(pool);
///     let Some(mut frame) = pool.take() else { return Ok(false) };
///     frame.fill(bytes)?;
///     match tx.send_one(frame) {
///         Ok(()) => Ok(true),
///         Err(refused) => {
///             // The frame comes back with the error.
///             pool.put(refused.value).expect("it came from this pool");
///             if refused.error == SendError::Full { Ok(false) } else { Err(refused.error.into()) }
///         }
///     }
/// }
/// ```
// Whole cache lines: the halves of a queue pair, beside each other, may be used on two cores.
#[must_use = "dropping a running ring leaks its memory: stop the queue"]
#[repr(align(64))]
pub struct TxRing<P: Platform> {
    bus: P::Bus,
    pub(super) dma: P::Dma,
    pub(super) space: RingSpace,
    mapped: u64,
    tail: Offset,
    /// The next descriptor to be reclaimed.
    pub(super) clean: u32,
    /// The next descriptor that gets a frame.
    pub(super) next: u32,
    /// How many frames can be sent from here on in one run: that many descriptors are free and adjacent. A
    /// lower bound.
    pub(super) run_left: u32,
    /// The reports asked for and not seen yet, as numbers that run freely: see `RingSpace::note`.
    first_report: u32,
    next_report: u32,
    /// The longest frame that the port sends, less the shortest.
    span: u16,
    ring: RingIndex,
    pool: PoolIndex,
    /// Whether the ring was seen enabled when it was started.
    pub(crate) seen: bool,
    /// A descriptor's second word, as far as it is the same for all frames.
    pub(super) word: TxWord,
    owner: Owner,
}

// SAFETY: the ring is the only owner of its memory; the parts decide the rest.
unsafe impl<P: Platform<Bus: Send, Dma: Send>> Send for TxRing<P> {}

impl<P: Platform> TxRing<P> {
    /// Takes over a ring that is mapped but not yet enabled, whose descriptors name the context `context`.
    pub(crate) fn new(platform: &P, space: RingSpace, start: &RingStart, context: u8) -> Self {
        let RingStart { setup, tail, limit, owner } = *start;
        Self {
            bus: platform.bus().clone(),
            dma: platform.dma().clone(),
            space,
            mapped: setup.base,
            tail,
            clean: setup.first,
            next: setup.first,
            run_left: 0,
            first_report: 0,
            next_report: 0,
            span: limit.tagged() - FrameLimit::SHORTEST,
            ring: setup.ring,
            pool: setup.pool,
            seen: false,
            word: TxWord::new(context),
            owner,
        }
    }

    /// Tells whether the port sends every frame that a port with this limit takes.
    pub(super) const fn sends_all_of(&self, limit: FrameLimit) -> bool {
        limit.tagged() - FrameLimit::SHORTEST <= self.span
    }

    /// Returns how many frames were sent or are being sent and are not reclaimed.
    #[inline]
    #[must_use]
    pub const fn pending(&self) -> usize {
        self.next.wrapping_sub(self.clean) as usize
    }

    /// Returns how many frames the ring takes before some must be reclaimed.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.mask() as usize - self.pending()
    }

    /// Returns the pool that the ring belongs to.
    #[must_use]
    pub const fn pool(&self) -> PoolIndex {
        self.pool
    }

    /// Returns the number of the ring.
    #[must_use]
    pub const fn ring(&self) -> RingIndex {
        self.ring
    }

    /// Checks whether the device is still there, by one register read.
    ///
    /// Use it for a ring that stays full for longer than expected.
    ///
    /// # Errors
    ///
    /// [`Gone`] if it is not.
    pub fn check(&self) -> Result<(), Gone> {
        if self.bus.read32(self.tail) == u32::MAX { Err(Gone) } else { Ok(()) }
    }

    /// Returns how far the ring has come.
    pub(crate) fn progress(&self) -> TxProgress {
        TxProgress { pending: self.pending() > 0, room: self.room(), reported: self.is_reported() }
    }

    pub(crate) const fn owner(&self) -> Owner {
        self.owner
    }

    #[inline(always)]
    const fn mask(&self) -> u32 {
        self.space.descriptors() - 1
    }

    /// Takes the buffers and the memory out of the ring.
    ///
    /// # Safety
    ///
    /// The device has been seen to have stopped the ring.
    pub(crate) unsafe fn dismantle(mut self, freed: &mut impl FnMut(Frame)) -> RingSpace {
        while self.clean != self.next {
            // SAFETY: handed over and not reclaimed.
            freed(Frame::empty(unsafe { self.space.places.slot(self.space.places.at(self.clean)).read() }));
            self.clean = self.clean.wrapping_add(1);
        }
        let (_, bytes) = self.space.shared();
        // SAFETY: mapped when the ring was made; the device stopped the queue (caller).
        unsafe { self.dma.unmap(self.mapped, bytes, crate::dma::Direction::Both) };
        self.space
    }
}

impl<P: Platform> core::fmt::Debug for TxRing<P> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TxRing")
            .field("ring", &self.ring)
            .field("clean", &self.clean)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
