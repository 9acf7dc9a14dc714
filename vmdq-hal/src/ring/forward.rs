//! What the two ways of forwarding need of a pair of rings.

use core::fmt;

use super::{BufferPool, Frame, ForwardedFrame, RxRing, TxRing};
use crate::dma::TxWord;
use crate::platform::Platform;

/// What became of the next frame.
pub(super) enum Passed {
    /// There is none, or it has to wait.
    Nothing,
    Dropped,
    /// It goes out; the word of its descriptor.
    Sent(TxWord),
}

/// What ends a batch before its time: a panic in the caller's code that sees the frames must not leave a
/// buffer in both rings, nor a frame unsent for ever.
pub(super) trait Forwarder {
    /// Counts frames that passed and are not counted yet, and hands over all that are in the transmit
    /// ring from the counter `before` on.
    fn cut_short(&mut self, passed: u32, before: u32);
}

/// Lets the caller's code see a frame, in a batch that began at the counter `before` of the transmit
/// ring; `passed` frames are not counted yet.
#[inline(always)]
pub(super) fn show<F: Forwarder>(
    forwarder: &mut F,
    (passed, before): (u32, u32),
    frame: &mut Frame,
    look: &mut impl FnMut(&mut ForwardedFrame<'_>) -> bool,
) -> bool {
    struct Unwinding<'f, F: Forwarder> {
        forwarder: &'f mut F,
        passed: u32,
        before: u32,
    }
    impl<F: Forwarder> Drop for Unwinding<'_, F> {
        // Inlined, so that nothing points to the value, which is thereby free.
        #[inline(always)]
        fn drop(&mut self) {
            self.forwarder.cut_short(self.passed, self.before);
        }
    }
    let unwinding = Unwinding { forwarder, passed, before };
    let goes_out = look(&mut ForwardedFrame(frame));
    core::mem::forget(unwinding);
    goes_out
}

/// Why two rings were not joined.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ForwardError {
    /// The receiving port takes longer frames than the sending one: set its limit lower.
    FrameLimit,
    /// Frames are under way in the transmit ring: reclaim them first.
    Pending,
    /// The pool's buffers are smaller than those of the receive ring: use another one.
    BuffersTooSmall,
    /// The pool has too few buffers: give it more.
    TooFewBuffers {
        /// How many are needed.
        needed: usize,
    },
}

impl ForwardError {
    /// Checks a pair of rings and a pool that is to give the receive ring what it is missing, and
    /// `more` buffers.
    pub(super) fn check<P, P2>(
        rx: &RxRing<P>,
        tx: &TxRing<P2>,
        pool: &BufferPool,
        more: usize,
    ) -> Result<(), Self>
    where
        P: Platform,
        P2: Platform,
    {
        let needed = rx.missing() + more;
        if !tx.sends_all_of(rx.limit()) {
            Err(Self::FrameLimit)
        } else if tx.pending() > 0 {
            Err(Self::Pending)
        } else if pool.size() < rx.size() {
            Err(Self::BuffersTooSmall)
        } else if pool.len() < needed {
            Err(Self::TooFewBuffers { needed })
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for ForwardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FrameLimit => f.write_str(
                "the receiving port takes longer frames than the sending one: set its limit lower",
            ),
            Self::Pending => f.write_str("frames are under way in the transmit ring: reclaim them first"),
            Self::BuffersTooSmall => {
                f.write_str("the pool's buffers are smaller than the receive ring's: use another one")
            }
            Self::TooFewBuffers { needed } => write!(f, "the pool has fewer than {needed} buffers"),
        }
    }
}
impl core::error::Error for ForwardError {}
