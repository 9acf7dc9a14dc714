//! The other side: queue 0 of an 82576 whose registers are ordinary memory.
//!
//! It works between measured regions only, and as the device does: it writes the whole frame into the
//! packet buffer and, if the driver asked for replication, its beginning into the header buffer.

use std::ptr::NonNull;

use vmdq_core::bus::WINDOW;

use crate::frame::write_frame;
use crate::memory::pages;

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
    registers: NonNull<u8>,
    head: u32,
    /// Frames received.
    pub(crate) received: u64,
    /// Bytes of headers that were written a second time.
    pub(crate) replicated: u64,
}

impl Nic {
    pub(crate) fn new() -> Self {
        Self { registers: pages(WINDOW as usize), head: 0, received: 0, replicated: 0 }
    }

    /// The register file.
    pub(crate) fn registers(&self) -> NonNull<u8> {
        self.registers
    }

    fn register(&self, at: usize) -> u32 {
        // SAFETY: inside the register file (constants above).
        unsafe { self.registers.add(at).cast::<u32>().read_volatile() }
    }

    /// Receives so many frames of about `size` bytes, if there are descriptors for them; whoever counts what
    /// arrives misses the others.
    pub(crate) fn receive(&mut self, frames: usize, size: usize) {
        let base = u64::from(self.register(BASE)) | u64::from(self.register(BASE + 4)) << 32;
        let (ring, len, tail) = (base as *mut [u64; 2], self.register(LEN) / 16, self.register(TAIL));
        let split = self.register(SPLIT);
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
        // SAFETY: inside the register file.
        unsafe { self.registers.add(HEAD).cast::<u32>().write_volatile(self.head) };
    }

    /// Plays the device in a driver's waits: ends a reset, reports what is waited for.
    ///
    /// # Safety
    ///
    /// `registers` is a register file of a [`Nic`].
    pub(crate) unsafe fn answer(registers: NonNull<u8>) {
        let set = |at: usize, clear: u32, set: u32| {
            // SAFETY: inside the register file (constants below).
            let register = unsafe { registers.add(at).cast::<u32>().as_mut() };
            *register = *register & !clear | set;
        };
        set(0x0000, 1 << 26, 0); // CTRL.RST
        set(0x0010, 0, 1 << 9); // EECD.AUTO_RD
    }
}
