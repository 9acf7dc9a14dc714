//! Memory that this process and the virtual machine share.

use std::alloc::Layout;
use std::fs::File;
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use memmap2::MmapOptions;
use rustix::fs::{MemfdFlags, memfd_create};
use vmdq_hal::dma::{Direction, DmaSpace};

/// Where allocation starts: below are the machine's legacy areas, which are not all memory.
pub(super) const FIRST: usize = 1 << 20;
/// Guest memory lies at guest-physical 0 in one piece up to here.
pub(super) const LARGEST: usize = 2 << 30;

/// The virtual machine's memory.
///
/// It stays mapped until the process ends, because allocated memory is `'static`. Untouched pages
/// cost nothing.
#[derive(Clone, Debug)]
pub(super) struct Ram {
    base: NonNull<u8>,
    len: usize,
    /// Guest-physical address of the first byte that is not allocated yet.
    next: Arc<AtomicUsize>,
}

// SAFETY: `base` is only an address here: the bytes behind it belong to those who allocated them.
unsafe impl Send for Ram {}

impl Ram {
    /// Makes `len` zeroed bytes; also returns the file through which QEMU maps them.
    pub(super) fn new(len: usize) -> io::Result<(Self, File)> {
        let file = memory_file("guest-ram")?;
        file.set_len(len as u64)?;
        let mapping = MmapOptions::new().len(len).map_raw(&file)?;
        let base = NonNull::new(mapping.as_mut_ptr()).expect("a mapping is not at address 0");
        std::mem::forget(mapping);
        Ok((Self { base, len, next: Arc::new(AtomicUsize::new(FIRST)) }, file))
    }

    /// Allocates zeroed memory.
    pub(super) fn alloc(&self, layout: Layout) -> NonNull<u8> {
        let claim = |next: usize| {
            let end = next.checked_next_multiple_of(layout.align())?.checked_add(layout.size())?;
            (end <= self.len).then_some(end)
        };
        let Ok(before) = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, claim) else {
            panic!(
                "the virtual machine's {} bytes of memory are used up ({layout:?}): start it with more",
                self.len
            );
        };
        // The mapping is aligned to a page only.
        assert!(layout.align() <= 4096, "the virtual machine's memory is aligned to pages");
        let at = before.next_multiple_of(layout.align());
        // SAFETY: `claim` accepted `at + size <= len`, so `at` lies inside the mapping.
        unsafe { self.base.add(at) }
    }

    /// Returns the map through which the controller reaches this memory.
    pub(super) fn dma(&self) -> QemuDma {
        QemuDma { base: self.base.addr().get(), len: self.len }
    }
}

/// Makes a file without a name, which goes away with its last user.
pub(super) fn memory_file(name: &str) -> io::Result<File> {
    Ok(File::from(memfd_create(name, MemfdFlags::CLOEXEC)?))
}

/// The DMA space of the virtual machine's controller: only memory that [`Qemu`](super::Qemu) allocated has
/// a bus address.
#[derive(Clone, Copy, Debug)]
pub struct QemuDma {
    base: usize,
    len: usize,
}

// SAFETY: guest-physical address `a` is byte `a` of the shared mapping (one piece from 0, nothing
// lies over it above `FIRST`, where allocation starts), which stays mapped, and QEMU's accesses are
// those of another processor: coherent.
unsafe impl DmaSpace for QemuDma {
    fn map(&self, at: NonNull<u8>, len: usize, _: Direction) -> Option<u64> {
        let from = at.addr().get().checked_sub(self.base)?;
        let inside = from >= FIRST && from.checked_add(len)? <= self.len;
        inside.then_some(from as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocates_aligned_zeroed_memory_with_an_address() {
        let (ram, _file) = Ram::new(2 << 20).unwrap();
        let map = |at, len| ram.dma().map(at, len, Direction::Both);
        let a = ram.alloc(Layout::from_size_align(3, 1).unwrap());
        let b = ram.alloc(Layout::from_size_align(256, 128).unwrap());
        assert_eq!(map(a, 3), Some(FIRST as u64));
        assert_eq!(map(b, 256), Some(FIRST as u64 + 128));
        // SAFETY: `b` was just allocated.
        assert_eq!(unsafe { b.cast::<[u8; 256]>().read() }, [0; 256]);
    }

    #[test]
    fn only_allocated_memory_has_an_address() {
        let (ram, _file) = Ram::new(2 << 20).unwrap();
        let last = ram.alloc(Layout::from_size_align(1 << 20, 4096).unwrap());
        let map = |at, len| ram.dma().map(at, len, Direction::Both);
        assert_eq!(map(last, 1 << 20), Some(FIRST as u64));
        assert_eq!(map(last, (1 << 20) + 1), None);
        assert_eq!(map(last, usize::MAX), None);
        assert_eq!(map(NonNull::from(&mut 0u8), 1), None);
    }

    #[test]
    #[should_panic(expected = "used up")]
    fn runs_out_loudly() {
        let (ram, _file) = Ram::new(2 << 20).unwrap();
        ram.alloc(Layout::from_size_align((1 << 20) + 1, 1).unwrap());
    }
}
