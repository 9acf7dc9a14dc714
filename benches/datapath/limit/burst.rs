//! By bursts: receive into an array and put a new buffer in place of each at once; touch; send; take
//! 32 sent buffers back for one look at a descriptor. Buffers are on a last-in-first-out stack.

use std::mem::MaybeUninit;

use super::{COMMAND, DD, Forward, MASK, RECLAIM, REPORT, RING, Rings, STRIDE, TX_DONE, buffers};
use crate::subject::Path;

const BUFFERS: usize = 1024;

pub(crate) struct Burst {
    rings: Rings,
    rx_buffers: Box<[*mut u8; RING]>,
    tx_buffers: Box<[*mut u8; RING]>,
    stack: Box<[*mut u8; BUFFERS]>,
    free: usize,
    head: usize,
    next: usize,
    clean: usize,
    used: usize,
}

impl Forward for Burst {
    const PATH: Path = Path::Burst;

    fn new(rings: Rings) -> Self {
        let memory = buffers(BUFFERS);
        let stack: Box<[_; BUFFERS]> = Box::new(std::array::from_fn(|i| memory.wrapping_add(i * STRIDE)));
        let free = BUFFERS - RING;
        let rx_buffers: Box<[_; RING]> = Box::new(std::array::from_fn(|i| stack[free + i]));
        for (i, buffer) in rx_buffers.iter().enumerate() {
            // SAFETY: inside the ring.
            unsafe { rings.rx.add(i).write_volatile([*buffer as u64, 0]) };
        }
        let tx_buffers = Box::new([std::ptr::null_mut(); RING]);
        Self { rings, rx_buffers, tx_buffers, stack, free, head: 0, next: 0, clean: 0, used: 0 }
    }

    unsafe fn forward(&mut self, size: usize) {
        let mut frames = [const { MaybeUninit::<(*mut u8, u64)>::uninit() }; 64];
        // SAFETY: all indices are masked or counted below the arrays' lengths.
        unsafe {
            let mut count = 0;
            while count < size {
                let descriptor = self.rings.rx.add(self.head);
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
                self.head = (self.head + 1) & MASK;
                count += 1;
            }
            if count > 0 {
                self.rings.rx_tail.write_volatile((self.head.wrapping_sub(1) & MASK) as u32);
            }
            for frame in frames.get_unchecked(..count) {
                let (buffer, _) = frame.assume_init();
                *buffer.add(3) = (*buffer.add(3)).wrapping_add(1);
            }
            while self.used >= RING / 2 {
                let last = (self.clean + RECLAIM - 1) & MASK;
                if (&raw const (*self.rings.tx.add(last))[1]).read_volatile() & TX_DONE == 0 {
                    break;
                }
                for i in 0..RECLAIM {
                    let buffer = *self.tx_buffers.get_unchecked((self.clean + i) & MASK);
                    *self.stack.get_unchecked_mut(self.free) = buffer;
                    self.free += 1;
                }
                self.clean = (self.clean + RECLAIM) & MASK;
                self.used -= RECLAIM;
            }
            for frame in frames.get_unchecked(..count) {
                let (buffer, len) = frame.assume_init();
                let at = self.next;
                let report = if at & (RECLAIM - 1) == RECLAIM - 1 { REPORT } else { 0 };
                *self.tx_buffers.get_unchecked_mut(at) = buffer;
                let descriptor = self.rings.tx.add(at);
                (&raw mut (*descriptor)[0]).write_volatile(buffer as u64);
                (&raw mut (*descriptor)[1]).write_volatile(len | COMMAND | report | len << 46);
                self.next = (at + 1) & MASK;
            }
            self.used += count;
            if count > 0 {
                self.rings.tx_tail.write_volatile(self.next as u32);
            }
        }
    }
}
