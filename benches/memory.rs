//! Memory for rings, buffers and registers: in large pages where the system has them, as a driver's
//! memory is, and never freed.

use std::alloc::{Layout, alloc};
use std::ptr::NonNull;
use std::sync::Mutex;

/// A large page.
const LARGE: usize = 2 << 20;
/// What is taken from the system at once.
const CHUNK: usize = 4 * LARGE;
const PAGE: usize = 4096;

/// What is left of the last chunk: its address and how many bytes.
static REST: Mutex<(usize, usize)> = Mutex::new((0, 0));

/// Returns zeroed memory that begins on a page.
///
/// # Panics
///
/// Panics if the system has no more.
pub fn pages(bytes: usize) -> NonNull<u8> {
    let bytes = bytes.next_multiple_of(PAGE);
    let mut rest = REST.lock().expect("nobody panics here");
    if rest.1 < bytes {
        let size = bytes.next_multiple_of(CHUNK);
        *rest = (chunk(size).as_ptr().expose_provenance(), size);
    }
    let at = std::ptr::with_exposed_provenance_mut(rest.0);
    *rest = (rest.0 + bytes, rest.1 - bytes);
    NonNull::new(at).expect("inside a chunk")
}

/// Places a value in memory that is never freed.
///
/// # Panics
///
/// Panics if the system has no more.
pub fn place<T>(value: T) -> &'static mut T {
    const { assert!(align_of::<T>() <= PAGE, "pages are not aligned enough") };
    let at = pages(size_of::<T>()).cast::<T>();
    // SAFETY: fresh memory of the size, in whole pages, never freed.
    unsafe {
        at.write(value);
        &mut *at.as_ptr()
    }
}

fn chunk(size: usize) -> NonNull<u8> {
    let layout = Layout::from_size_align(size, LARGE).expect("a size of large pages");
    // SAFETY: the size is not zero: one page at least.
    let at = NonNull::new(unsafe { alloc(layout) }).expect("memory for the bench");
    // Before the memory is touched; where it is refused, pages are small.
    #[cfg(target_os = "linux")]
    // SAFETY: the memory was allocated above.
    let _ = unsafe { libc::madvise(at.as_ptr().cast(), size, libc::MADV_HUGEPAGE) };
    // SAFETY: the memory was allocated above.
    unsafe { at.write_bytes(0, size) };
    at
}
