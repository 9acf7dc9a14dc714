//! The receive ring: the half of a running queue that whoever receives holds.

use core::marker::PhantomData;

use super::memory::RxSpace;
use super::{BufferPool, BufferSize, Burst, Frame, FrameFlags};
use crate::bus::{Bus, Offset, PortId};
use crate::controller::{Controller, RingSetup};
use crate::dma::{Descriptor, DmaSpace, WriteBack, observe, publish, status};
use crate::limit::FrameLimit;

/// Descriptors that are prepared before the device is told of them: one register write for so many.
const TELL_EVERY: u32 = 32;

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
#[must_use = "dropping a running ring leaks its memory: stop the queue"]
pub struct RxRing<C, B, D> {
    bus: B,
    dma: D,
    space: RxSpace,
    mapped: u64,
    tail: Offset,
    mask: u32,
    /// The next descriptor that the device completes.
    head: u32,
    /// The next descriptor that gets a buffer.
    posted: u32,
    /// Where the device was told that the buffers end: `head <= told <= posted`.
    told: u32,
    limit: FrameLimit,
    /// Whether descriptors are dropped up to the end of a frame that began without one.
    skipping: bool,
    size: BufferSize,
    queue: u8,
    counters: RxCounters,
    controller: PhantomData<fn() -> C>,
}

// SAFETY: the ring is the only owner of its memory; the parts decide the rest.
unsafe impl<C, B: Send, D: Send> Send for RxRing<C, B, D> {}

impl<C: Controller, B: Bus, D: DmaSpace> RxRing<C, B, D> {
    /// Takes over a ring that is mapped but not yet enabled.
    pub(crate) fn new(
        bus: B,
        dma: D,
        space: RxSpace,
        setup: RingSetup,
        size: BufferSize,
        limit: FrameLimit,
    ) -> Self {
        Self {
            mask: space.len - 1,
            bus,
            dma,
            space,
            mapped: setup.base,
            tail: C::rx_tail(setup.queue),
            head: setup.first,
            posted: setup.first,
            told: setup.first,
            limit,
            skipping: false,
            size,
            queue: setup.queue,
            counters: RxCounters::default(),
            controller: PhantomData,
        }
    }

    /// Takes finished frames until the burst is full or no more are finished; returns how many.
    ///
    /// Reads no register and writes none. Each descriptor is read once, and what the device claims
    /// is checked against what was posted: a claim that can't be true costs the frame and is
    /// counted.
    #[inline]
    pub fn receive<const N: usize>(&mut self, burst: &mut Burst<N>) -> usize {
        self.receive_most(burst, N)
    }

    /// Takes finished frames until the burst is full, `most` are taken or no more are finished;
    /// returns how many. As [`receive`](Self::receive).
    #[inline]
    pub fn receive_most<const N: usize>(&mut self, burst: &mut Burst<N>, most: usize) -> usize {
        let before = burst.len();
        if self.skipping && !self.skip() {
            return 0;
        }
        let mut head = self.head;
        // Beyond `told` the device was given nothing; a done bit there is a lie.
        let room = most.min(N - before) as u32;
        let mut left = room.min(self.told.wrapping_sub(head));
        while left > 0 {
            let Some(done) = self.descriptor(head).written_back() else { break };
            observe();
            let (state, len) = (done.status(), done.length());
            // One comparison for both: a frame within the limit is within its buffer, too.
            if len > self.limit.untagged() || state & (status::EOP | C::RX_ERRORS) != status::EOP {
                self.head = head;
                if let Some(frame) = self.judge(done) {
                    // SAFETY: `left` places were free.
                    unsafe { burst.push_unchecked(frame) };
                }
                head = self.head;
                if self.skipping {
                    break;
                }
                left -= 1;
                continue;
            }
            // SAFETY: the descriptor is done, hence its slot holds the posted buffer; it is counted
            // out below.
            let mut frame = unsafe { self.slot(head).read().assume_init() };
            head = head.wrapping_add(1);
            left -= 1;
            self.dma.for_cpu(frame.at(), usize::from(len));
            let flags = FrameFlags::from_bits_retain(state as u16 & FrameFlags::TAG_REMOVED.bits());
            // SAFETY: `len` is within the limit, and the limit within every posted buffer (`FrameLimit`).
            unsafe { frame.received(len, done.tag(), flags) };
            // SAFETY: `left` places were free.
            unsafe { burst.push_unchecked(frame) };
        }
        self.head = head;
        burst.len() - before
    }

    /// Decides on a descriptor that is not simply a good frame.
    #[cold]
    fn judge(&mut self, done: WriteBack) -> Option<Frame> {
        // SAFETY: the descriptor at `head` is done, hence its slot holds the posted buffer; it is
        // counted out here.
        let mut frame = unsafe { self.slot(self.head).read().assume_init() };
        self.head = self.head.wrapping_add(1);
        let (state, len) = (done.status(), done.length());
        if state & status::EOP == 0 || usize::from(len) > frame.capacity() {
            self.counters.malformed += 1;
            self.skipping = state & status::EOP == 0;
            self.post(frame);
            return None;
        }
        let mut flags = FrameFlags::from_bits_retain(state as u16 & FrameFlags::TAG_REMOVED.bits());
        flags.set(FrameFlags::ERROR, state & C::RX_ERRORS != 0);
        self.dma.for_cpu(frame.at(), usize::from(len));
        // SAFETY: checked against the capacity above.
        unsafe { frame.received(len, done.tag(), flags) };
        if self.limit.refuses(frame.bytes()) {
            self.counters.too_long += 1;
            self.post(frame);
            return None;
        }
        Some(frame)
    }

