//! The other side: a device whose register file and rings are ordinary memory.
//!
//! It finds the rings where the driver's own start-up wrote them, and works between measured
//! regions only: it writes received frames and their descriptors, and completes what was sent. No
//! PCIe is involved: a register write costs what an ordinary store costs.

use std::alloc::{Layout, alloc_zeroed};
use std::ptr::NonNull;

use vmdq_core::bus::WINDOW;

/// Frames of a measured region.
pub(crate) const REGION: usize = 128;
/// Bytes of each frame, without FCS.
pub(crate) const FRAME: u16 = 60;
/// Where a frame carries its sequence number.
const SEQUENCE: usize = 16;

const DD: u64 = 1;
const EOP: u64 = 2;
const TX_DONE: u64 = 1 << 32;
const TX_REPORT: u64 = 1 << 27;

/// Where a family has the registers of receive and transmit ring 0.
#[derive(Clone, Copy)]
pub(crate) struct Layout0 {
    pub(crate) rx: usize,
    pub(crate) tx: usize,
}

/// 82576.
pub(crate) const IGB: Layout0 = Layout0 { rx: 0xc000, tx: 0xe000 };
/// 82598 and 82599.
pub(crate) const IXGBE: Layout0 = Layout0 { rx: 0x1000, tx: 0x6000 };

/// A device in memory.
pub(crate) struct Nic {
    registers: NonNull<u8>,
    layout: Layout0,
    rx_head: u32,
    tx_head: u32,
    received: u64,
    sent: u64,
    wrong: u64,
}

/// Zeroed memory in whole pages, never freed.
pub(crate) fn pages(bytes: usize) -> NonNull<u8> {
    let layout = Layout::from_size_align(bytes, 4096).expect("a size of pages");
    // SAFETY: the size is not zero (callers).
    NonNull::new(unsafe { alloc_zeroed(layout) }).expect("memory for the bench")
}

impl Nic {
    pub(crate) fn new(layout: Layout0) -> Self {
        let registers = pages(WINDOW as usize);
        Self { registers, layout, rx_head: 0, tx_head: 0, received: 0, sent: 0, wrong: 0 }
    }

    /// The register file.
    pub(crate) fn registers(&self) -> NonNull<u8> {
        self.registers
    }

    fn register(&self, at: usize) -> u32 {
        // SAFETY: inside the register file (constants above).
        unsafe { self.registers.add(at).cast::<u32>().read_volatile() }
    }

    fn ring(&self, block: usize) -> (*mut [u64; 2], u32, u32) {
        let base = u64::from(self.register(block)) | u64::from(self.register(block + 4)) << 32;
        (base as *mut [u64; 2], self.register(block + 8) / 16, self.register(block + 0x18))
    }

    /// Completes what was sent, and receives [`REGION`] frames.
    pub(crate) fn work(&mut self) {
        self.complete();
        let (ring, len, tail) = self.ring(self.layout.rx);
        for _ in 0..REGION {
            if self.rx_head == tail {
                // Out of descriptors: counted below, since the frames will be missing.
                break;
            }
            // SAFETY: the driver gave the ring and, up to the tail, buffers of at least 2 KiB.
            unsafe {
                let descriptor = ring.add(self.rx_head as usize);
                let buffer = (*descriptor)[0] as *mut u8;
                buffer.write_bytes(0x55, SEQUENCE);
                buffer.add(SEQUENCE).cast::<u64>().write_unaligned(self.received);
                // The address is overwritten, as the hardware does.
                descriptor.write_volatile([0, DD | EOP | u64::from(FRAME) << 32]);
            }
            self.received += 1;
            self.rx_head = (self.rx_head + 1) % len;
        }
    }

    /// Completes what was sent.
    pub(crate) fn complete(&mut self) {
        let (ring, len, tail) = self.ring(self.layout.tx);
        while self.tx_head != tail {
            // SAFETY: the driver gave the ring and, up to the tail, frames.
            unsafe {
                let descriptor = ring.add(self.tx_head as usize);
                let [buffer, word] = descriptor.read_volatile();
                let sequence = (buffer as *const u8).add(SEQUENCE).cast::<u64>().read_unaligned();
                let touched = *(buffer as *const u8).add(3) == 0x56;
                if sequence != self.sent || word as u16 != FRAME || !touched {
                    self.wrong += 1;
                }
                if word & TX_REPORT != 0 {
                    descriptor.write_volatile([buffer, word | TX_DONE]);
                }
            }
            self.sent += 1;
            self.tx_head = (self.tx_head + 1) % len;
        }
    }

    /// Frames received, sent, and those that came out wrong.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        (self.received, self.sent, self.wrong)
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
        set(0x0000, 1 << 26 | 1 << 3, 0); // CTRL.RST, LRST
        set(0x10010, 0, 1 << 9); // EEC.ARD
        set(0x0010, 0, 1 << 9); // EECD.AUTO_RD
        set(0x2f00, 0, 1 << 3); // RDRXCTL.DMAIDONE
        set(0x42a4, 0, 1 << 30 | 3 << 28); // LINKS: up, 10 Gb/s
    }
}
