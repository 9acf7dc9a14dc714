//! A machine whose memory is not coherent with the controller: the controller has a copy of each range, and
//! data moves between the two only when the driver synchronises them.

use core::ptr::NonNull;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vmdq_hal::dma::{Direction, DmaSpace};

/// The content of the controller's memory before the driver hands it over.
const NOTHING: u8 = 0xb5;

/// Granularity of a page: the copy of a range begins at the same place in one.
const PAGE: usize = 4096;

/// A range of which the controller has a copy.
#[derive(Clone, Debug)]
struct Copied {
    /// Its address for the program.
    at: NonNull<u8>,
    /// Its address for the controller.
    copy: NonNull<u8>,
    len: usize,
    bus: u64,
    /// What the program's side held when the two were last made the same, where they were.
    synced: Vec<Option<u8>>,
}

#[derive(Debug)]
struct State {
    /// Memory for copies that is free.
    area: NonNull<u8>,
    left: usize,
    copied: Vec<Copied>,
    /// Addresses that both see, from and to.
    coherent: Vec<(usize, usize)>,
    mistakes: Vec<String>,
}

// SAFETY: the area is owned, and what was mapped is the driver's, which calls from where it owns it.
unsafe impl Send for State {}

/// A DMA space that gives the controller a copy of each range, and copies out and in only in `for_device`
/// and `for_cpu`: a driver that forgets one of them sends or receives what was there before. What the program
/// wrote and did not hand over before the controller's data is fetched is a mistake: a cache may write it
/// back over that data at any time. Clones share the copies.
///
/// A driver that forgets one of them sends or receives old data. Clones share the copies.
///
/// Descriptor rings and other memory that must be coherent are named by [`coherent`](Self::coherent) before
/// they are mapped.
#[derive(Clone, Debug)]
pub struct Bouncing<D> {
    inner: D,
    state: Arc<Mutex<State>>,
}

impl<D: DmaSpace> Bouncing<D> {
    /// Wraps a DMA space. Copies are made in `area`, memory that the inner space can map, such as
    /// [`Testbed::alloc_bytes`](crate::Testbed::alloc_bytes); it is used up by what is mapped.
    #[must_use]
    pub fn new(inner: D, area: &'static mut [u8]) -> Self {
        area.fill(NOTHING);
        let left = area.len();
        let area = NonNull::from(area).cast();
        let (copied, coherent, mistakes) = (Vec::new(), Vec::new(), Vec::new());
        Self { inner, state: Arc::new(Mutex::new(State { area, left, copied, coherent, mistakes })) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Maps memory that lies within `memory` as it is, with no copy: for descriptor rings.
    pub fn coherent<T: ?Sized>(&self, memory: &T) {
        let start = (&raw const *memory).cast::<u8>().addr();
        self.state().coherent.push((start, start + size_of_val(memory)));
    }

    /// Returns what was synchronised that is not mapped, and what was overwritten that the controller never
    /// saw.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        self.state().mistakes.clone()
    }
}

impl State {
    fn is_coherent(&self, at: NonNull<u8>, len: usize) -> bool {
        let start = at.addr().get();
        self.coherent.iter().any(|&(from, to)| from <= start && start + len <= to)
    }

    /// Takes memory for the copy of a range, at the same place in a page.
    fn take(&mut self, at: NonNull<u8>, len: usize) -> Option<NonNull<u8>> {
        let skip = at.addr().get().wrapping_sub(self.area.addr().get()) % PAGE;
        self.left = self.left.checked_sub(skip.checked_add(len)?)?;
        // SAFETY: inside the area: `left` was larger.
        let copy = unsafe { self.area.add(skip) };
        // SAFETY: inside the area or at its end.
        self.area = unsafe { copy.add(len) };
        Some(copy)
    }

