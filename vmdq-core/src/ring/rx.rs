//! The receive ring: the half of a running queue that whoever receives holds.

use core::marker::PhantomData;
use core::ptr::NonNull;

use super::memory::{Place, Places, RingSpace};
use super::{Buffer, BufferPool, BufferSize, Burst, Frame};
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
    /// How many posted buffers the device may not know of while frames are replaced.
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
            due: 0,
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
        self.clear = 0;
        while left > 0 {
            // Beyond `told` the device was given nothing; a done bit there is a lie.
            let visible = if self.skipping { 0 } else { self.told.wrapping_sub(self.head) };
            let run = left.min(visible).min(self.space.places.run(self.head));
            // SAFETY: `left` places of the burst are free, and `run` descriptors are the device's and
            // lie one behind the other.
            let taken = unsafe { self.take_good(end_of(burst), run, || ()) };
            // SAFETY: so many frames were written behind the last one.
            unsafe { burst.set_len(burst.len() + taken as usize) };
            left -= taken;
            if taken < run || run == 0 {
                match self.take_odd() {
                    Odd::Nothing => break,
                    Odd::Dropped => {}
                    Odd::Frame(frame) => {
                        // SAFETY: `left` places are free.
                        unsafe { burst.push_unchecked(frame) };
                        left -= 1;
                    }
                }
            }
        }
        let taken = burst.len() - before;
        if taken == 0 {
            // Nobody may refill for a while; what is posted must not stay unknown to the device.
            self.tell();
        }
        taken
    }

    /// Takes finished frames as [`receive_most`](Self::receive_most) does, and posts a buffer of the
    /// pool for each in the same go, which costs less than a [`refill`](Self::refill) afterwards.
    ///
    /// What the pool is short of stays [`missing`](Self::missing) until the next call finds some.
    #[inline]
    pub fn receive_replacing<const N: usize>(
        &mut self,
        burst: &mut Burst<N>,
        most: usize,
        pool: &mut BufferPool,
    ) -> usize {
        let before = burst.len();
        let most = most.min(N - before) as u32;
        if pool.size() >= self.size {
            let count = most.min(self.clear).min(pool.len() as u32);
            // SAFETY: so many places of the burst are free, so many buffers are on the shelf, and
            // `count` is within `clear`.
            let taken = unsafe { self.replace(end_of(burst), count, pool) };
            // SAFETY: so many were written behind the last one.
            unsafe { burst.set_len(before + taken as usize) };
            if taken == most {
                self.tell_if_due();
                return taken as usize;
            }
        }
        self.receive_on(burst, most as usize - (burst.len() - before), pool);
        burst.len() - before
    }

    /// Goes on where [`receive_replacing`](Self::receive_replacing) must look at the whole ring.
    #[inline(never)]
    fn receive_on<const N: usize>(&mut self, burst: &mut Burst<N>, most: usize, pool: &mut BufferPool) {
        let end = burst.len() + most;
        let mut count = 1;
        // At the end of what was clear there may be more.
        while pool.size() >= self.size && burst.len() < end && self.clear == 0 && count > 0 {
            self.renew();
            count = ((end - burst.len()) as u32).min(self.clear).min(pool.len() as u32);
            // SAFETY: as in `receive_replacing`.
            let taken = unsafe { self.replace(end_of(burst), count, pool) };
            // SAFETY: so many were written behind the last one.
            unsafe { burst.set_len(burst.len() + taken as usize) };
        }
        let next = self.space.places.descriptor(self.space.places.at(self.head));
        if burst.len() < end && self.head != self.told && next.is_done() {
            self.receive_most(burst, end - burst.len());
        }
        if self.missing() > 0 {
            self.refill(pool);
        } else {
            self.tell();
        }
    }

    /// Takes a finished frame, if there is one, and posts a buffer of the pool for it.
    ///
    /// As [`receive_replacing`](Self::receive_replacing), for whoever works on one frame at a time:
    /// without the cost of a burst.
    #[inline]
    pub fn receive_one(&mut self, pool: &mut BufferPool) -> Option<Frame> {
        if self.clear > 0 && !pool.is_empty() && pool.size() >= self.size {
            let place = self.space.places.at(self.head);
            let done = self.space.places.descriptor(place).peek();
            if self.is_good(done) {
                observe();
                // SAFETY: as in `good_frames`.
                let frame = unsafe { self.finished(&self.space.places, place, done) };
                // SAFETY: as in `replace`: there is a buffer, and a slot is free.
                unsafe {
                    fill(&self.space.places, &self.dma, self.space.places.at(self.posted), pool.top().sub(1))
                };
                // SAFETY: it was moved out.
                unsafe { pool.count_out(1) };
                self.count_replaced(1);
                self.tell_if_due();
                return Some(frame);
            }
        }
        self.receive_one_on(pool)
    }

    /// Goes on where [`receive_one`](Self::receive_one) must look at the whole ring.
    #[inline(never)]
    fn receive_one_on(&mut self, pool: &mut BufferPool) -> Option<Frame> {
        let mut burst = Burst::<1>::new();
        self.receive_on(&mut burst, 1, pool);
        burst.pop()
    }

    /// Tells the device of posted buffers after frames were replaced, if it is time to.
    #[inline(always)]
    fn tell_if_due(&mut self) {
        if self.posted.wrapping_sub(self.told) >= self.due {
            self.tell_all();
        }
    }

    /// Moves at most `count` good frames to `out` and posts as many buffers; returns how many.
    ///
    /// # Safety
    ///
    /// There is room for `count` frames at `out`, the shelf has as many buffers, and `count` is within
    /// `clear`.
    #[inline(always)]
    unsafe fn replace(&mut self, out: *mut Frame, count: u32, pool: &mut BufferPool) -> u32 {
        let mut place = self.space.places.at(self.posted);
        let mut fresh = pool.top();
        let (places, dma) = (self.space.places, &self.dma);
        // SAFETY: room (caller). `clear` says that `count` descriptors are the device's, and that
        // neither run ends. A buffer moves into the slot behind the last that is posted, of which one
        // is free before a frame is taken and so one after each.
        let taken = unsafe {
            self.good_frames(out, count, || {
                fresh = fresh.sub(1);
                fill(&places, dma, place, fresh);
                place = place.next();
            })
        };
        // SAFETY: so many were moved out.
        unsafe { pool.count_out(taken) };
        self.count_replaced(taken);
        taken
    }

    /// Counts frames that were taken, and as many buffers posted.
    #[inline(always)]
    pub(crate) fn count_replaced(&mut self, count: u32) {
        self.head = self.head.wrapping_add(count);
        self.posted = self.posted.wrapping_add(count);
        self.clear -= count;
    }

    /// Takes at most `most` good frames; as `good_frames`, but counts them.
    #[inline(always)]
    unsafe fn take_good(&mut self, out: *mut Frame, most: u32, then: impl FnMut()) -> u32 {
        // SAFETY: the caller's promise.
        let taken = unsafe { self.good_frames(out, most, then) };
        self.head = self.head.wrapping_add(taken);
        taken
    }

    /// Moves at most `most` good frames out, and calls `then` after each; stops at the first descriptor
    /// that is not done or not good. Returns how many; the caller counts them.
    ///
    /// # Safety
    ///
    /// There is room for `most` frames at `out`. As many descriptors from `head` on are the device's
    /// and lie one behind the other. `then` fills no slots but of frames that were moved out.
    #[inline(always)]
    unsafe fn good_frames(&self, mut out: *mut Frame, most: u32, mut then: impl FnMut()) -> u32 {
        let begin = self.space.places.at(self.head);
        let end = begin.ahead(most);
        let mut place = begin;
        while place != end {
            let done = self.space.places.descriptor(place).peek();
            if !self.is_good(done) {
                break;
            }
            observe();
            // SAFETY: good, and the caller counts the descriptor. There is room (caller).
            unsafe { out.write(self.finished(&self.space.places, place, done)) };
            // SAFETY: inside the room, or at its end.
            out = unsafe { out.add(1) };
            place = place.next();
            then();
        }
        place.since(begin)
    }

    /// Tells whether a descriptor is done and simply holds a good frame.
    #[inline(always)]
    pub(crate) fn is_good(&self, done: WriteBack) -> bool {
        let good = status::DD | status::EOP;
        let mask = good | status::OURS | C::RX_ERRORS;
        // One comparison of lengths does: below the shortest it wraps around, and within the limit is
        // within every posted buffer.
        let beyond_shortest = done.length().wrapping_sub(FrameLimit::SHORTEST);
        done.status() & mask == good && beyond_shortest <= self.span
    }

    /// Moves the buffer of a descriptor out of its slot, as the frame that the device reports.
    ///
    /// # Safety
    ///
    /// The descriptor is good, so that its slot holds a posted buffer, which moves out as the caller
    /// counts the descriptor.
    #[inline(always)]
    pub(crate) unsafe fn finished(&self, places: &Places, place: Place, done: WriteBack) -> Frame {
        // SAFETY: the caller's promise.
        let buffer = unsafe { places.slot(place).read() };
        self.dma.for_cpu(buffer.at(), usize::from(done.length()));
        // SAFETY: the length is within the limit, and that within every posted buffer
        // (`FrameLimit::fits`).
        unsafe { Frame::received(buffer, done) }
    }

    /// Finds out how many frames can be taken and replaced without another thought.
    pub(crate) fn renew(&mut self) {
        let visible = self.told.wrapping_sub(self.head);
        let runs = self.space.places.run(self.head).min(self.space.places.run(self.posted));
        self.clear = if self.skipping { 0 } else { visible.min(runs) };
        // While frames are replaced, as many buffers are posted as now: see `tell`.
        self.due = TELL_EVERY.min(self.posted() as u32 / 2 + 1);
    }

    /// Takes the next descriptor if it is done: one that is not simply a good frame, or a good one
    /// that was not done a moment ago.
    #[cold]
    pub(crate) fn take_odd(&mut self) -> Odd {
        while self.head != self.told {
            let place = self.space.places.at(self.head);
            // Decided on this copy alone.
            let Some(done) = self.space.places.descriptor(place).written_back() else { break };
            observe();
            // SAFETY: done; the frame is counted out if there is one.
            if let Some(frame) = unsafe { self.appraise(place, done) } {
                self.head = self.head.wrapping_add(1);
                self.clear = 0;
                return Odd::Frame(frame);
            }
            let buffer = self.take_done();
            self.post(buffer);
            if !self.skipping {
                return Odd::Dropped;
            }
        }
        Odd::Nothing
    }

    /// Decides on a descriptor that is done: returns the frame, or counts why it is none.
    ///
    /// # Safety
    ///
    /// The slot holds the posted buffer, which is the frame's if there is one and stays otherwise.
    pub(crate) unsafe fn appraise(&mut self, place: Place, done: WriteBack) -> Option<Frame> {
        let (state, len) = (done.status(), done.length());
        let end = state & status::EOP != 0;
        if core::mem::replace(&mut self.skipping, !end) {
            // The rest of a frame that began without an end.
            return None;
        }
        // SAFETY: the caller's promise.
        let buffer = unsafe { self.space.places.slot(place).read() };
        if !end || len < FrameLimit::SHORTEST || usize::from(len) > buffer.capacity() {
            self.counters.malformed += 1;
            return None;
        }
        self.dma.for_cpu(buffer.at(), usize::from(len));
        // SAFETY: checked against the capacity above.
        let mut frame = unsafe { Frame::received(buffer, done) };
        frame.set_error(state & C::RX_ERRORS != 0);
        let tagged = state & status::VP != 0;
        let too_long =
            if tagged { self.limit.refuses_stripped(frame.len()) } else { self.limit.refuses(frame.bytes()) };
        if too_long {
            self.counters.too_long += 1;
            return None;
        }
        Some(frame)
    }

    /// Moves the buffer of the descriptor at `head`, which is done (callers), out of the ring.
    pub(crate) fn take_done(&mut self) -> Buffer {
        // SAFETY: a done descriptor's slot holds the posted buffer; it is counted out here.
        let buffer = unsafe { self.space.places.slot(self.space.places.at(self.head)).read() };
        self.head = self.head.wrapping_add(1);
        self.clear = 0;
        buffer
    }

    /// Posts buffers of the pool until the ring is full or the pool is empty; returns how many.
    ///
    /// Writes the tail at most once: when 32 buffers are posted that the device does not know of,
    /// or when it knows of fewer than half of those posted. A pool whose buffers are smaller than
    /// the ring's posts nothing. Whoever receives in small bursts saves work by calling it only when
    /// some are [`missing`](Self::missing).
    #[inline]
    pub fn refill(&mut self, pool: &mut BufferPool) -> usize {
        let count = if pool.size() < self.size { 0 } else { self.missing().min(pool.len()) as u32 };
        let mut left = count;
        while left > 0 {
            let run = left.min(self.space.places.run(self.posted));
            let mut place = self.space.places.at(self.posted);
            let mut fresh = pool.top();
            for _ in 0..run {
                // SAFETY: at least `run` buffers are on the shelf.
                fresh = unsafe { fresh.sub(1) };
                // SAFETY: the buffer moves into a slot that is free: fewer than `mask` are posted.
                unsafe { fill(&self.space.places, &self.dma, place, fresh) };
                place = place.next();
            }
            // SAFETY: so many were moved out.
            unsafe { pool.count_out(run) };
            self.posted = self.posted.wrapping_add(run);
            left -= run;
        }
        self.clear = 0;
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
        if self.missing() == 0 || frame.buffer().is_smaller_than(self.size) {
            return Err(frame);
        }
        self.post(frame.into_buffer());
        self.tell();
        Ok(())
    }

    /// Puts a buffer into the ring. One descriptor is free and the buffer large enough (callers).
    pub(crate) fn post(&mut self, buffer: Buffer) {
        let place = self.space.places.at(self.posted);
        // SAFETY: the slot is free: `posted - head < mask`.
        unsafe { fill(&self.space.places, &self.dma, place, NonNull::from(&buffer)) };
        self.posted = self.posted.wrapping_add(1);
        self.clear = 0;
    }

    /// Tells the device of posted buffers, if it is time to.
    #[inline(always)]
    pub(crate) fn tell(&mut self) {
        let untold = self.posted.wrapping_sub(self.told);
        let told = self.told.wrapping_sub(self.head);
        if untold >= TELL_EVERY || untold > told {
            self.tell_all();
        }
    }

    /// Tells the device of all posted buffers.
    #[inline(always)]
    fn tell_all(&mut self) {
        self.told = self.posted;
        // The descriptors must be in memory before the device fetches them.
        publish();
        // The device may use the buffers up to the tail: all are posted and owned by the ring.
        self.bus.write32(self.tail, self.posted & self.mask());
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
        self.dma.unmap(self.mapped, bytes, crate::dma::Direction::Both);
        self.space
    }
}

