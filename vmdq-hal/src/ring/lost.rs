//! A count of lost buffers, for programs under development.

#[cfg(debug_assertions)]
use core::sync::atomic::{AtomicU32, Ordering};

#[cfg(debug_assertions)]
static LOST: AtomicU32 = AtomicU32::new(0);

/// Returns how many frames of this program were dropped, each of which is a lost buffer.
///
/// They are counted in builds with debug assertions; in others the result is 0.
///
/// A frame goes back into a pool, is posted or is sent; one that is dropped, alone or in a
/// [`Burst`](crate::ring::Burst), is missing until the memory of its pool is released by other means.
/// A correct program ends with 0. Forgotten frames (`mem::forget`) are not counted.
///
/// # Examples
///
/// ```
/// use vmdq_hal::ring::{BufferPool, lost_buffers};
///
/// fn waste(pool: &mut BufferPool) {
///     let before = lost_buffers();
///     drop(pool.take());
///     let expected = if cfg!(debug_assertions) { 1 } else { 0 };
///     assert_eq!(lost_buffers() - before, expected);
/// }
/// # use vmdq_hal::{dma::Identity, ring::BufferMemory};
/// # let memory: &'static mut _ = Box::leak(Box::new(BufferMemory::<1, 1>::new()));
/// # // SAFETY: no device reaches this memory.
/// # let (mut pool, _memory) = memory.pool(unsafe { Identity::new() }).unwrap();
/// # waste(&mut pool);
/// ```
#[must_use]
pub fn lost_buffers() -> u32 {
    #[cfg(debug_assertions)]
    return LOST.load(Ordering::Relaxed);
    #[cfg(not(debug_assertions))]
    0
}

/// Counts a buffer as lost.
#[cfg(debug_assertions)]
pub(super) fn count_lost() {
    #[cfg(target_has_atomic = "32")]
    LOST.fetch_add(1, Ordering::Relaxed);
    // Without an atomic sum one of two losses at the same time may not be counted.
    #[cfg(not(target_has_atomic = "32"))]
    LOST.store(LOST.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}
