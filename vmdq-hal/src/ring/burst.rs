//! Bursts: frames that move between rings, pools and the code that works on them.

use core::fmt;
use core::ops::{Deref, DerefMut, RangeFull};

use super::Frame;

/// A burst of at most `N` frames, moved between rings, pools and the code that works on them.
///
/// It is a slice of frames that grows and shrinks by moving frames. It has no methods that lose frames
/// silently, such as `clear` or `truncate`, and a loop over [`drain`](Self::drain) that ends early leaves
/// the rest in the burst. Dropping a burst loses the buffers in it, as dropping a [`Frame`] does:
/// [`BufferPool::put_all`](crate::ring::BufferPool::put_all) takes them back.
///
/// `F` is what the burst holds; [`TargetedBurst`](crate::targeted::TargetedBurst) is a burst of another
/// kind of frames.
///
/// # Examples
///
/// Frames that are over a length go back to the pool, the others are sent:
///
/// ```
/// use vmdq_hal::Platform;
/// use vmdq_hal::ring::{BufferPool, Burst, RxRing, SendError, TxRing};
///
/// fn pass_short<P: Platform>(
///     rx: &mut RxRing<P>,
///     tx: &mut TxRing<P>,
///     pool: &mut BufferPool,
/// ) -> Result<usize, SendError> {
///     let (mut burst, mut short, mut long) = (Burst::<32>::new(), Burst::<32>::new(), Burst::<32>::new());
///     rx.receive(&mut burst);
///     for frame in burst.drain(..) {
///         let to = if frame.len() <= 128 { &mut short } else { &mut long };
///         to.push(frame).expect("as large as `burst`");
///     }
///     let sent = tx.send(&mut short);
///     pool.put_all(&mut long);
///     pool.put_all(&mut short); // what the ring had no room for
///     rx.refill(pool);
///     sent
/// }
/// ```
#[must_use = "dropping a burst loses the buffers in it: send it, or put it back into a pool"]
pub struct Burst<const N: usize, F = Frame>(heapless::Vec<F, N>);

impl<const N: usize, F> Burst<N, F> {
    /// Makes an empty burst.
    #[inline(always)]
    pub const fn new() -> Self {
        Self(heapless::Vec::new())
    }

    /// Returns how many frames there are.
    #[inline(always)]
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether the burst is empty.
    #[inline(always)]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether the burst holds `N` frames.
    #[inline(always)]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.is_full()
    }

    /// Adds a frame at the end.
    ///
    /// # Errors
    ///
    /// Gives the frame back if the burst is full.
    #[inline(always)]
    pub fn push(&mut self, frame: F) -> Result<(), F> {
        self.0.push(frame)
    }

    /// Takes the last frame.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<F> {
        self.0.pop()
    }

    /// Takes the first frame; the others move up.
    ///
    /// For a frame that [`TxRing::send`](crate::ring::TxRing::send) refuses: it stays the first one.
    pub fn pop_first(&mut self) -> Option<F> {
        self.drain(..).next()
    }

    /// Takes the frame at `index`; those behind it move up. `None` if there is none.
    pub fn take(&mut self, index: usize) -> Option<F> {
        if index < self.len() { Some(self.0.remove(index)) } else { None }
    }

    /// Adds frames from an iterator until the burst is full or they end; returns how many.
    ///
    /// No more are taken from the iterator than fit.
    pub fn fill_from(&mut self, frames: &mut impl Iterator<Item = F>) -> usize {
        let before = self.len();
        while !self.is_full() {
            let Some(frame) = frames.next() else { break };
            // SAFETY: not full.
            unsafe { self.0.push_unchecked(frame) };
        }
        self.len() - before
    }

    /// Takes all frames, from the front, one by one.
    ///
    /// What is not taken before the iterator is dropped stays in the burst, in order.
    #[inline(always)]
    pub fn drain(&mut self, _: RangeFull) -> Drain<'_, N, F> {
        let end = self.len();
        // Frames are the iterator's now: forgetting it loses them and duplicates none.
        // SAFETY: nothing is left that is not initialised.
        unsafe { self.0.set_len(0) };
        Drain { burst: self, next: 0, end }
    }

    /// Offers each frame to `take`, and keeps those that it gives back, in order; returns how many it took.
    pub(crate) fn give(&mut self, mut take: impl FnMut(F) -> Result<(), F>) -> usize {
        let before = self.len();
        let mut kept = 0;
        // SAFETY: nothing is left that is not initialised; should `take` panic, the rest is lost.
        unsafe { self.0.set_len(0) };
        for index in 0..before {
            // SAFETY: below the length, so initialised; it is read once.
            let frame = unsafe { self.0.as_ptr().add(index).read() };
            if let Err(frame) = take(frame) {
                // SAFETY: `kept <= index`: a place that was read.
                unsafe { self.0.as_mut_ptr().add(kept).write(frame) };
                kept += 1;
            }
        }
        // SAFETY: that many were written.
        unsafe { self.0.set_len(kept) };
        before - kept
    }

    /// Says how many frames there are.
    ///
    /// # Safety
    ///
    /// That many lie at the front of the burst, and those behind were moved out.
    #[inline(always)]
    pub(crate) unsafe fn set_len(&mut self, len: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.0.set_len(len) };
    }

    /// Adds a frame at the end.
    ///
    /// # Safety
    ///
    /// The burst is not full.
    #[inline(always)]
    pub(crate) unsafe fn push_unchecked(&mut self, frame: F) {
        // SAFETY: the caller's promise.
        unsafe { self.0.push_unchecked(frame) };
    }
}

