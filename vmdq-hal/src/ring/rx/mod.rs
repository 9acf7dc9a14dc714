//! The receive ring: the half of a running pool that receives.

mod exceptional;
mod post;
mod replace;
mod take;

pub(crate) use exceptional::Exceptional;
pub(crate) use post::{ANNOUNCE_EVERY, fill};

use super::memory::RingSpace;
use super::{BufferSize, Frame};
use crate::bus::{Bus, Offset};
use crate::device::RingSetup;
use crate::dma::{DmaSpace, status};
use crate::fault::Gone;
use crate::index::{PoolIndex, RingIndex};
use crate::owner::Owner;
use crate::platform::Platform;
use vmdq_core::FrameLimit;

/// The parameters of a mapped ring, for software and device.
#[derive(Clone, Copy)]
pub(crate) struct RingStart {
    pub(crate) setup: RingSetup,
    pub(crate) tail: Offset,
    pub(crate) limit: FrameLimit,
    pub(crate) owner: Owner,
}

/// Counts of what a receive ring dropped by itself since its start.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RxCounters {
    /// Frames over the limit that the controller let pass, since it can't set the limit exactly.
    pub too_long: u64,
    /// Frames whose descriptors the device's specification rules out, or that did not fit a buffer.
    pub malformed: u64,
}

/// How far a receive ring has come, as software sees it.
#[derive(Clone, Copy)]
pub struct RxProgress {
    /// The descriptor that is completed next.
    pub(crate) head: u32,
    /// Whether a frame was ever taken; not known of a ring that began elsewhere than at descriptor 0.
    pub(crate) taken: bool,
    /// How many buffers are posted.
    pub(crate) posted: usize,
    /// Whether a finished descriptor waits.
    pub(crate) ready: bool,
}

/// A running receive ring.
///
/// It owns its memory and every posted buffer, reads no register and writes none but its own tail,
/// so that it can be used on another core or in an interrupt handler. Dropping it leaks: the device
/// may go on writing.
///
/// # Examples
///
/// ```
/// use vmdq_hal::Platform;
/// use vmdq_hal::ring::{BufferPool, Burst, RxRing};
///
/// /// Looks at what has arrived; to be called in a loop.
/// fn poll<P: Platform>(rx: &mut RxRing<P>, pool: &mut BufferPool, mut look: impl FnMut(&[u8])) {
///     let mut burst = Burst::<32>::new();
///     rx.receive_replacing(&mut burst, 32, pool);
///     for frame in &burst {
///         look(frame.bytes());
///     }
///     pool.put_all(&mut burst);
/// }
/// ```
// Counters run freely (modulo 2^32); a descriptor's place is its counter modulo the ring's length.
// Whole cache lines: the halves of a queue pair, beside each other, may be used on two cores.
#[must_use = "dropping a running ring leaks its memory: stop the queue"]
#[repr(align(64))]
pub struct RxRing<P: Platform> {
    bus: P::Bus,
    pub(crate) dma: P::Dma,
    pub(crate) space: RingSpace,
    mapped: u64,
    tail: Offset,
    /// The next descriptor that the device completes.
    pub(crate) head: u32,
    /// The next descriptor that gets a buffer.
    pub(crate) posted: u32,
    /// The end of the buffers that the device knows of (the tail): `head <= announced <= posted`.
    pub(crate) announced: u32,
    /// How many frames can be taken and replaced from here on in one run: that many descriptors are the
    /// device's, and neither `head` nor `posted` comes to the end of the memory.
    /// A lower bound; 0 calls for [`renew`](Self::renew).
    pub(crate) run_left: u32,
    /// How many posted buffers the device may not know of while frames are replaced: at least 1.
    announce_at: u32,
    limit: FrameLimit,
    /// The longest untagged frame, less the shortest.
    span: u16,
    /// Whether descriptors are dropped up to the end of a frame that began without one.
    pub(crate) skipping: bool,
    size: BufferSize,
    ring: RingIndex,
    pool: PoolIndex,
    /// Whether the ring was seen enabled when it was started.
    pub(crate) seen: bool,
    /// The bits of a status word that tell a good frame: done, its end, and no error.
    judged: u32,
    owner: Owner,
    pub(crate) counters: RxCounters,
}

