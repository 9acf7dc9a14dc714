//! In place: one ring is both, and each buffer stays with its descriptor.

use super::{COMMAND, DD, Forward, MASK, RECLAIM, REPORT, RING, Rings, STRIDE, TX_DONE, buffers};
use crate::subject::Path;

pub(crate) struct InPlace {
    rings: Rings,
    buffers: Box<[*mut u8; RING]>,
    /// The next descriptor that receives, which is the next that sends.
    head: usize,
    /// The next one that is taken back.
    clean: usize,
    used: usize,
}

impl Forward for InPlace {
    const PATH: Path = Path::InPlace;

    fn new(rings: Rings) -> Self {
        let memory = buffers(RING);
        let buffers: Box<[_; RING]> = Box::new(std::array::from_fn(|i| memory.wrapping_add(i * STRIDE)));
        for (i, buffer) in buffers.iter().enumerate() {
            // SAFETY: inside the ring.
            unsafe { rings.rx.add(i).write_volatile([*buffer as u64, 0]) };
        }
        Self { rings, buffers, head: 0, clean: 0, used: 0 }
    }

    unsafe fn forward(&mut self, size: usize) {
        // SAFETY: all indices are masked.
        unsafe {
            while self.used >= RECLAIM {
                let last = (self.clean + RECLAIM - 1) & MASK;
                if (&raw const (*self.rings.tx.add(last))[1]).read_volatile() & TX_DONE == 0 {
                    break;
                }
                // Rings begin at 0, and what is taken back is a part of them without a wrap. The
                // addresses still stand in the descriptors.
                for i in self.clean..self.clean + RECLAIM {
                    (&raw mut (*self.rings.rx.add(i))[1]).write_volatile(0);
                }
                self.clean = (self.clean + RECLAIM) & MASK;
                self.used -= RECLAIM;
                self.rings.rx_tail.write_volatile((self.clean.wrapping_sub(1) & MASK) as u32);
            }
            // What is under way is no descriptor that was received into. A report on each 32.
            for _ in 0..size.div_ceil(RECLAIM) {
                self.pass(size.min(RECLAIM).min(MASK - self.used));
            }
        }
    }
}

impl InPlace {
    #[inline(always)]
    unsafe fn pass(&mut self, most: usize) {
        // SAFETY: all indices are masked.
        unsafe {
            let (mut head, mut count, mut last) = (self.head, 0, 0);
            while count < most {
                let descriptor = self.rings.rx.add(head);
                let word = (&raw const (*descriptor)[1]).read_volatile();
                if word & DD == 0 {
                    break;
                }
                let len = word >> 32 & 0xffff;
                let buffer = *self.buffers.get_unchecked(head);
                *buffer.add(3) = (*buffer.add(3)).wrapping_add(1);
                (&raw mut (*descriptor)[0]).write_volatile(buffer as u64);
                last = len | COMMAND | len << 46;
                (&raw mut (*descriptor)[1]).write_volatile(last);
                head = (head + 1) & MASK;
                count += 1;
            }
            if count > 0 {
                // Bursts are parts of 32: a report is where it is looked for.
                let end = self.rings.rx.add(head.wrapping_sub(1) & MASK);
                (&raw mut (*end)[1]).write_volatile(last | REPORT);
                self.head = head;
                self.used += count;
                self.rings.tx_tail.write_volatile(head as u32);
            }
        }
    }
}
