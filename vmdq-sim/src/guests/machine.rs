//! One machine: its addresses, their place in this program, and what is mapped of them.

use core::ptr::NonNull;
use std::alloc::Layout;
use std::collections::BTreeMap;

use vmdq_hal::vmm::{GuestRange, VmId};

use super::GuestCounters;
use crate::memory::alloc;

/// The size of a page, the unit of ownership, in bytes.
const PAGE: u64 = 4096;

/// What a controller can write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mapping {
    pub(super) len: u32,
    pub(super) bus: u64,
}

#[derive(Debug)]
pub(super) struct Machine {
    /// The first guest address.
    start: u64,
    host: NonNull<u8>,
    /// For each page, whether it is still the machine's.
    owned: Vec<bool>,
    /// What lies below is allocated.
    next: u64,
    /// By guest address.
    pub(super) mapped: BTreeMap<u64, Mapping>,
    /// `mapped` is left at 0: the map tells.
    pub(super) counters: GuestCounters,
}

// SAFETY: `host` is memory that was allocated for this machine alone and is never freed. It is accessed only by
// volatile accesses and atomics, from any thread.
unsafe impl Send for Machine {}

impl Machine {
    /// Makes a machine. Machines are 8 GiB apart and above 4 GiB: no address is in two of them, and none
    /// fits 32 bits.
    pub(super) fn new(vm: VmId, pages: usize) -> Self {
        let start = (u64::from(vm.0) * 2 + 1) << 32;
        assert!(pages < 1 << 20, "a machine has less than 4 GiB");
        let len = pages.max(1) * PAGE as usize;
        let host =
            alloc(Layout::from_size_align(len, PAGE as usize).expect("no allocation can be that large"));
        Self {
            start,
            host,
            owned: vec![true; pages.max(1)],
            next: start,
            mapped: BTreeMap::new(),
            counters: GuestCounters::default(),
        }
    }

    pub(super) fn memory(&self) -> GuestRange {
        GuestRange { at: self.start, len: (self.owned.len() as u64 * PAGE) as u32 }
    }

    pub(super) const fn host(&self) -> NonNull<u8> {
        self.host
    }

    pub(super) fn counters(&self) -> GuestCounters {
        GuestCounters { mapped: self.mapped.len(), ..self.counters }
    }

    /// Finds where a range lies in this program, if all of its pages are the machine's. An empty
    /// range counts as its first byte.
    pub(super) fn find(&self, at: u64, len: u64) -> Option<NonNull<u8>> {
        let first = at.checked_sub(self.start)?;
        let last = first.checked_add(len.max(1))? - 1;
        let pages = usize::try_from(first / PAGE).ok()?..=usize::try_from(last / PAGE).ok()?;
        if !self.owned.get(pages)?.iter().all(|owned| *owned) {
            return None;
        }
        // SAFETY: inside of the machine's memory: its page is on the list.
        Some(unsafe { self.host.add(first as usize) })
    }

    pub(super) fn alloc(&mut self, len: u32, align: u64) -> Option<GuestRange> {
        let range = GuestRange { at: self.next.checked_next_multiple_of(align)?, len };
        self.find(range.at, len.into())?;
        self.next = range.end()?;
        Some(range)
    }

    /// Gives up the pages that lie wholly in a range.
    pub(super) fn release(&mut self, range: GuestRange) {
        let end = range.at.saturating_add(range.len.into());
        for (page, owned) in self.owned.iter_mut().enumerate() {
            let at = self.start + page as u64 * PAGE;
            *owned &= !(range.at <= at && at + PAGE <= end);
        }
    }

    /// Tells whether a byte of a range is mapped. Mapped ranges don't overlap.
    pub(super) fn maps(&self, range: GuestRange) -> bool {
        let end = range.at.saturating_add(range.len.into());
        let last = self.mapped.range(..end).next_back();
        last.is_some_and(|(&at, mapping)| GuestRange { at, len: mapping.len }.overlaps(range))
    }

    pub(super) fn mapped_ranges(&self) -> Vec<GuestRange> {
        self.mapped.iter().map(|(&at, mapping)| GuestRange { at, len: mapping.len }).collect()
    }
}