    /// Drops descriptors up to the end of a frame; tells whether the end was there.
    #[cold]
    fn skip(&mut self) -> bool {
        while self.head != self.told {
            let Some(done) = self.descriptor(self.head).written_back() else { return false };
            observe();
            // SAFETY: the descriptor is done, hence its slot holds the posted buffer.
            let frame = unsafe { self.slot(self.head).read().assume_init() };
            self.head = self.head.wrapping_add(1);
            self.post(frame);
            if done.status() & status::EOP != 0 {
                self.skipping = false;
                return true;
            }
        }
        false
    }

    /// Posts buffers of the pool until the ring is full or the pool is empty; returns how many.
    ///
    /// Writes the tail at most once: when 32 buffers are posted that the device does not know of,
    /// or when it knows of fewer than half of those posted. A pool whose buffers are smaller than
    /// the ring's posts nothing.
    #[inline]
    pub fn refill(&mut self, pool: &mut BufferPool) -> usize {
        let free = self.mask.wrapping_sub(self.posted.wrapping_sub(self.head));
        let count = if pool.size() < self.size { 0 } else { free.min(pool.len() as u32) };
        for _ in 0..count {
            // SAFETY: `count` frames are on the shelf.
            let frame = unsafe { pool.take_unchecked() };
            self.post(frame);
        }
        self.tell();
        count as usize
    }

    /// Posts one buffer.
    ///
    /// # Errors
    ///
    /// Gives the frame back if the ring is full or the buffer smaller than the ring's. The device
    /// learns of it as with [`refill`](Self::refill).
    pub fn post_one(&mut self, frame: Frame) -> Result<(), Frame> {
        if self.posted.wrapping_sub(self.head) == self.mask || frame.capacity() < self.size.bytes() {
            return Err(frame);
        }
        self.post(frame);
        self.tell();
        Ok(())
    }

    /// Puts a buffer into the ring. One descriptor is free and the buffer large enough (callers).
    #[inline(always)]
    fn post(&mut self, frame: Frame) {
        let at = self.posted;
        self.dma.for_device(frame.at(), frame.capacity());
        let bus = frame.bus();
        // SAFETY: the slot is free: `posted - head < mask`.
        unsafe { self.slot(at).write(core::mem::MaybeUninit::new(frame)) };
        // SAFETY: the descriptor is not the device's before a tail covers it, and the buffer
        // belongs to the ring until the descriptor is seen done.
        unsafe { self.descriptor(at).post(bus) };
        self.posted = at.wrapping_add(1);
    }

    /// Tells the device of posted buffers, if it is time to.
    #[inline(always)]
    fn tell(&mut self) {
        let untold = self.posted.wrapping_sub(self.told);
        let told = self.told.wrapping_sub(self.head);
        if untold >= TELL_EVERY || untold > told {
            self.told = self.posted;
            // The descriptors must be in memory before the device fetches them.
            publish();
            // The device may use the buffers up to the tail: all are posted and owned by the ring.
            self.bus.write32(self.tail, self.posted & self.mask);
        }
    }

    /// Returns what the ring dropped on its own account.
    #[must_use]
    pub const fn counters(&self) -> RxCounters {
        self.counters
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

    pub(crate) fn port(&self) -> PortId {
        self.bus.id()
    }

    /// The bus handle through which the queue is stopped: the owner of the memory writes the
    /// register that makes freeing it legal.
    pub(crate) const fn bus(&self) -> &B {
        &self.bus
    }

    #[inline(always)]
    fn descriptor(&self, counter: u32) -> &Descriptor {
        // SAFETY: the place is below the ring's length; descriptors are interior-mutable words.
        unsafe { self.space.descriptors.add((counter & self.mask) as usize).as_ref() }
    }

    #[inline(always)]
    fn slot(&self, counter: u32) -> core::ptr::NonNull<super::memory::RxSlot> {
        // SAFETY: the place is below the ring's length.
        unsafe { self.space.slots.add((counter & self.mask) as usize) }
    }

    /// Takes the ring apart.
    ///
    /// # Safety
    ///
    /// The device has been seen to have stopped the queue.
    pub(crate) unsafe fn dismantle(mut self, freed: &mut impl FnMut(Frame)) -> RxSpace {
        while self.head != self.posted {
            // SAFETY: posted and not received.
            freed(unsafe { self.slot(self.head).read().assume_init() });
            self.head = self.head.wrapping_add(1);
        }
        let (_, bytes) = self.space.shared();
        self.dma.unmap(self.mapped, bytes, crate::dma::Direction::Both);
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
