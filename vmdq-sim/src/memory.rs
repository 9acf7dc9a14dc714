//! The memory that the controller can access: what was mapped for it, and nothing else.
//!
//! Every access of a model to the program's memory goes through this file. A bus address differs from
//! the pointer in all but the low 12 bits, lies above 4 GiB, and is never handed out twice: a driver
//! that gives the device a pointer, the lower half of an address, or an address that it has unmapped,
//! is caught.

use core::fmt::Display;
use core::ptr::NonNull;
use std::alloc::Layout;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use vmdq_hal::dma::Direction;

use crate::violation::{Log, Rule};

/// The granularity in which bus addresses are given out. Each range is followed by a hole.
const PAGE: u64 = 4096;

/// The first bus address: above 4 GiB, and with bits in both halves.
const FIRST: u64 = 0x0000_0071_4000_0000;
/// Where the next grant begins: one count for all controllers, since frames travel between ports and
/// an address may not mean different memory to each (`DmaSpace`).
static NEXT: AtomicU64 = AtomicU64::new(FIRST);

#[derive(Debug)]
struct Grant {
    at: NonNull<u8>,
    len: usize,
    direction: Direction,
}

/// The grants of one controller.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    grants: BTreeMap<u64, Grant>,
}

// SAFETY: a grant is a pointer to memory that its owner gave to the device until `unmap`; the device
// may be on any thread. Only this file follows it, and with volatile accesses.
unsafe impl Send for Memory {}

impl Memory {
    pub(crate) fn map(&mut self, at: NonNull<u8>, len: usize, direction: Direction) -> u64 {
        let inside = at.addr().get() as u64 % PAGE;
        let pages = (inside + len as u64).next_multiple_of(PAGE) + PAGE;
        let bus = NEXT.fetch_add(pages, Ordering::Relaxed) + inside;
        self.grants.insert(bus, Grant { at, len, direction });
        bus
    }

    /// Lists the grants.
    pub(crate) fn mapped(&self) -> Vec<(u64, usize, Direction)> {
        self.grants.iter().map(|(&bus, grant)| (bus, grant.len, grant.direction)).collect()
    }

    pub(crate) fn unmap(&mut self, bus: u64, len: usize, log: &mut Log) {
        match self.grants.get(&bus) {
            Some(grant) if grant.len == len => {
                self.grants.remove(&bus);
            }
            Some(grant) => log.report(
                Rule::DmaOutsideGrant,
                format!("unmap of {len} bytes at {bus:#x}, which were mapped as {}", grant.len),
            ),
            None => log.report(Rule::DmaOutsideGrant, format!("unmap of {bus:#x}, which is not mapped")),
        }
    }

    /// Finds the memory behind `[bus, bus + len)` if one grant covers it.
    fn reach(&self, bus: u64, len: usize, forbidden: Direction) -> Option<NonNull<u8>> {
        let (&start, grant) = self.grants.range(..=bus).next_back()?;
        let skip = usize::try_from(bus - start).ok()?;
        if skip.checked_add(len)? > grant.len || grant.direction == forbidden {
            return None;
        }
        grant.at.addr().checked_add(skip).map(|at| grant.at.with_addr(at))
    }

    /// Reads as the controller does; `None` and a violation if that is not granted.
    pub(crate) fn read(&self, bus: u64, into: &mut [u8], what: &dyn Display, log: &mut Log) -> Option<()> {
        let Some(from) = self.reach(bus, into.len(), Direction::FromDevice) else {
            log.report(Rule::DmaOutsideGrant, format!("{what}: read of {} bytes at {bus:#x}", into.len()));
            return None;
        };
        load(from, into);
        Some(())
    }

    /// Writes as the controller does; `None` and a violation if that is not granted.
    pub(crate) fn write(&self, bus: u64, from: &[u8], what: &dyn Display, log: &mut Log) -> Option<()> {
        let Some(to) = self.reach(bus, from.len(), Direction::ToDevice) else {
            log.report(Rule::DmaOutsideGrant, format!("{what}: write of {} bytes at {bus:#x}", from.len()));
            return None;
        };
        store(to, from);
        Some(())
    }

    /// Reads a descriptor: two quadwords, little endian.
    pub(crate) fn descriptor(&self, bus: u64, what: &dyn Display, log: &mut Log) -> Option<[u64; 2]> {
        let mut bytes = [0; 16];
        self.read(bus, &mut bytes, what, log)?;
        let half = |from: usize| u64::from_le_bytes(core::array::from_fn(|i| bytes[from + i]));
        Some([half(0), half(8)])
    }

    /// Writes a descriptor back. The half with the done bit becomes visible last.
    pub(crate) fn write_back(
        &self,
        bus: u64,
        words: [u64; 2],
        what: &dyn Display,
        log: &mut Log,
    ) -> Option<()> {
        self.write(bus, &words[0].to_le_bytes(), what, log)?;
        self.write(bus + 8, &words[1].to_le_bytes(), what, log)
    }
}