// SAFETY: the ring is the only owner of its memory; the parts decide the rest.
unsafe impl<P: Platform<Bus: Send, Dma: Send>> Send for RxRing<P> {}

impl<P: Platform> RxRing<P> {
    /// Takes over a ring that is mapped but not yet enabled, on a device that names errors by `errors`.
    pub(crate) fn new(
        platform: &P,
        space: RingSpace,
        start: &RingStart,
        size: BufferSize,
        errors: u32,
    ) -> Self {
        let RingStart { setup, tail, limit, owner } = *start;
        Self {
            bus: platform.bus().clone(),
            dma: platform.dma().clone(),
            space,
            mapped: setup.base,
            tail,
            head: setup.first,
            posted: setup.first,
            announced: setup.first,
            run_left: 0,
            announce_at: 1,
            limit,
            span: limit.untagged() - FrameLimit::SHORTEST,
            skipping: false,
            size,
            ring: setup.ring,
            pool: setup.pool,
            seen: false,
            judged: status::DD | status::EOP | status::OURS | errors,
            owner,
            counters: RxCounters::default(),
        }
    }

    /// Returns counts of what the ring dropped by itself.
    #[must_use]
    pub const fn counters(&self) -> RxCounters {
        self.counters
    }

    /// Returns how many more buffers the ring takes.
    #[inline]
    #[must_use]
    pub const fn missing(&self) -> usize {
        (self.mask() - self.posted.wrapping_sub(self.head)) as usize
    }

    /// Returns how many buffers are posted.
    #[must_use]
    pub const fn posted(&self) -> usize {
        self.posted.wrapping_sub(self.head) as usize
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

    /// Tells whether a finished descriptor waits: a frame, or one that will be dropped.
    ///
    /// Reads no register.
    #[inline]
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.head != self.announced && self.space.places.descriptor(self.space.places.at(self.head)).is_done()
    }

    /// Checks whether the device is still there, by one register read.
    ///
    /// Use it for a ring on which nothing has arrived for longer than expected.
    ///
    /// # Errors
    ///
    /// [`Gone`] if it is not.
    pub fn check(&self) -> Result<(), Gone> {
        if self.bus.read32(self.tail) == u32::MAX { Err(Gone) } else { Ok(()) }
    }

    /// Returns how far the ring has come.
    pub(crate) fn progress(&self) -> RxProgress {
        RxProgress {
            head: self.head & self.mask(),
            taken: self.head != 0,
            posted: self.posted(),
            ready: self.is_ready(),
        }
    }

    /// Returns the smallest size of buffers that the ring takes.
    #[must_use]
    pub const fn size(&self) -> BufferSize {
        self.size
    }

    /// Returns which frames the port takes.
    #[must_use]
    pub const fn limit(&self) -> FrameLimit {
        self.limit
    }

    pub(crate) const fn owner(&self) -> Owner {
        self.owner
    }

    /// Returns the bits of a status word that tell a good frame.
    #[inline(always)]
    pub(crate) const fn judged(&self) -> u32 {
        self.judged
    }

    /// Returns the error bits that the device names errors by.
    #[inline(always)]
    pub(crate) const fn errors(&self) -> u32 {
        self.judged & !(status::DD | status::EOP | status::OURS)
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
        while self.head != self.posted {
            // SAFETY: posted and not received; the ring was seen stopped (caller).
            freed(Frame::empty(unsafe { self.take_done() }));
        }
        let (_, bytes) = self.space.shared();
        // SAFETY: mapped when the ring was made; the device stopped the queue (caller).
        unsafe { self.dma.unmap(self.mapped, bytes, crate::dma::Direction::Both) };
        self.space
    }
}

impl<P: Platform> core::fmt::Debug for RxRing<P> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RxRing")
            .field("ring", &self.ring)
            .field("head", &self.head)
            .field("posted", &self.posted)
            .field("announced", &self.announced)
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}
