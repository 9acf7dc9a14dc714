//! The receive ring: the half of a running queue that whoever receives holds.

mod odd;
mod post;
mod replace;
mod take;

use core::marker::PhantomData;

pub(crate) use odd::Odd;
pub(crate) use post::{TELL_EVERY, fill};

use super::memory::RingSpace;
use super::{BufferSize, Frame};
use crate::bus::{Bus, Offset, PortId};
use crate::controller::{Controller, RingSetup};
use crate::dma::DmaSpace;
use vmdq_core::FrameLimit;

/// What a receive ring dropped on its own account, since its start.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RxCounters {
    /// Frames over the limit that the controller let pass, since it can't set the limit exactly.
    pub too_long: u64,
    /// Frames whose descriptors the device's specification rules out, or that did not fit a buffer.
    pub malformed: u64,
}

/// A running receive ring.
///
/// It owns its memory and every posted buffer, reads no register and writes none but its own tail,
/// so that it can be used on another core or in an interrupt handler. Dropping it leaks: the device
/// may go on writing.
///
/// Counters run freely (modulo 2^32); a descriptor's place is its counter modulo the ring's length.
// Whole cache lines: the halves of a queue pair, beside each other, may be used on two cores.
#[must_use = "dropping a running ring leaks its memory: stop the queue"]
#[repr(align(64))]
pub struct RxRing<C, B, D> {
    bus: B,
    pub(crate) dma: D,
    pub(crate) space: RingSpace,
    mapped: u64,
    tail: Offset,
    /// The next descriptor that the device completes.
    pub(crate) head: u32,
    /// The next descriptor that gets a buffer.
    pub(crate) posted: u32,
    /// Where the device was told that the buffers end: `head <= told <= posted`.
    pub(crate) told: u32,
    /// How many frames can be taken and replaced from here on without another thought: so many
    /// descriptors are the device's, and neither `head` nor `posted` comes to the end of the memory.
    /// A lower bound; 0 calls for [`renew`](Self::renew).
    pub(crate) clear: u32,
    /// How many posted buffers the device may not know of while frames are replaced: at least 1.
    due: u32,
    limit: FrameLimit,
    /// The longest untagged frame, less the shortest.
    span: u16,
    /// Whether descriptors are dropped up to the end of a frame that began without one.
    pub(crate) skipping: bool,
    size: BufferSize,
    queue: u8,
    /// Whether the queue was seen enabled when it was started.
    pub(crate) seen: bool,
    pub(crate) counters: RxCounters,
    controller: PhantomData<fn() -> C>,
}

// SAFETY: the ring is the only owner of its memory; the parts decide the rest.
unsafe impl<C, B: Send, D: Send> Send for RxRing<C, B, D> {}

impl<C: Controller, B: Bus, D: DmaSpace> RxRing<C, B, D> {
    /// Takes over a ring that is mapped but not yet enabled.
    pub(crate) fn new(
        bus: B,
        dma: D,
        space: RingSpace,
        setup: RingSetup,
        size: BufferSize,
        limit: FrameLimit,
    ) -> Self {
        Self {
            bus,
            dma,
            space,
            mapped: setup.base,
            tail: C::rx_tail(setup.queue),
            head: setup.first,
            posted: setup.first,
            told: setup.first,
            clear: 0,
            due: 1,
            limit,
            span: limit.untagged() - FrameLimit::SHORTEST,
            skipping: false,
            size,
            queue: setup.queue,
            seen: false,
            counters: RxCounters::default(),
            controller: PhantomData,
        }
    }

    /// Returns what the ring dropped on its own account.
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

    /// Returns the number of the queue.
    #[must_use]
    pub const fn queue(&self) -> usize {
        self.queue as usize
    }

    /// Returns the size of buffers that the ring needs at least.
    pub(crate) const fn size(&self) -> BufferSize {
        self.size
    }

    /// Returns which frames the port takes.
    pub(crate) const fn limit(&self) -> FrameLimit {
        self.limit
    }

    pub(crate) fn port(&self) -> PortId {
        self.bus.id()
    }

    /// The bus handle through which the queue is stopped: the owner of the memory writes the
    /// register that makes freeing it legal.
    pub(crate) const fn bus(&self) -> &B {
        &self.bus
    }

    #[inline(always)]
    const fn mask(&self) -> u32 {
        self.space.descriptors() - 1
    }

    /// Takes the ring apart.
    ///
    /// # Safety
    ///
    /// The device has been seen to have stopped the queue.
    pub(crate) unsafe fn dismantle(mut self, freed: &mut impl FnMut(Frame)) -> RingSpace {
        while self.head != self.posted {
            // Posted and not received: the slot holds the buffer as if the descriptor were done.
            freed(Frame::empty(self.take_done()));
        }
        let (_, bytes) = self.space.shared();
        // SAFETY: mapped when the ring was made; the device stopped the queue (caller).
        unsafe { self.dma.unmap(self.mapped, bytes, crate::dma::Direction::Both) };
        self.space
    }
}

impl<C, B, D> core::fmt::Debug for RxRing<C, B, D> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RxRing")
            .field("queue", &self.queue)
            .field("head", &self.head)
            .field("posted", &self.posted)
            .field("told", &self.told)
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}
