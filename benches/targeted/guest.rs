//! A virtual machine: its memory, and its driver.

use std::cell::Cell;
use std::hint::black_box;
use std::ptr::NonNull;

use vmdq_bench::pages;
use vmdq_core::channel::{Done, GuestBuffer, Status, VirtualDriver};
use vmdq_hal::dma::{Direction, DmaSpace};
use vmdq_hal::vmm::{GuestMemory, GuestRange, NotOwned, VmId, Vmm};

use crate::frame::is_frame;

/// Buffers of the guest, and entries of its channel.
pub(crate) const BUFFERS: usize = 256;
/// Bytes of each.
const BUFFER: usize = 2048;

/// The memory of one virtual machine, which begins at address 0: what a hypervisor implements, without
/// the cost of pinning or of waking.
pub(crate) struct Machine {
    at: NonNull<u8>,
    /// Bytes that software copied from or to the machine.
    pub(crate) copied: Cell<u64>,
    /// How often it was notified.
    pub(crate) notified: Cell<u64>,
}

impl Machine {
    const BYTES: usize = BUFFERS * BUFFER;

    pub(crate) fn new() -> Self {
        Self { at: pages(Self::BYTES), copied: Cell::new(0), notified: Cell::new(0) }
    }

    /// Returns where bytes are, if they are the machine's.
    fn find(&self, at: u64, len: usize) -> Result<NonNull<u8>, NotOwned> {
        let end = at.checked_add(len as u64).ok_or(NotOwned)?;
        if end > Self::BYTES as u64 {
            return Err(NotOwned);
        }
        // SAFETY: inside the memory, as was checked.
        Ok(unsafe { self.at.add(at as usize) })
    }

    /// The bytes of a frame, as the guest reads them.
    fn bytes(&self, done: &Done) -> &[u8] {
        let at = self.find(done.buffer.range.at, done.length as usize).expect("the guest's own buffer");
        // SAFETY: the machine's memory, initialised, which nobody writes before the next region.
        unsafe { std::slice::from_raw_parts(at.as_ptr(), done.length as usize) }
    }
}

impl GuestMemory for Machine {
    fn validate(&self, _: VmId, range: GuestRange) -> Result<(), NotOwned> {
        self.find(range.at, range.len as usize).map(drop)
    }

    fn read(&self, _: VmId, at: u64, into: &mut [u8]) -> Result<(), NotOwned> {
        let from = self.find(at, into.len())?;
        self.copied.set(self.copied.get() + into.len() as u64);
        // SAFETY: that many bytes of the machine's, which overlap with nobody's.
        unsafe { into.as_mut_ptr().copy_from_nonoverlapping(from.as_ptr(), into.len()) };
        Ok(())
    }

    fn write(&self, _: VmId, at: u64, from: &[u8]) -> Result<(), NotOwned> {
        let to = self.find(at, from.len())?;
        self.copied.set(self.copied.get() + from.len() as u64);
        // SAFETY: that many bytes of the machine's, which overlap with nobody's.
        unsafe { to.as_ptr().copy_from_nonoverlapping(from.as_ptr(), from.len()) };
        Ok(())
    }

    fn notify(&self, _: VmId) {
        self.notified.set(self.notified.get() + 1);
    }
}

// SAFETY: there is one machine, of memory that is never freed; device and container run on one thread.
unsafe impl Vmm for Machine {
    fn map<D: DmaSpace>(&self, _: VmId, range: GuestRange, dma: &D) -> Option<u64> {
        let at = self.find(range.at, range.len as usize).ok()?;
        dma.map(at, range.len as usize, Direction::FromDevice)
    }

    unsafe fn unmap<D: DmaSpace>(&self, _: VmId, _: GuestRange, _: u64, _: &D) {}
}

/// The guest's driver: takes what came and posts the buffer again.
pub(crate) struct Guest {
    driver: VirtualDriver<'static, BUFFERS>,
    /// What came since it was last checked.
    came: Vec<Done>,
    /// Frames that were found right.
    number: u64,
}

impl Guest {
    /// Posts every buffer.
    pub(crate) fn new(mut driver: VirtualDriver<'static, BUFFERS>) -> Self {
        for id in 0..BUFFERS {
            let range = GuestRange { at: (id * BUFFER) as u64, len: BUFFER as u32 };
            driver.post(GuestBuffer { id: id as u16, range }).expect("a free entry");
        }
        Self { driver, came: Vec::with_capacity(BUFFERS), number: 0 }
    }

    /// Takes what came, reads it if `reads`, and posts the buffers again. The device has them back before
    /// it writes more, that is after `check`.
    #[inline(always)]
    pub(crate) fn work(&mut self, machine: &Machine, reads: bool) {
        while let Ok(Some(done)) = self.driver.received() {
            if reads {
                black_box(sum(machine.bytes(&done)));
            }
            if self.came.len() < self.came.capacity() {
                self.came.push(done);
            }
            let _ = self.driver.post(done.buffer);
        }
    }

    /// Checks what came: as many frames, whole, in order.
    pub(crate) fn check(&mut self, machine: &Machine, frames: usize, size: usize) -> Result<(), String> {
        if self.came.len() != frames {
            return Err(format!("{} frames came, {frames} were expected", self.came.len()));
        }
        for done in self.came.drain(..) {
            let good = done.status == Status::Done && done.tag.is_none();
            if !good || !is_frame(machine.bytes(&done), self.number, size) {
                return Err(format!("frame {} is wrong: {done:?}", self.number));
            }
            self.number += 1;
        }
        Ok(())
    }
}

/// Reads all bytes once, as a guest does that looks into its frames.
fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks();
    let words = words.iter().map(|word| u64::from_le_bytes(*word)).fold(0, u64::wrapping_add);
    rest.iter().fold(words, |sum, byte| sum.wrapping_add(u64::from(*byte)))
}
