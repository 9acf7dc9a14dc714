//! The receive ring: the half of a running queue that whoever receives holds.

use core::marker::PhantomData;

use super::memory::{Place, RingSpace};
use super::{BufferPool, BufferSize, Burst, Frame};
use crate::bus::{Bus, Offset, PortId};
use crate::controller::{Controller, RingSetup};
use crate::dma::{DmaSpace, WriteBack, observe, publish, status};
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
    space: RingSpace,
    mapped: u64,
    tail: Offset,
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
    /// Whether the queue was seen enabled when it was started.
    pub(crate) seen: bool,
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
            limit,
            skipping: false,
            size,
            queue: setup.queue,
            seen: false,
            counters: RxCounters::default(),
            controller: PhantomData,
        }
    }

    /// Takes finished frames until the burst is full or no more are finished; returns how many.
    ///
    /// Reads no register, and writes none unless nothing is finished and the device is short of
    /// buffers that are posted but not yet told. Each descriptor is read once, and what the device claims
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
        let mut left = most.min(N - before) as u32;
        while !self.skipping || self.skip() {
            // SAFETY: `left` places of the burst are free.
            let taken = unsafe { self.receive_good(burst.as_mut_ptr().add(burst.len()), left) };
            // SAFETY: so many frames were written behind the last one.
            unsafe { burst.set_len(burst.len() + taken as usize) };
            self.head = self.head.wrapping_add(taken);
            left -= taken;
            if left == 0 || self.head == self.told {
                break;
            }
            let Some(done) = self.space.descriptor(self.space.at(self.head)).written_back() else { break };
            // Done, and yet not simply a good frame: decided on this second copy alone.
            observe();
            if let Some(frame) = self.judge(done) {
                // SAFETY: `left` places are free.
                unsafe { burst.push_unchecked(frame) };
                left -= 1;
            }
        }
        let taken = burst.len() - before;
        if taken == 0 {
            // Nobody may refill for a while; what is posted must not stay unknown to the device.
            self.tell();
        }
        taken
    }

    /// Takes at most `most` good frames; stops at the first descriptor that is not done or not good.
    /// Returns how many; the caller counts them.
    ///
    /// # Safety
    ///
    /// There is room for `most` frames at `out`.
    #[inline(always)]
    unsafe fn receive_good(&self, mut out: *mut Frame, most: u32) -> u32 {
        const GOOD: u32 = status::DD | status::EOP;
        const SHORTEST: u16 = FrameLimit::SHORTEST;
        let span = self.limit.untagged() - SHORTEST;
        let mut place = self.space.at(self.head);
        // Beyond `told` the device was given nothing; a done bit there is a lie.
        let most = most.min(self.told.wrapping_sub(self.head));
        let first = out;
        // SAFETY: inside the room (caller), or at its end.
        let end = unsafe { out.add(most as usize) };
        while out != end {
            let done = self.space.descriptor(place).peek();
            // One comparison of lengths does: below the shortest it wraps around, and within the limit
            // is within every posted buffer.
            if done.status() & (GOOD | C::RX_ERRORS) != GOOD || done.length().wrapping_sub(SHORTEST) > span {
                break;
            }
            observe();
            // SAFETY: the descriptor is done, hence its slot holds the posted buffer, empty, which
            // moves out as the caller counts the descriptor. The length is within the limit, and
            // that within every posted buffer (`FrameLimit::fits`). There is room (caller).
            unsafe { Frame::move_received(self.space.frame(place), out, done) };
            // SAFETY: written just now.
            self.dma.for_cpu(unsafe { (*out).at() }, usize::from(done.length()));
            // SAFETY: at most `end`.
            out = unsafe { out.add(1) };
            place = self.space.after(place);
        }
        // SAFETY: both point into the room.
        unsafe { out.offset_from_unsigned(first) as u32 }
    }

    /// Decides on a descriptor that is not simply a good frame.
    #[cold]
    fn judge(&mut self, done: WriteBack) -> Option<Frame> {
        let mut frame = self.take_done();
        let (state, len) = (done.status(), done.length());
        if state & status::EOP == 0 || len < FrameLimit::SHORTEST || usize::from(len) > frame.capacity() {
            self.counters.malformed += 1;
            self.skipping = state & status::EOP == 0;
            self.post(frame);
            return None;
        }
        self.dma.for_cpu(frame.at(), usize::from(len));
        // SAFETY: checked against the capacity above; posted frames are empty.
        unsafe { frame.received(done) };
        if state & C::RX_ERRORS != 0 {
            frame.set_error();
        }
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
            let Some(done) = self.space.descriptor(self.space.at(self.head)).written_back() else {
                return false;
            };
            observe();
            let frame = self.take_done();
            self.post(frame);
            if done.status() & status::EOP != 0 {
                self.skipping = false;
                return true;
            }
        }
        false
    }

    /// Moves the buffer of the descriptor at `head`, which is done (callers), out of the ring.
    fn take_done(&mut self) -> Frame {
        // SAFETY: a done descriptor's slot holds the posted buffer; it is counted out here.
        let frame = unsafe { self.space.frame(self.space.at(self.head)).read() };
        self.head = self.head.wrapping_add(1);
        frame
    }

    /// Posts buffers of the pool until the ring is full or the pool is empty; returns how many.
    ///
    /// Writes the tail at most once: when 32 buffers are posted that the device does not know of,
    /// or when it knows of fewer than half of those posted. A pool whose buffers are smaller than
    /// the ring's posts nothing. Whoever receives in small bursts saves work by calling it only when
    /// some are [`missing`](Self::missing).
    #[inline]
    pub fn refill(&mut self, pool: &mut BufferPool) -> usize {
        let free = self.missing() as u32;
        let count = if pool.size() < self.size { 0 } else { free.min(pool.len() as u32) };
        let mut place = self.space.at(self.posted);
        // SAFETY: `count` frames are on the shelf, and each moves into a slot that is free: fewer than
        // `mask` descriptors are posted.
        unsafe {
            pool.take_many(count, |frame| {
                frame.copy_to_nonoverlapping(self.space.frame(place), 1);
                self.hand_over(place);
                place = self.space.after(place);
            });
        }
        self.posted = self.posted.wrapping_add(count);
        self.tell();
        count as usize
    }

    /// Posts one buffer; the frame in it is forgotten.
    ///
    /// # Errors
    ///
    /// Gives the frame back if the ring is full or the buffer smaller than the ring's. The device
    /// learns of it as with [`refill`](Self::refill).
    pub fn post_one(&mut self, frame: Frame) -> Result<(), Frame> {
        if self.posted.wrapping_sub(self.head) == self.mask() || frame.capacity() < self.size.bytes() {
            return Err(frame);
        }
        self.post(frame);
        self.tell();
        Ok(())
    }

    /// Puts a buffer into the ring. One descriptor is free and the buffer large enough (callers).
    fn post(&mut self, mut frame: Frame) {
        frame.clear();
        let place = self.space.at(self.posted);
        // SAFETY: the slot is free: `posted - head < mask`.
        unsafe { self.space.frame(place).write(frame) };
        // SAFETY: the slot was filled above.
        unsafe { self.hand_over(place) };
        self.posted = self.posted.wrapping_add(1);
    }

    /// Writes the descriptor of a slot that was just filled.
    ///
    /// # Safety
    ///
    /// The slot holds a frame that stays there until the descriptor is seen done, and no tail covers
    /// the descriptor yet.
    #[inline(always)]
    unsafe fn hand_over(&self, place: Place) {
        // SAFETY: the slot holds a frame (caller).
        let frame = unsafe { self.space.frame(place).as_ref() };
        self.dma.for_device(frame.at(), frame.capacity());
        // SAFETY: the buffer belongs to the ring, which owns the slot (caller).
        unsafe { self.space.descriptor(place).post(frame.bus()) };
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
            self.bus.write32(self.tail, self.posted & self.mask());
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
            freed(self.take_done());
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