/// What the next descriptor turned out to be.
pub(crate) enum Odd {
    /// Not done.
    Nothing,
    /// Nothing that is received: its buffer is posted again.
    Dropped,
    /// A frame.
    Frame(Frame),
}

/// Moves a buffer into a slot and writes its receive descriptor.
///
/// # Safety
///
/// `from` holds a buffer, which is moved out, the slot is free, and no tail covers the descriptor.
#[inline(always)]
pub(crate) unsafe fn fill<D: DmaSpace>(places: &Places, dma: &D, place: Place, from: NonNull<Buffer>) {
    // SAFETY: there is a buffer, and the slot is free (caller).
    unsafe { places.slot(place).copy_from_nonoverlapping(from, 1) };
    // SAFETY: the buffer's bits are still there.
    let buffer = unsafe { from.as_ref() };
    dma.for_device(buffer.at(), buffer.capacity());
    // SAFETY: the buffer belongs to the ring from here on: it stays in the slot until the descriptor is
    // seen done.
    unsafe { places.descriptor(place).post(buffer.bus()) };
}

/// Points behind the last frame of a burst.
#[inline(always)]
fn end_of<const N: usize>(burst: &mut Burst<N>) -> *mut Frame {
    let len = burst.len();
    // SAFETY: at most one past the last place.
    unsafe { burst.as_mut_ptr().add(len) }
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
