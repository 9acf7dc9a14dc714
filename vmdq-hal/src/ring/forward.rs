//! What the two ways of forwarding need of a pair of rings.

use core::fmt;

use super::{BufferPool, RxRing, TxRing};
use crate::dma::TxWord;
use crate::platform::Platform;

/// The outcome for the next frame.
pub(super) enum Outcome {
    /// There is none, or it has to wait.
    Nothing,
    Dropped,
    /// It goes out; the word of its descriptor.
    Sent(TxWord),
}

/// A forwarder whose batch can end early: a panic in the caller's code must not leave a buffer in both rings,
/// nor a frame unsent for ever.
pub(super) trait Forwarder {
    /// Counts frames that passed and are not counted yet, and hands over all that are in the transmit
    /// ring from the counter `before` on.
    fn cut_short(&mut self, passed: u32, before: u32);
}

/// Forwards one frame by `step`, in a batch that began at the counter `before` of the transmit ring;
/// `passed` frames are not counted yet. Should `step` panic, which the caller's code may and a platform
/// may not, those before it are counted and go out, and the frame is still in the receive ring: `step`
/// empties or fills no slot that counts before the last call that could panic.
#[inline(always)]
pub(super) fn guarded<F: Forwarder, T>(
    forwarder: &mut F,
    (passed, before): (u32, u32),
    step: impl FnOnce(&mut F) -> T,
) -> T {
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
    let result = step(&mut *unwinding.forwarder);
    core::mem::forget(unwinding);
    result
}

/// Why two rings were not joined or split.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ForwardError {
    /// The receiving port takes longer frames than the sending one: set its limit lower.
    FrameLimit,
    /// Frames are pending in the transmit ring: reclaim them first.
    Pending,
    /// The pool's buffers are smaller than those of the receive ring: use another one.
    BuffersTooSmall,
    /// The pool has too few buffers: give it more.
    TooFewBuffers {
        /// How many are needed.
        needed: usize,
    },
    /// The pool has no room for the spare buffers: use another one.
    NoRoom {
        /// How many they are.
        needed: usize,
    },
    /// The pool's buffers are larger than those of the receive ring, which it therefore refuses: use
    /// another one.
    BuffersTooLarge,
}

impl ForwardError {
    /// Checks a pair of rings and the pool from which the receive ring gets its missing buffers, and
    /// `more` buffers.
    pub(super) fn check<P: Platform, P2: Platform>(
        rx: &RxRing<P>,
        tx: &TxRing<P2>,
        pool: &BufferPool,
        more: usize,
    ) -> Result<(), Self> {
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

    /// Checks whether a pool takes `needed` spare buffers of the rings.
    pub(super) fn check_split<P: Platform>(
        rx: &RxRing<P>,
        pool: &BufferPool,
        spare: usize,
    ) -> Result<(), Self> {
        if pool.room() < spare {
            Err(Self::NoRoom { needed: spare })
        } else if pool.size() > rx.size() {
            Err(Self::BuffersTooLarge)
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
            Self::Pending => f.write_str("frames are pending in the transmit ring: reclaim them first"),
            Self::BuffersTooSmall => {
                f.write_str("the pool's buffers are smaller than the receive ring's: use another one")
            }
            Self::TooFewBuffers { needed } => {
                write!(f, "the pool has fewer than {needed} buffers: give it more")
            }
            Self::NoRoom { needed } => {
                write!(f, "the pool has no room for {needed} spare buffers: use another one")
            }
            Self::BuffersTooLarge => {
                f.write_str("the pool's buffers are larger than the receive ring's: use another one")
            }
        }
    }
}
impl core::error::Error for ForwardError {}