/// Copies from granted memory, in words of 64 bits where the address allows.
pub(crate) fn load(from: NonNull<u8>, into: &mut [u8]) {
    let mut done = 0;
    while done < into.len() {
        // SAFETY: the caller found `[from, from + into.len())` inside one grant.
        let at = unsafe { from.add(done) };
        if at.addr().get() % 8 == 0 && into.len() - done >= 8 {
            // SAFETY: aligned (just tested) and inside the grant; the owner gave it to the device.
            let word = unsafe { at.cast::<u64>().read_volatile() };
            into[done..done + 8].copy_from_slice(&word.to_ne_bytes());
            done += 8;
        } else {
            // SAFETY: inside the grant; the owner gave it to the device.
            into[done] = unsafe { at.read_volatile() };
            done += 1;
        }
    }
}

/// Copies into granted memory, in words of 64 bits where the address allows.
pub(crate) fn store(to: NonNull<u8>, from: &[u8]) {
    let mut done = 0;
    while done < from.len() {
        // SAFETY: the caller found `[to, to + from.len())` inside one grant.
        let at = unsafe { to.add(done) };
        if at.addr().get() % 8 == 0 && from.len() - done >= 8 {
            let word = u64::from_ne_bytes(core::array::from_fn(|i| from[done + i]));
            // SAFETY: aligned (just tested) and inside the grant; the owner gave it to the device.
            unsafe { at.cast::<u64>().write_volatile(word) };
            done += 8;
        } else {
            // SAFETY: inside the grant; the owner gave it to the device.
            unsafe { at.write_volatile(from[done]) };
            done += 1;
        }
    }
}

/// Allocates zeroed memory that is never freed.
pub(crate) fn alloc(layout: Layout) -> NonNull<u8> {
    let bytes = vec![0u8; layout.size() + layout.align()].leak();
    let skip = bytes.as_ptr().addr().next_multiple_of(layout.align()) - bytes.as_ptr().addr();
    NonNull::from(&mut bytes[skip..]).cast()
}

#[cfg(test)]
mod tests {
    use core::ptr::NonNull;
    use std::alloc::Layout;

    use vmdq_hal::dma::Direction;

    use super::{Memory, alloc};
    use crate::violation::{Log, Rule};

    #[test]
    fn reaches_what_was_mapped_and_no_byte_more() {
        let (mut memory, mut log) = (Memory::default(), Log::default());
        let at = alloc(Layout::from_size_align(64, 64).unwrap());
        let bus = memory.map(at, 40, Direction::Both);
        assert!(bus > u64::from(u32::MAX) && bus != at.addr().get() as u64);
        let sent: Vec<u8> = (1..=37).collect();
        memory.write(bus + 3, &sent, &"test", &mut log).unwrap();
        let mut back = [0; 37];
        memory.read(bus + 3, &mut back, &"test", &mut log).unwrap();
        assert_eq!(back, *sent);
        assert!(log.list().is_empty());

        for (start, len) in
            [(bus + 4, 37), (bus - 1, 4), (bus + 40, 1), (u64::MAX, 2), (bus & 0xffff_ffff, 1)]
        {
            assert!(memory.write(start, &sent[..len], &"test", &mut log).is_none(), "{start:#x}+{len}");
        }
        assert_eq!(log.list().iter().filter(|v| v.rule == Rule::DmaOutsideGrant).count(), 5);
    }

    #[test]
    fn a_direction_is_a_limit() {
        let (mut memory, mut log) = (Memory::default(), Log::default());
        let at = alloc(Layout::from_size_align(8, 8).unwrap());
        let transmit = memory.map(at, 8, Direction::ToDevice);
        let receive = memory.map(at, 8, Direction::FromDevice);
        assert!(memory.write(transmit, &[1], &"test", &mut log).is_none());
        assert!(memory.read(receive, &mut [0], &"test", &mut log).is_none());
        assert!(memory.read(transmit, &mut [0], &"test", &mut log).is_some());
        assert!(memory.write(receive, &[1], &"test", &mut log).is_some());
    }

    #[test]
    fn an_address_dies_with_its_mapping() {
        let (mut memory, mut log) = (Memory::default(), Log::default());
        let at: NonNull<u8> = alloc(Layout::from_size_align(8, 8).unwrap());
        let first = memory.map(at, 8, Direction::Both);
        memory.unmap(first, 8, &mut log);
        assert!(log.list().is_empty() && memory.mapped().is_empty());
        let second = memory.map(at, 8, Direction::Both);
        assert_ne!(second, first);
        assert_eq!(memory.mapped(), [(second, 8, Direction::Both)]);
        assert!(memory.read(first, &mut [0], &"test", &mut log).is_none());
        memory.unmap(first, 8, &mut log);
        assert_eq!(log.list().len(), 2);
    }
}
