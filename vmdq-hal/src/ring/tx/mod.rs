//! The transmit ring: the half of a running queue that whoever sends holds.

mod reclaim;
mod send;
mod stock;

use core::marker::PhantomData;

pub use send::SendError;
pub(super) use send::{describe, place};

use super::Frame;
use super::memory::RingSpace;
use crate::bus::{Bus, Offset, PortId};
use crate::controller::{Controller, RingSetup};
use crate::dma::{DmaSpace, TxWord};
use vmdq_core::FrameLimit;

/// A running transmit ring.
///
/// It owns its memory and every frame that it sends, reads no register and writes none but its own
/// tail. Only the last frame of each call to [`send`](Self::send) asks the device for a report, so
/// that one read in [`reclaim`](Self::reclaim) covers the whole batch. Dropping the ring leaks.
// Whole cache lines: the halves of a queue pair, beside each other, may be used on two cores.
#[must_use = "dropping a running ring leaks its memory: stop the queue"]
#[repr(align(64))]
pub struct TxRing<C, B, D> {
    bus: B,
    pub(super) dma: D,
    pub(super) space: RingSpace,
    mapped: u64,
    tail: Offset,
    /// The next descriptor to be reclaimed.
    pub(super) clean: u32,
    /// The next descriptor that gets a frame.
    pub(super) next: u32,
    /// How many frames can be sent from here on without another thought: so many descriptors are free
    /// and lie one behind the other. A lower bound.
    pub(super) clear: u32,
    /// The reports asked for and not seen yet, as numbers that run freely: see `RingSpace::note`.
    first_report: u32,
    next_report: u32,
    /// The longest frame that the port sends, less the shortest.
    span: u16,
    queue: u8,
    /// Whether the queue was seen enabled when it was started.
    pub(crate) seen: bool,
    /// A descriptor's second word, as far as it is the same for all frames.
    pub(super) word: TxWord,
    controller: PhantomData<fn() -> C>,
}

// SAFETY: the ring is the only owner of its memory; the parts decide the rest.
unsafe impl<C, B: Send, D: Send> Send for TxRing<C, B, D> {}

impl<C: Controller, B: Bus, D: DmaSpace> TxRing<C, B, D> {
    /// Takes over a ring that is mapped but not yet enabled.
    pub(crate) fn new(bus: B, dma: D, space: RingSpace, setup: RingSetup, limit: FrameLimit) -> Self {
        Self {
            bus,
            dma,
            space,
            mapped: setup.base,
            tail: C::tx_tail(setup.queue),
            clean: setup.first,
            next: setup.first,
            clear: 0,
            first_report: 0,
            next_report: 0,
            span: limit.tagged() - FrameLimit::SHORTEST,
            queue: setup.queue,
            seen: false,
            word: TxWord::new(C::tx_context(setup.queue)),
            controller: PhantomData,
        }
    }

    /// Tells whether the port sends every frame that a port with this limit takes.
    pub(super) const fn sends_all_of(&self, limit: FrameLimit) -> bool {
        limit.tagged() - FrameLimit::SHORTEST <= self.span
    }

    /// Returns how many frames are handed over and not reclaimed.
    #[inline]
    #[must_use]
    pub const fn pending(&self) -> usize {
        self.next.wrapping_sub(self.clean) as usize
    }

    /// Returns how many frames the ring takes before something is reclaimed.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.mask() as usize - self.pending()
    }

    /// Returns the number of the queue.
    #[must_use]
    pub const fn queue(&self) -> usize {
        self.queue as usize
    }

    pub(crate) fn port(&self) -> PortId {
        self.bus.id()
    }

    /// The bus handle through which the queue is stopped; see `RxRing::bus`.
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

impl<C, B, D> core::fmt::Debug for TxRing<C, B, D> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TxRing")
            .field("queue", &self.queue)
            .field("clean", &self.clean)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
