//! The frames that a device keeps between two calls of the stack.

use heapless::Deque;
use vmdq_hal::Platform;
use vmdq_hal::ring::{BufferPool, Frame, FrameFlags, RxRing, TxRing};

use crate::error::DeviceCounters;
use crate::token::{Outgoing, RxToken, TxToken, put_home};

/// VLAN id in the control information of a tag.
const VLAN: u16 = 0xfff;

/// The frames that a device keeps.
pub(crate) struct Kept<const INBOX: usize> {
    /// The frame that the next token is for.
    pub(crate) held: Option<Frame>,
    /// The buffer in which the next frame will be written.
    pub(crate) spare: Option<Frame>,
    /// Copies that came another way than through the receive ring.
    pub(crate) inbox: Deque<Frame, INBOX>,
    /// Frames that were read; apart, because the two tokens count independently.
    pub(crate) received: u64,
    /// The other counters.
    pub(crate) counters: DeviceCounters,
}

impl<const INBOX: usize> Kept<INBOX> {
    pub(crate) const fn new(spare: Frame) -> Self {
        let counters = DeviceCounters::NONE;
        Self { held: None, spare: Some(spare), inbox: Deque::new(), received: 0, counters }
    }

    /// Reclaims what was sent if it is time to, and sees to a buffer to send from; tells whether there is one.
    #[inline]
    pub(crate) fn provide_spare<P: Platform>(&mut self, tx: &mut TxRing<P>, pool: &mut BufferPool) -> bool {
        // Half of the ring at once, which costs least for each frame; sooner if buffers are short.
        if tx.pending() > tx.room() || pool.is_empty() {
            tx.reclaim(pool);
        }
        if self.spare.is_none() {
            self.spare = pool.take();
        }
        self.spare.is_some()
    }

    /// Tells whether a frame can be sent: there is a buffer, and room where it goes.
    #[inline]
    pub(crate) fn has_way_out<T: Outgoing>(&mut self, to: &T) -> bool {
        let has = self.spare.is_some() && to.has_room();
        if !has {
            self.counters.stalled += 1;
        }
        has
    }

    /// Sees to a frame for the stack, if need be from `more`; tells whether there is one.
    #[inline]
    pub(crate) fn hold_next(&mut self, more: impl FnOnce(&mut Self) -> Option<Frame>) -> bool {
        if self.held.is_none() {
            self.held = if self.inbox.is_empty() { more(self) } else { self.inbox.pop_front() };
        }
        self.held.is_some()
    }

    /// Makes the tokens for the frame that is held, and for the answer.
    #[inline]
    pub(crate) const fn pair<'d, T>(
        &'d mut self,
        pool: &'d mut BufferPool,
        to: &'d mut T,
        mtu: usize,
    ) -> (RxToken<'d>, TxToken<'d, T>) {
        let Self { held, spare, received, counters, .. } = self;
        (RxToken { held, pool, received }, TxToken { to, spare, counters, mtu })
    }

    /// Makes the token for a frame to be sent.
    #[inline]
    pub(crate) const fn single<'d, T>(&'d mut self, to: &'d mut T, mtu: usize) -> TxToken<'d, T> {
        let Self { spare, counters, .. } = self;
        TxToken { to, spare, counters, mtu }
    }

    /// Takes a frame for a stack without VLANs out of the ring.
    #[inline]
    pub(crate) fn receive<P: Platform>(
        &mut self,
        rx: &mut RxRing<P>,
        pool: &mut BufferPool,
    ) -> Option<Frame> {
        // A ring's length at most, so that it ends whatever arrives.
        for _ in 0..=rx.posted() {
            let frame = receive_any(rx, pool)?;
            if frame.flags().is_empty() || is_for_us(&frame) {
                return Some(frame);
            }
            self.counters.received_dropped += 1;
            put_home(pool, frame);
        }
        None
    }

    /// Lets `fill` write a copy of a frame into a buffer, and puts it into the inbox; tells whether there was
    /// room.
    pub(crate) fn offer<P: Platform>(
        &mut self,
        tx: &mut TxRing<P>,
        pool: &mut BufferPool,
        fill: impl FnOnce(&mut Frame) -> bool,
    ) -> bool {
        // What was sent comes back first, and one of it stays to send from: without that the stack would get no
        // token to read the copy.
        let room = !self.inbox.is_full() && self.provide_spare(tx, pool);
        let offered = room
            && pool.take().is_some_and(|mut copy| {
                let unused = if fill(&mut copy) { self.inbox.push_back(copy).err() } else { Some(copy) };
                let offered = unused.is_none();
                unused.into_iter().for_each(|copy| put_home(pool, copy));
                offered
            });
        let count = if offered { &mut self.counters.copies } else { &mut self.counters.copies_dropped };
        *count += 1;
        offered
    }

    /// Puts a frame into the inbox, which has room for it.
    pub(crate) fn keep(&mut self, pool: &mut BufferPool, frame: Frame) {
        if let Err(frame) = self.inbox.push_back(frame) {
            put_home(pool, frame);
        }
    }

    /// Puts all frames back into the pool.
    pub(crate) fn release(&mut self, pool: &mut BufferPool) {
        let frames = self.held.take().into_iter().chain(self.spare.take());
        frames.for_each(|frame| put_home(pool, frame));
        while let Some(frame) = self.inbox.pop_front() {
            put_home(pool, frame);
        }
    }
}

/// Takes a frame out of the ring.
#[inline]
pub(crate) fn receive_any<P: Platform>(rx: &mut RxRing<P>, pool: &mut BufferPool) -> Option<Frame> {
    let frame = rx.receive_one(pool);
    if frame.is_none() {
        // The next burst finds the whole ring, as the stack was told.
        rx.flush();
    }
    frame
}

/// Tells whether a frame with flags is one for a stack without VLANs: no error, and at most a priority tag was
/// removed.
#[cold]
fn is_for_us(frame: &Frame) -> bool {
    !frame.flags().contains(FrameFlags::ERROR) && frame.tag().is_none_or(|control| control & VLAN == 0)
}
