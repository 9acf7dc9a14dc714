//! The transmit ring: the half of a running queue that whoever sends holds.

use core::marker::PhantomData;
use core::mem::MaybeUninit;

use super::memory::{TxSlot, TxSpace};
use super::{BufferPool, Burst, Frame};
use crate::bus::{Bus, Offset, PortId};
use crate::controller::{Controller, RingSetup};
use crate::dma::{Descriptor, DmaSpace, observe, publish};
use crate::limit::FrameLimit;

/// The shortest frame that can be sent: two addresses and a type. The device pads to 60 bytes.
const SHORTEST: u16 = 14;

/// A running transmit ring.
///
/// It owns its memory and every frame that it sends, reads no register and writes none but its own
/// tail. Only the last frame of each call to [`send`](Self::send) asks the device for a report, so
/// that one read in [`reclaim`](Self::reclaim) covers the whole batch. Dropping the ring leaks.
#[must_use = "dropping a running ring leaks its memory: stop the queue"]
pub struct TxRing<C, B, D> {
    bus: B,
    dma: D,
    space: TxSpace,
    mapped: u64,
    tail: Offset,
    mask: u32,
    /// The next descriptor to be reclaimed.
    clean: u32,
    /// The next descriptor that gets a frame.
    next: u32,
    /// The longest frame that the port sends, less the shortest.
    span: u16,
    queue: u8,
    index: u8,
    controller: PhantomData<fn() -> C>,
}

// SAFETY: the ring is the only owner of its memory; the parts decide the rest.
unsafe impl<C, B: Send, D: Send> Send for TxRing<C, B, D> {}

impl<C: Controller, B: Bus, D: DmaSpace> TxRing<C, B, D> {
    /// Takes over a ring that is mapped but not yet enabled.
    pub(crate) fn new(bus: B, dma: D, space: TxSpace, setup: RingSetup, limit: FrameLimit) -> Self {
        Self {
            mask: space.len - 1,
            bus,
            dma,
            space,
            mapped: setup.base,
            tail: C::tx_tail(setup.queue),
            clean: setup.first,
            next: setup.first,
            span: limit.tagged() - SHORTEST,
            queue: setup.queue,
            index: C::tx_context(setup.queue),
            controller: PhantomData,
        }
    }

    /// Sends frames from the front of the burst until it is empty or the ring full; returns how
    /// many. What is not sent stays in the burst, in order.
    ///
    /// Writes the tail once, or not at all if nothing was sent.
    ///
    /// # Errors
    ///
    /// [`SendError::Length`] if a frame is shorter than 14 bytes or longer than the port's limit:
    /// the frames before it are sent, it is the first that stays.
    #[inline]
    pub fn send<const N: usize>(&mut self, burst: &mut Burst<N>) -> Result<usize, SendError> {
        let room = self.mask.wrapping_sub(self.next.wrapping_sub(self.clean)) as usize;
        let fits = room.min(burst.len());
        let good = burst[..fits].iter().take_while(|frame| self.takes(frame.len())).count();
        if good > 0 {
            let first = self.next;
            let last = first.wrapping_add(good as u32 - 1);
            for frame in burst.drain(..good) {
                self.put(frame, last);
            }
            // SAFETY: the slot is inside the ring and was filled above.
            unsafe { (*self.slot(first).as_ptr()).last = last };
            // Frames and descriptors must be in memory before the device fetches them.
            publish();
            self.bus.write32(self.tail, self.next & self.mask);
        }
        if good < fits {
            let len = burst.first().map_or(0, Frame::len);
            return Err(SendError::Length { len: len as u16, sent: good as u16 });
        }
        Ok(good)
    }

    #[inline(always)]
    fn takes(&self, len: usize) -> bool {
        // One comparison: below the shortest it wraps around.
        (len as u32).wrapping_sub(u32::from(SHORTEST)) <= u32::from(self.span)
    }

