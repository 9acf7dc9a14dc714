//! A record of what is mapped for the controller, to check that all of it is unmapped in the end.

use core::ptr::NonNull;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vmdq_hal::dma::{Direction, DmaSpace};

/// A range that is mapped: its length, and which way data moves.
type Range = (usize, Direction);

#[derive(Debug, Default)]
struct Books {
    /// By bus address; the same memory may be mapped several times.
    mapped: BTreeMap<u64, Vec<Range>>,
    mistakes: Vec<String>,
}

/// A DMA space that records what is mapped; clones share the record.
///
/// At the end of a test [`mapped`](Self::mapped) and [`mistakes`](Self::mistakes) are empty, unless the
/// test leaked memory on purpose.
///
/// # Examples
///
/// ```
/// use vmdq_hal::dma::Identity;
/// use vmdq_hal::ring::BufferMemory;
/// use vmdq_sim::Ledger;
///
/// // SAFETY: no device reaches this memory.
/// let ledger = Ledger::new(unsafe { Identity::new() });
/// let memory: &'static mut _ = Box::leak(Box::new(BufferMemory::<4, 2>::new()));
/// let (pool, memory) = memory.pool(ledger.clone())?;
/// assert_eq!(ledger.mapped().len(), 1);
/// memory.release(pool)?;
/// assert!(ledger.mapped().is_empty() && ledger.mistakes().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ledger<D> {
    inner: D,
    books: Arc<Mutex<Books>>,
}

impl<D: DmaSpace> Ledger<D> {
    /// Wraps a DMA space in which nothing is mapped.
    #[must_use]
    pub fn new(inner: D) -> Self {
        Self { inner, books: Arc::default() }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what is mapped: bus address, length in bytes, and which way data moves.
    #[must_use]
    pub fn mapped(&self) -> Vec<(u64, usize, Direction)> {
        let books = self.books();
        let ranges = books.mapped.iter();
        ranges.flat_map(|(&bus, ranges)| ranges.iter().map(move |&(len, way)| (bus, len, way))).collect()
    }

    /// Returns the ranges that were unmapped but not mapped like that.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        self.books().mistakes.clone()
    }
}

// SAFETY: it is the inner space, but that it does not pass on what would break that one's contract.
unsafe impl<D: DmaSpace> DmaSpace for Ledger<D> {
    fn map(&self, at: NonNull<u8>, len: usize, direction: Direction) -> Option<u64> {
        let bus = self.inner.map(at, len, direction)?;
        self.books().mapped.entry(bus).or_default().push((len, direction));
        Some(bus)
    }

    unsafe fn unmap(&self, bus: u64, len: usize, direction: Direction) {
        let mut books = self.books();
        let ranges = books.mapped.get_mut(&bus);
        let found = ranges.and_then(|ranges| {
            let at = ranges.iter().position(|&range| range == (len, direction))?;
            Some((ranges.swap_remove(at), ranges.is_empty()))
        });
        match found {
            Some((_, last)) => {
                if last {
                    books.mapped.remove(&bus);
                }
                // SAFETY: the caller's promise.
                unsafe { self.inner.unmap(bus, len, direction) };
            }
            None => books.mistakes.push(format!("unmap of {len} bytes at {bus:#x}, {direction:?}")),
        }
    }

    unsafe fn for_device(&self, at: NonNull<u8>, len: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.inner.for_device(at, len) };
    }

    unsafe fn for_cpu(&self, at: NonNull<u8>, len: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.inner.for_cpu(at, len) };
    }
}

#[cfg(test)]
mod tests {
    use core::ptr::NonNull;

    use vmdq_hal::dma::{Direction, DmaSpace, Identity};

    use super::Ledger;

    #[test]
    fn what_is_mapped_is_in_the_books_until_it_is_unmapped() {
        // SAFETY: no device reaches this memory.
        let ledger = Ledger::new(unsafe { Identity::new() });
        let at = NonNull::from(&mut [0_u8; 64]).cast::<u8>();
        let bus = ledger.map(at, 64, Direction::Both).unwrap();
        assert_eq!(ledger.clone().map(at, 16, Direction::ToDevice), Some(bus));
        assert_eq!(ledger.mapped(), [(bus, 64, Direction::Both), (bus, 16, Direction::ToDevice)]);
        // SAFETY: mapped above.
        unsafe { ledger.unmap(bus, 64, Direction::Both) };
        assert_eq!(ledger.mapped(), [(bus, 16, Direction::ToDevice)]);
        // SAFETY: mapped above.
        unsafe { ledger.unmap(bus, 16, Direction::ToDevice) };
        assert!(ledger.mapped().is_empty() && ledger.mistakes().is_empty());
    }

    #[test]
    fn what_was_not_mapped_so_is_a_mistake() {
        // SAFETY: no device reaches this memory.
        let ledger = Ledger::new(unsafe { Identity::new() });
        let at = NonNull::from(&mut [0_u8; 64]).cast::<u8>();
        let bus = ledger.map(at, 64, Direction::Both).unwrap();
        for (bus, len, direction) in
            [(bus, 32, Direction::Both), (bus, 64, Direction::ToDevice), (bus + 1, 64, Direction::Both)]
        {
            // SAFETY: `Identity` unmaps nothing.
            unsafe { ledger.unmap(bus, len, direction) };
        }
        assert_eq!((ledger.mistakes().len(), ledger.mapped().len()), (3, 1));
        // SAFETY: mapped above.
        unsafe { ledger.unmap(bus, 64, Direction::Both) };
        // SAFETY: `Identity` unmaps nothing.
        unsafe { ledger.unmap(bus, 64, Direction::Both) };
        assert_eq!((ledger.mistakes().len(), ledger.mapped().len()), (4, 0));
    }
}