    /// Finds the copied range that holds `[at, at + len)`, and where that begins in it.
    fn find(&mut self, at: NonNull<u8>, len: usize, what: &str) -> Option<(&mut Copied, usize)> {
        let start = at.addr().get();
        let inside = |range: &Copied| {
            let skip = start.checked_sub(range.at.addr().get())?;
            (skip.checked_add(len)? <= range.len).then_some(skip)
        };
        let found = self.copied.iter().enumerate().find_map(|(i, range)| Some((i, inside(range)?)));
        if found.is_none() && !self.is_coherent(at, len) {
            self.mistakes.push(format!("{what} of {len} bytes at {start:#x}, which is not mapped"));
        }
        found.map(|(i, skip)| (&mut self.copied[i], skip))
    }

    /// Gives the controller what the program wrote.
    ///
    /// # Safety
    ///
    /// The caller owns the range, if it is mapped.
    unsafe fn hand_over(&mut self, at: NonNull<u8>, len: usize) {
        let Some((range, skip)) = self.find(at, len, "for_device") else { return };
        // SAFETY: inside the copy, which is as long as the range.
        let copy = unsafe { range.copy.add(skip) };
        for i in 0..len {
            // SAFETY: inside the range, which the caller owns.
            let byte = unsafe { at.add(i).read() };
            // SAFETY: inside the copy, which belongs to whom the range belongs.
            unsafe { copy.add(i).write(byte) };
            range.synced[skip + i] = Some(byte);
        }
    }

    /// Gives the program what the controller wrote.
    ///
    /// # Safety
    ///
    /// The caller owns the range, if it is mapped.
    unsafe fn take_back(&mut self, at: NonNull<u8>, len: usize) {
        let Some((range, skip)) = self.find(at, len, "for_cpu") else { return };
        // SAFETY: inside the copy, which is as long as the range.
        let copy = unsafe { range.copy.add(skip) };
        let mut dirty = 0;
        for i in 0..len {
            // SAFETY: inside the range, which the caller owns.
            let before = unsafe { at.add(i).read() };
            dirty += usize::from(range.synced[skip + i].is_some_and(|synced| synced != before));
            // SAFETY: inside the copy, which belongs to whom the range belongs.
            let byte = unsafe { copy.add(i).read() };
            // SAFETY: inside the range.
            unsafe { at.add(i).write(byte) };
            range.synced[skip + i] = Some(byte);
        }
        if dirty > 0 {
            let what = format!("{dirty} of {len} bytes at {:#x} were written and not handed over", at.addr());
            self.mistakes.push(what);
        }
    }
}

// SAFETY: the copies are what the inner space maps, for the controller alone; each range has one of its
// own. Copying changes what a coherent machine would have changed already.
unsafe impl<D: DmaSpace> DmaSpace for Bouncing<D> {
    fn map(&self, at: NonNull<u8>, len: usize, direction: Direction) -> Option<u64> {
        let mut state = self.state();
        if state.is_coherent(at, len) {
            return self.inner.map(at, len, direction);
        }
        let copy = state.take(at, len)?;
        let bus = self.inner.map(copy, len, direction)?;
        state.copied.push(Copied { at, copy, len, bus, synced: vec![None; len] });
        Some(bus)
    }

    unsafe fn unmap(&self, bus: u64, len: usize, direction: Direction) {
        self.state().copied.retain(|range| (range.bus, range.len) != (bus, len));
        // SAFETY: the caller's promise; `map` gave out addresses of the inner space.
        unsafe { self.inner.unmap(bus, len, direction) };
    }

    unsafe fn for_device(&self, at: NonNull<u8>, len: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.state().hand_over(at, len) };
    }

    unsafe fn for_cpu(&self, at: NonNull<u8>, len: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.state().take_back(at, len) };
    }
}

#[cfg(test)]
mod tests {
    use core::ptr::NonNull;

    use vmdq_hal::dma::{Direction, DmaSpace, Identity};

    use super::{Bouncing, NOTHING};