    /// Writes one descriptor. A place is free (caller).
    #[inline(always)]
    fn put(&mut self, frame: Frame, last: u32) {
        let at = self.next;
        self.dma.for_device(frame.at(), frame.len());
        let (bus, len) = (frame.bus(), frame.len() as u16);
        // SAFETY: the slot is free: `next - clean < mask`.
        unsafe { (*self.slot(at).as_ptr()).frame = MaybeUninit::new(frame) };
        // SAFETY: the descriptor is not the device's before a tail covers it, and the buffer
        // belongs to the ring until the batch is seen done.
        unsafe { self.descriptor(at).send(bus, len, self.index, at == last) };
        self.next = at.wrapping_add(1);
    }

    /// Takes back the buffers of frames that are sent, into the pool; returns how many.
    ///
    /// Reads no register. Stops early when the pool takes no more; what is left comes next time.
    #[inline]
    pub fn reclaim(&mut self, pool: &mut BufferPool) -> usize {
        self.reclaim_into(|frame| pool.put(frame))
    }

    /// Takes back the buffers of frames that are sent; returns how many.
    ///
    /// As [`reclaim`](Self::reclaim), for frames that go elsewhere: a frame that `put` gives back
    /// stays in the ring and ends the call.
    #[inline]
    pub fn reclaim_into(&mut self, mut put: impl FnMut(Frame) -> Result<(), Frame>) -> usize {
        let begin = self.clean;
        let mut clean = begin;
        'batches: while clean != self.next {
            // SAFETY: the slot at `clean` begins a batch, so `last` is set.
            let last = unsafe { (*self.slot(clean).as_ptr()).last };
            if !self.descriptor(last).sent() {
                break;
            }
            // The buffers may be used again only after the report was seen.
            observe();
            let end = last.wrapping_add(1);
            while clean != end {
                // SAFETY: sent and not yet reclaimed; counted out below, or put back.
                let frame = unsafe { (*self.slot(clean).as_ptr()).frame.assume_init_read() };
                if let Err(frame) = put(frame) {
                    // SAFETY: the slot was emptied above. It now begins what is left of the batch.
                    unsafe { self.slot(clean).write(TxSlot { frame: MaybeUninit::new(frame), last }) };
                    break 'batches;
                }
                clean = clean.wrapping_add(1);
            }
        }
        self.clean = clean;
        clean.wrapping_sub(begin) as usize
    }

    /// Returns how many frames are handed over and not reclaimed.
    #[must_use]
    pub const fn pending(&self) -> usize {
        self.next.wrapping_sub(self.clean) as usize
    }

    /// Returns how many frames the ring takes before something is reclaimed.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.mask as usize - self.pending()
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
    fn descriptor(&self, counter: u32) -> &Descriptor {
        // SAFETY: the place is below the ring's length; descriptors are interior-mutable words.
        unsafe { self.space.descriptors.add((counter & self.mask) as usize).as_ref() }
    }

    #[inline(always)]
    fn slot(&self, counter: u32) -> core::ptr::NonNull<TxSlot> {
        // SAFETY: the place is below the ring's length.
        unsafe { self.space.slots.add((counter & self.mask) as usize) }
    }

    /// Takes the ring apart.
    ///
    /// # Safety
    ///
    /// The device has been seen to have stopped the queue.
    pub(crate) unsafe fn dismantle(mut self, freed: &mut impl FnMut(Frame)) -> TxSpace {
        while self.clean != self.next {
            // SAFETY: handed over and not reclaimed.
            freed(unsafe { (*self.slot(self.clean).as_ptr()).frame.assume_init_read() });
            self.clean = self.clean.wrapping_add(1);
        }
        let (_, bytes) = self.space.shared();
        self.dma.unmap(self.mapped, bytes, crate::dma::Direction::Both);
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

/// Why a frame was not sent.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SendError {
    /// The first frame left in the burst is too short or too long for the port: take it out.
    Length {
        /// Its length in bytes.
        len: u16,
        /// How many frames before it were sent.
        sent: u16,
    },
}

impl core::fmt::Display for SendError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self::Length { len, .. } = self;
        write!(f, "a frame of {len} bytes can't be sent: take it out of the burst")
    }
}
impl core::error::Error for SendError {}
