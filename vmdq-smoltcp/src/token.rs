//! The tokens that smoltcp gets: permissions for one frame, which cost nothing if they are dropped.

use smoltcp::phy;
use vmdq_hal::Platform;
use vmdq_hal::ring::{BufferPool, Frame, TxRing};

use crate::error::DeviceCounters;

/// Where frames go that the stack sends: a transmit ring, or a queue of frames for a switch.
pub trait Outgoing {
    /// Tells whether there is room for another frame.
    fn has_room(&self) -> bool;

    /// Takes a frame, or gives it back.
    fn put(&mut self, frame: Frame) -> Result<(), Frame>;
}

impl<P: Platform> Outgoing for TxRing<P> {
    #[inline]
    fn has_room(&self) -> bool {
        self.room() > 0
    }

    #[inline]
    fn put(&mut self, frame: Frame) -> Result<(), Frame> {
        self.send_one(frame).map_err(|refused| refused.value)
    }
}

impl<const N: usize> Outgoing for heapless::Deque<Frame, N> {
    fn has_room(&self) -> bool {
        !self.is_full()
    }

    fn put(&mut self, frame: Frame) -> Result<(), Frame> {
        self.push_back(frame)
    }
}

/// The permission to read one frame.
///
/// Dropped unused, it leaves the frame where it is: the next token is for the same frame.
#[must_use = "the frame waits until a token is consumed"]
pub struct RxToken<'d> {
    pub(crate) held: &'d mut Option<Frame>,
    pub(crate) pool: &'d mut BufferPool,
    pub(crate) received: &'d mut u64,
}

impl phy::RxToken for RxToken<'_> {
    #[inline]
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        let Self { held, pool, received } = self;
        // The frame stays where it is meanwhile, so that a panic of the stack loses no buffer. A token is made
        // only when there is one; to the stack, an empty frame is nothing.
        let result = read(held.as_ref().map_or(&[], Frame::bytes));
        if let Some(frame) = held.take() {
            *received += 1;
            put_home(pool, frame);
        }
        result
    }
}

/// The permission to send one frame.
///
/// Dropped unused, it leaves the buffer where it is: the next token is for the same buffer.
#[must_use = "nothing is sent until a token is consumed"]
pub struct TxToken<'d, T> {
    pub(crate) to: &'d mut T,
    pub(crate) spare: &'d mut Option<Frame>,
    pub(crate) counters: &'d mut DeviceCounters,
    /// The longest frame.
    pub(crate) mtu: usize,
}

impl<T: Outgoing> phy::TxToken for TxToken<'_, T> {
    /// Lets `write` write a frame of `len` bytes into a buffer, and sends it.
    ///
    /// A frame longer than the MTU can't be sent: `write` then gets a buffer of the MTU's length, and what it
    /// writes is dropped and counted. smoltcp never asks for one.
    #[inline]
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let Self { to, spare, counters, mtu } = self;
        // The buffer stays where it is meanwhile, so that a panic of the stack loses none. A token is made only
        // when there is one, and it is as long as the MTU.
        let frame = spare.as_mut().and_then(|frame| frame.set_len(len.min(mtu)).ok().map(|()| frame));
        let result = write(frame.map_or(&mut [], Frame::bytes_mut));
        match spare.take().map(|frame| if len > mtu { Err(frame) } else { to.put(frame) }) {
            Some(Ok(())) => counters.sent += 1,
            Some(Err(frame)) => {
                counters.sent_dropped += 1;
                *spare = Some(frame);
            }
            None => counters.sent_dropped += 1,
        }
        result
    }
}

/// Puts a frame back into the pool that it came from.
#[inline]
pub(crate) fn put_home(pool: &mut BufferPool, frame: Frame) {
    // Of the pool's size, and the pool has given a buffer for it: only a frame that the program put into the
    // pool meanwhile leaves no room. `lost_buffers` counts that.
    drop(pool.put(frame));
}