impl<const N: usize, F> Default for Burst<N, F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, F> Deref for Burst<N, F> {
    type Target = [F];

    #[inline(always)]
    fn deref(&self) -> &[F] {
        &self.0
    }
}

impl<const N: usize, F> DerefMut for Burst<N, F> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [F] {
        &mut self.0
    }
}

impl<'b, const N: usize, F> IntoIterator for &'b Burst<N, F> {
    type Item = &'b F;
    type IntoIter = core::slice::Iter<'b, F>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'b, const N: usize, F> IntoIterator for &'b mut Burst<N, F> {
    type Item = &'b mut F;
    type IntoIter = core::slice::IterMut<'b, F>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<const N: usize, F: fmt::Debug> fmt::Debug for Burst<N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Takes the frames of a [`Burst`], from the front or from the end; what is not taken stays.
#[must_use = "frames that are not taken stay in the burst"]
pub struct Drain<'b, const N: usize, F = Frame> {
    burst: &'b mut Burst<N, F>,
    /// The frames that are not taken yet: `next..end` of the burst's memory, whose length is 0.
    next: usize,
    end: usize,
}

impl<const N: usize, F> Iterator for Drain<'_, N, F> {
    type Item = F;

    #[inline(always)]
    fn next(&mut self) -> Option<F> {
        if self.next == self.end {
            return None;
        }
        // SAFETY: not taken yet, and counted out below.
        let frame = unsafe { self.burst.0.as_ptr().add(self.next).read() };
        self.next += 1;
        Some(frame)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.next;
        (left, Some(left))
    }
}

impl<const N: usize, F> DoubleEndedIterator for Drain<'_, N, F> {
    fn next_back(&mut self) -> Option<F> {
        if self.next == self.end {
            return None;
        }
        self.end -= 1;
        // SAFETY: not taken yet, and counted out above.
        Some(unsafe { self.burst.0.as_ptr().add(self.end).read() })
    }
}

impl<const N: usize, F> ExactSizeIterator for Drain<'_, N, F> {}
impl<const N: usize, F> core::iter::FusedIterator for Drain<'_, N, F> {}

impl<const N: usize, F> Drop for Drain<'_, N, F> {
    #[inline(always)]
    fn drop(&mut self) {
        let left = self.end - self.next;
        if left == 0 {
            // The burst's length is 0 already.
            return;
        }
        let start = self.burst.0.as_mut_ptr();
        // SAFETY: `next..end` are frames that were not taken; those before them were.
        unsafe { start.copy_from(start.add(self.next), left) };
        // SAFETY: that many are at the front now.
        unsafe { self.burst.0.set_len(left) };
    }
}

impl<const N: usize, F> fmt::Debug for Drain<'_, N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("left", &(self.end - self.next)).finish_non_exhaustive()
    }
}
