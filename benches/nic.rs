//! The other side: a device whose register file and rings are ordinary memory.
//!
//! It finds the rings where the driver's own start-up wrote them, and works between measured
//! regions only: it writes received frames and their descriptors, and completes what was sent. No
//! PCIe is involved: a register write costs what an ordinary store costs.

use crate::registers::Registers;

/// Where a frame carries its sequence number.
const SEQUENCE: usize = 16;
/// What a frame has in each byte before that.
const FILL: u8 = 0x55;
/// The byte that a forwarder touches.
const TOUCHED: usize = 3;

const DD: u64 = 1;
const EOP: u64 = 2;
const TX_DONE: u64 = 1 << 32;
const TX_REPORT: u64 = 1 << 27;

// Of a ring's registers.
const BASE: usize = 0x00;
const LEN: usize = 0x08;
const HEAD: usize = 0x10;
const TAIL: usize = 0x18;
const WRITE_BACK: usize = 0x38;
/// TDWBAL: the head is written back, descriptors are not.
const WRITE_BACK_ON: u32 = 1;

/// Where a family has the registers of receive and transmit ring 0.
#[derive(Clone, Copy, Debug)]
pub struct Layout0 {
    /// Of the receive ring.
    pub rx: usize,
    /// Of the transmit ring.
    pub tx: usize,
}

/// 82576.
pub const IGB: Layout0 = Layout0 { rx: 0xc000, tx: 0xe000 };
/// 82598 and 82599.
pub const IXGBE: Layout0 = Layout0 { rx: 0x1000, tx: 0x6000 };

/// A device in memory.
#[derive(Debug)]
pub struct Nic {
    registers: Registers,
    layout: Layout0,
    rx_head: u32,
    tx_head: u32,
    received: u64,
    sent: u64,
    wrong: u64,
}

/// The bytes of the frame with this number, without FCS: lengths differ, so that frames can be
/// distinguished.
const fn length(sequence: u64) -> u16 {
    60 + (sequence % 4) as u16
}

impl Nic {
    /// Makes a device with a register file of its own.
    #[must_use]
    pub fn new(layout: Layout0) -> Self {
        Self::on(Registers::new(), layout)
    }

    /// Makes the part of a device that serves another ring pair of the same register file.
    #[must_use]
    pub fn on(registers: Registers, layout: Layout0) -> Self {
        Self { registers, layout, rx_head: 0, tx_head: 0, received: 0, sent: 0, wrong: 0 }
    }

    /// Returns the register file.
    #[must_use]
    pub fn registers(&self) -> Registers {
        self.registers
    }

    /// Returns a ring, how many descriptors it has, and its tail.
    fn ring(&self, block: usize) -> (*mut [u64; 2], u32, u32) {
        let base = self.registers.read_pair(block + BASE) as *mut [u64; 2];
        (base, self.registers.read(block + LEN) / 16, self.registers.read(block + TAIL))
    }

    /// Receives `frames` frames.
    pub fn receive(&mut self, frames: usize) {
        let (ring, len, tail) = self.ring(self.layout.rx);
        for _ in 0..frames {
            if self.rx_head == tail {
                // Out of descriptors: whoever checks the counts misses the frames.
                break;
            }
            // SAFETY: the driver gave the ring and, up to the tail, buffers of at least 2 KiB.
            unsafe {
                let descriptor = ring.add(self.rx_head as usize);
                let buffer = (*descriptor)[0] as *mut u8;
                buffer.write_bytes(FILL, SEQUENCE);
                buffer.add(SEQUENCE).cast::<u64>().write_unaligned(self.received);
                // The address is overwritten, as the hardware does.
                descriptor.write_volatile([0, DD | EOP | u64::from(length(self.received)) << 32]);
            }
            self.received += 1;
            self.rx_head = (self.rx_head + 1) % len;
        }
        self.registers.write(self.layout.rx + HEAD, self.rx_head);
    }

    /// Completes what was sent; reports where the driver asked for it, in the descriptor or, if the
    /// driver chose that, by writing the head back.
    pub fn complete(&mut self) {
        let (ring, len, tail) = self.ring(self.layout.tx);
        let write_back = self.registers.read_pair(self.layout.tx + WRITE_BACK);
        let heads = write_back as u32 & WRITE_BACK_ON != 0;
        while self.tx_head != tail {
            // SAFETY: the driver gave the ring, up to the tail frames, and the place of the head.
            unsafe {
                let descriptor = ring.add(self.tx_head as usize);
                let [buffer, word] = descriptor.read_volatile();
                let sequence = (buffer as *const u8).add(SEQUENCE).cast::<u64>().read_unaligned();
                let touched = *(buffer as *const u8).add(TOUCHED) == FILL + 1;
                if sequence != self.sent || word as u16 != length(self.sent) || !touched {
                    self.wrong += 1;
                }
                self.tx_head = (self.tx_head + 1) % len;
                if word & TX_REPORT != 0 && heads {
                    ((write_back & !3) as *mut u32).write_volatile(self.tx_head);
                } else if word & TX_REPORT != 0 {
                    descriptor.write_volatile([buffer, word | TX_DONE]);
                }
            }
            self.sent += 1;
        }
        self.registers.write(self.layout.tx + HEAD, self.tx_head);
    }

    /// Completes what was sent and checks that it is all that was received: `frames` frames, in
    /// order, of the right lengths, touched.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn verify(&mut self, frames: u64) -> Result<(), String> {
        self.complete();
        let Self { received, sent, wrong, .. } = *self;
        if wrong == 0 && sent == received && received == frames {
            return Ok(());
        }
        Err(format!("{frames} frames were expected: {received} received, {sent} sent, {wrong} of them wrong"))
    }
}
