//! By exchange: the buffers of the receive and the transmit slot change places; no pool, no array.

use super::{COMMAND, DD, Forward, MASK, RECLAIM, REPORT, RING, Rings, STRIDE, TX_DONE, buffers};
use crate::subject::Path;

pub(crate) struct Exchange {
    rings: Rings,
    rx_buffers: Box<[*mut u8; RING]>,
    tx_buffers: Box<[*mut u8; RING]>,
    head: usize,
    next: usize,
    clean: usize,
    used: usize,
}

impl Forward for Exchange {
    const PATH: Path = Path::Exchange;

    fn new(rings: Rings) -> Self {
        let memory = buffers(2 * RING);
        let from =
            |first: usize| Box::new(std::array::from_fn(|i| memory.wrapping_add((first + i) * STRIDE)));
        let (rx_buffers, tx_buffers): (Box<[_; RING]>, _) = (from(0), from(RING));
        for (i, buffer) in rx_buffers.iter().enumerate() {
            // SAFETY: inside the ring.
            unsafe { rings.rx.add(i).write_volatile([*buffer as u64, 0]) };
        }
        Self { rings, rx_buffers, tx_buffers, head: 0, next: 0, clean: 0, used: 0 }
    }

    unsafe fn forward(&mut self, size: usize) {
        // SAFETY: all indices are masked.
        unsafe {
            while self.used >= RECLAIM {
                let last = (self.clean + RECLAIM - 1) & MASK;
                if (&raw const (*self.rings.tx.add(last))[1]).read_volatile() & TX_DONE == 0 {
                    break;
                }
                self.clean = (self.clean + RECLAIM) & MASK;
                self.used -= RECLAIM;
            }
            let (mut head, mut next, mut count) = (self.head, self.next, 0);
            while count < size {
                let received = self.rings.rx.add(head);
                let word = (&raw const (*received)[1]).read_volatile();
                if word & DD == 0 {
                    break;
                }
                let len = word >> 32 & 0xffff;
                let from = self.rx_buffers.as_mut_ptr().add(head);
                let to = self.tx_buffers.as_mut_ptr().add(next);
                let (buffer, spare) = (*from, *to);
                *from = spare;
                *to = buffer;
                (&raw mut (*received)[0]).write_volatile(spare as u64);
                (&raw mut (*received)[1]).write_volatile(0);
                *buffer.add(3) = (*buffer.add(3)).wrapping_add(1);
                let report = if next & (RECLAIM - 1) == RECLAIM - 1 { REPORT } else { 0 };
                let sent = self.rings.tx.add(next);
                (&raw mut (*sent)[0]).write_volatile(buffer as u64);
                (&raw mut (*sent)[1]).write_volatile(len | COMMAND | report | len << 46);
                head = (head + 1) & MASK;
                next = (next + 1) & MASK;
                count += 1;
            }
            if count > 0 {
                (self.head, self.next) = (head, next);
                self.used += count;
                self.rings.rx_tail.write_volatile((head.wrapping_sub(1) & MASK) as u32);
                self.rings.tx_tail.write_volatile(next as u32);
            }
        }
    }
}
