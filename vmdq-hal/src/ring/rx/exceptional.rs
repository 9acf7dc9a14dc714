//! Descriptors that are not simply good frames.

use core::mem::ManuallyDrop;

use super::RxRing;
use crate::dma::{DmaSpace, WriteBack, observe, status};
use crate::platform::Platform;
use crate::ring::memory::Place;
use crate::ring::{Buffer, Frame, FrameFlags};
use vmdq_core::FrameLimit;

impl<P: Platform> RxRing<P> {
    /// Looks at the next descriptor, for those that are not simply good frames.
    ///
    /// # Safety
    ///
    /// A frame's descriptor is not counted yet, and its buffer stays in the slot, too: the caller counts
    /// it ([`count_taken`](Self::count_taken)) before it moves the frame anywhere.
    #[cold]
    pub(crate) unsafe fn take_exceptional(&mut self) -> Exceptional {
        while self.head != self.announced {
            let place = self.space.places.at(self.head);
            // Decided on this copy alone.
            let Some(done) = self.space.places.descriptor(place).written_back() else { break };
            observe();
            // SAFETY: done; of a frame, the caller's promise.
            if let Some(frame) = unsafe { self.examine(place, done) } {
                return Exceptional::Frame(frame);
            }
            // SAFETY: done, and not counted yet.
            unsafe { self.post_again() };
            if !self.skipping {
                return Exceptional::Dropped;
            }
        }
        Exceptional::Nothing
    }

    /// Counts the descriptor at `head`, the buffer of which was moved out.
    pub(crate) fn count_taken(&mut self) {
        self.head = self.head.wrapping_add(1);
        self.run_left = 0;
    }

    /// Posts the buffer of the descriptor at `head` again.
    ///
    /// # Safety
    ///
    /// The descriptor is posted and done.
    pub(crate) unsafe fn post_again(&mut self) {
        // SAFETY: the caller's promise.
        let buffer = unsafe { self.take_done() };
        // SAFETY: it made a descriptor free, and was large enough before.
        unsafe { self.post(buffer) };
    }

    /// Decides on a descriptor that is done: returns the frame, or counts why it is none.
    ///
    /// # Safety
    ///
    /// The slot holds the posted buffer, which is the frame's if there is one and stays otherwise.
    pub(crate) unsafe fn examine(&mut self, place: Place, done: WriteBack) -> Option<ManuallyDrop<Frame>> {
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
        // SAFETY: the device wrote the descriptor back: the buffer, of at least `len` bytes, is the ring's.
        unsafe { self.dma.for_cpu(buffer.at(), usize::from(len)) };
        // SAFETY: checked against the capacity above.
        let mut frame = ManuallyDrop::new(unsafe { Frame::received(buffer, done) });
        frame.set_error(state & self.errors() != 0);
        let too_long = if frame.flags().contains(FrameFlags::TAG_REMOVED) {
            self.limit.refuses_stripped(frame.len())
        } else {
            self.limit.refuses(frame.bytes())
        };
        if too_long {
            self.counters.too_long += 1;
            return None;
        }
        Some(frame)
    }

    /// Moves the buffer of the descriptor at `head` out of the ring.
    ///
    /// # Safety
    ///
    /// The descriptor is posted, and done or the ring was seen stopped.
    pub(crate) unsafe fn take_done(&mut self) -> Buffer {
        // SAFETY: a done descriptor's slot holds the posted buffer; it is counted out here.
        let buffer = unsafe { self.space.places.slot(self.space.places.at(self.head)).read() };
        self.count_taken();
        buffer
    }
}

/// What the next descriptor turned out to be.
pub(crate) enum Exceptional {
    /// Not done.
    Nothing,
    /// Nothing that is received: its buffer is posted again.
    Dropped,
    /// A frame, whose buffer is in its slot, too, until the descriptor is counted.
    Frame(ManuallyDrop<Frame>),
}
