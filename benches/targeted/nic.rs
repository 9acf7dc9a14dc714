//! The other side: queue 0 of an 82576 whose registers are ordinary memory.
//!
//! It works between measured regions only, and as the device does: it writes the whole frame into the
//! packet buffer and, if the driver asked for replication, its beginning into the header buffer.

use vmdq_bench::Registers;

use crate::frame::write_frame;

// Registers of receive queue 0.
const BASE: usize = 0xc000;
const LEN: usize = 0xc008;
const SPLIT: usize = 0xc00c;
const HEAD: usize = 0xc010;
const TAIL: usize = 0xc018;

// SRRCTL.
const TYPE_SHIFT: u32 = 25;
const TYPE: u32 = 7;
const REPLICATE: u32 = 3;
const HEADER_SHIFT: u32 = 8;
const HEADER: u32 = 15;
const HEADER_UNIT: usize = 64;

const DD: u64 = 1;
const EOP: u64 = 2;
/// The header was found.
const SPH: u64 = 1 << 31;

/// The receive half of a device in memory.
pub(crate) struct Nic {
    registers: Registers,
    head: u32,
    /// Frames received.
    pub(crate) received: u64,
    /// Bytes of headers that were written a second time.
    pub(crate) replicated: u64,
}

impl Nic {
    pub(crate) fn new() -> Self {
        Self { registers: Registers::new(), head: 0, received: 0, replicated: 0 }
    }

    /// The register file.
    pub(crate) fn registers(&self) -> Registers {
        self.registers
    }

    /// Receives that many frames of about `size` bytes, if there are descriptors for them; whoever counts what
    /// arrives misses the others.
    pub(crate) fn receive(&mut self, frames: usize, size: usize) {
        let base = self.registers.read_pair(BASE);
        let (ring, len, tail) =
            (base as *mut [u64; 2], self.registers.read(LEN) / 16, self.registers.read(TAIL));
        let split = self.registers.read(SPLIT);
        let header = (split >> HEADER_SHIFT & HEADER) as usize * HEADER_UNIT;
        let replicates = split >> TYPE_SHIFT & TYPE == REPLICATE;
        for _ in 0..frames {
            if self.head == tail {
                break;
            }
            // SAFETY: the driver gave the ring, and up to the tail buffers of 2 KiB with header buffers
            // of `header` bytes.
            unsafe {
                let descriptor = ring.add(self.head as usize);
                let [packet_at, header_at] = descriptor.read_volatile();
                let packet = std::slice::from_raw_parts_mut(packet_at as *mut u8, size);
                let length = write_frame(packet, self.received);
                let mut found = 0;
                if replicates {
                    let bytes = length.min(header);
                    (header_at as *mut u8).copy_from_nonoverlapping(packet.as_ptr(), bytes);
                    self.replicated += bytes as u64;
                    // The length of the header stands beside: addresses and type.
                    found = SPH | 14 << 21;
                }
                descriptor.write_volatile([found, DD | EOP | (length as u64) << 32]);
            }
            self.received += 1;
            self.head = (self.head + 1) % len;
        }
        self.registers.write(HEAD, self.head);
    }
}
