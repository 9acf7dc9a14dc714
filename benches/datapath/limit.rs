//! The limit: the same work by hand, without checks, over the same rings.
//!
//! Receive a burst into an array and put a new buffer in place of each at once; touch; send; take
//! 32 sent buffers back for one look at a descriptor. Buffers are on a last-in-first-out stack.

use std::mem::MaybeUninit;

use crate::nic::{Layout0, Nic, pages};
use crate::subject::{Path, Subject};

const RING: usize = 512;
const BUFFERS: usize = 1024;
const STRIDE: usize = 2048 + 64;
const RECLAIM: usize = 32;

const DD: u64 = 1;
const TX_DONE: u64 = 1 << 32;
const COMMAND: u64 = 3 << 20 | 1 << 29 | 1 << 24 | 1 << 25;
const REPORT: u64 = 1 << 27;

type Descriptor = [u64; 2];

struct Limit {
    rx: *mut Descriptor,
    tx: *mut Descriptor,
    rx_tail: *mut u32,
    tx_tail: *mut u32,
    rx_buffers: Box<[*mut u8; RING]>,
    tx_buffers: Box<[*mut u8; RING]>,
    stack: Box<[*mut u8; BUFFERS]>,
    free: usize,
    head: usize,
    next: usize,
    clean: usize,
    used: usize,
}

/// Sets both rings up by hand.
pub(crate) fn subject(layout: Layout0, device: &'static str) -> Subject {
    let nic = Nic::new(layout);
    let buffers = pages(BUFFERS * STRIDE).as_ptr();
    let register = |at: usize| nic.registers().as_ptr().wrapping_add(at).cast::<u32>();
    let ring = || pages(RING * size_of::<Descriptor>()).as_ptr().cast::<Descriptor>();
    let mut limit = Limit {
        rx: ring(),
        tx: ring(),
        rx_tail: register(layout.rx + 0x18),
        tx_tail: register(layout.tx + 0x18),
        rx_buffers: Box::new([std::ptr::null_mut(); RING]),
        tx_buffers: Box::new([std::ptr::null_mut(); RING]),
        stack: Box::new(std::array::from_fn(|i| buffers.wrapping_add(i * STRIDE))),
        free: BUFFERS,
        head: 0,
        next: 0,
        clean: 0,
        used: 0,
    };
    for (block, ring) in [(layout.rx, limit.rx), (layout.tx, limit.tx)] {
        // SAFETY: inside the register file.
        unsafe {
            register(block).write_volatile(ring as usize as u32);
            register(block + 4).write_volatile((ring as usize as u64 >> 32) as u32);
            register(block + 8).write_volatile((RING * size_of::<Descriptor>()) as u32);
        }
    }
    for i in 0..RING {
        limit.free -= 1;
        limit.rx_buffers[i] = limit.stack[limit.free];
        // SAFETY: inside the ring.
        unsafe { limit.rx.add(i).write_volatile([limit.rx_buffers[i] as u64, 0]) };
    }
    // SAFETY: inside the register file.
    unsafe { limit.rx_tail.write_volatile(RING as u32 - 1) };
    // SAFETY: the rings and buffers above are never freed and used by nothing else.
    let burst = Box::new(move |size| unsafe { limit.burst(size) });
    Subject { name: "limit", device, path: Path::Burst, nic, burst }
}

impl Limit {
    /// # Safety
    ///
    /// The rings are set up as `subject` does, and no more frames are under way than they hold.
    #[inline(never)]
    unsafe fn burst(&mut self, size: usize) {
        let mut frames = [const { MaybeUninit::<(*mut u8, u64)>::uninit() }; 64];
        // SAFETY: all indices are masked or counted below the arrays' lengths.
        unsafe {
            let mut count = 0;
            while count < size {
                let descriptor = self.rx.add(self.head);
                let word = (&raw const (*descriptor)[1]).read_volatile();
                if word & DD == 0 {
                    break;
                }
                let slot = self.rx_buffers.as_mut_ptr().add(self.head);
                frames.get_unchecked_mut(count).write((*slot, word >> 32 & 0xffff));
                self.free -= 1;
                let fresh = *self.stack.get_unchecked(self.free);
                *slot = fresh;
                (&raw mut (*descriptor)[0]).write_volatile(fresh as u64);
                (&raw mut (*descriptor)[1]).write_volatile(0);
                self.head = (self.head + 1) & (RING - 1);
                count += 1;
            }
            if count > 0 {
                self.rx_tail.write_volatile((self.head.wrapping_sub(1) & (RING - 1)) as u32);
            }
            for frame in frames.get_unchecked(..count) {
                let (buffer, _) = frame.assume_init();
                *buffer.add(3) = (*buffer.add(3)).wrapping_add(1);
            }
            while self.used >= RECLAIM {
                let last = (self.clean + RECLAIM - 1) & (RING - 1);
                if (&raw const (*self.tx.add(last))[1]).read_volatile() & TX_DONE == 0 {
                    break;
                }
                for i in 0..RECLAIM {
                    let buffer = *self.tx_buffers.get_unchecked((self.clean + i) & (RING - 1));
                    *self.stack.get_unchecked_mut(self.free) = buffer;
                    self.free += 1;
                }
                self.clean = (self.clean + RECLAIM) & (RING - 1);
                self.used -= RECLAIM;
            }
            for frame in frames.get_unchecked(..count) {
                let (buffer, len) = frame.assume_init();
                let at = self.next;
                let report = if at & (RECLAIM - 1) == RECLAIM - 1 { REPORT } else { 0 };
                *self.tx_buffers.get_unchecked_mut(at) = buffer;
                let descriptor = self.tx.add(at);
                (&raw mut (*descriptor)[0]).write_volatile(buffer as u64);
                (&raw mut (*descriptor)[1]).write_volatile(len | COMMAND | report | len << 46);
                self.next = (at + 1) & (RING - 1);
            }
            self.used += count;
            if count > 0 {
                self.tx_tail.write_volatile(self.next as u32);
            }
        }
    }
}