    /// The controller's side of an address, which here is a pointer.
    fn device(bus: u64, len: usize) -> &'static mut [u8] {
        let at = core::ptr::with_exposed_provenance_mut::<u8>(bus as usize);
        // SAFETY: the copy of a range of that many bytes, which nobody else uses now.
        unsafe { core::slice::from_raw_parts_mut(at, len) }
    }

    fn bouncing(bytes: usize) -> Bouncing<Identity> {
        let area = vec![0; bytes].leak();
        area.as_mut_ptr().expose_provenance();
        // SAFETY: no device reaches this memory.
        Bouncing::new(unsafe { Identity::new() }, area)
    }

    fn alloc(len: usize) -> NonNull<u8> {
        NonNull::from(vec![7_u8; len].leak()).cast()
    }

    fn program(at: NonNull<u8>, len: usize) -> Vec<u8> {
        // SAFETY: that many bytes were allocated.
        unsafe { core::slice::from_raw_parts(at.as_ptr(), len) }.to_vec()
    }

    #[test]
    fn each_side_sees_what_was_handed_over() {
        let dma = bouncing(3 * 4096);
        let at = alloc(100);
        let bus = dma.map(at, 100, Direction::Both).unwrap();
        assert_ne!(bus, at.addr().get() as u64);
        assert_eq!(bus % 4096, at.addr().get() as u64 % 4096);
        assert!(device(bus, 100).iter().all(|&byte| byte == NOTHING));
        // SAFETY: mapped and owned here.
        unsafe { dma.for_device(at.add(10), 20) };
        assert_eq!(device(bus, 100).iter().filter(|&&byte| byte == 7).count(), 20);
        assert_eq!(device(bus, 100)[10..30], [7; 20]);

        device(bus, 100).fill(9);
        assert_eq!(program(at, 100), [7; 100]);
        // SAFETY: mapped and owned here.
        unsafe { dma.for_cpu(at, 60) };
        assert_eq!(program(at, 100), [&[9; 60][..], &[7; 40]].concat());
        assert!(dma.mistakes().is_empty());
    }

    #[test]
    fn what_was_written_and_not_handed_over_is_a_mistake() {
        let dma = bouncing(3 * 4096);
        let at = alloc(100);
        let bus = dma.map(at, 100, Direction::Both).unwrap();
        // SAFETY: mapped and owned here, all the way.
        unsafe { dma.for_device(at, 100) };
        device(bus, 100)[0] = 1;
        // SAFETY: as above.
        unsafe { dma.for_cpu(at, 100) };
        assert!(dma.mistakes().is_empty());
        // SAFETY: as above.
        unsafe { at.add(50).write(3) };
        // SAFETY: as above.
        unsafe { dma.for_cpu(at, 50) };
        assert!(dma.mistakes().is_empty(), "elsewhere");
        // SAFETY: as above.
        unsafe { dma.for_cpu(at, 100) };
        assert_eq!(dma.mistakes().len(), 1);
    }

    #[test]
    fn rings_are_coherent() {
        let dma = bouncing(4096);
        let ring = Box::leak(Box::new([0_u8; 256]));
        dma.coherent(&*ring);
        let at = NonNull::from(ring).cast::<u8>();
        assert_eq!(dma.map(at, 256, Direction::Both), Some(at.addr().get() as u64));
        // SAFETY: mapped and owned here.
        unsafe { dma.for_device(at, 256) };
        assert!(dma.mistakes().is_empty());
    }

    #[test]
    fn what_is_not_mapped_is_not_copied() {
        let dma = bouncing(4 * 4096);
        let at = alloc(100);
        let bus = dma.map(at, 100, Direction::Both).unwrap();
        // SAFETY: refused, before anything is touched.
        unsafe { dma.for_cpu(at.add(50), 51) };
        assert_eq!((dma.mistakes().len(), program(at, 100)), (1, vec![7; 100]));
        // SAFETY: mapped above, and no device has it.
        unsafe { dma.unmap(bus, 100, Direction::Both) };
        // SAFETY: refused, before anything is touched.
        unsafe { dma.for_device(at, 100) };
        assert_eq!(dma.mistakes().len(), 2);
        assert!(device(bus, 100).iter().all(|&byte| byte == NOTHING));
    }

    #[test]
    fn the_area_is_used_up() {
        let dma = bouncing(2 * 4096);
        let at = alloc(3000);
        assert!(dma.map(at, 3000, Direction::Both).is_some());
        assert!(dma.map(at, 8000, Direction::Both).is_none());
    }
}
