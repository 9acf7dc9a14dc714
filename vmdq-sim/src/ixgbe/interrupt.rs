//! Interrupt causes, masks and messages of the 82598.
//!
//! Facts: ixgbe-hal/FACTS.md 1.3 and 2.11. EICR bits 15:0 are the vectors that IVAR names for queues; the other
//! causes have a bit each and share the vector of IVAR entry 97. A message goes out when an enabled
//! cause becomes pending, and is not repeated while it stays pending. EITR is stored, but messages are
//! never delayed.
//!
//! Assumptions: a read of EICR clears it, but with GPIE.OCD ("other clear disable") only bits 15:0. A
//! queue's cause whose vector is above 15 has no bit and is lost.

use crate::board::Board;
use crate::register::{File, Reg};

/// EICR.LSC.
pub(crate) const LSC: u32 = 1 << 20;
const QUEUES: u32 = 0xffff;
/// IVAR entry of the first transmit queue, and of the other causes.
const TRANSMIT: usize = 64;
const OTHER: usize = 97;
const VALID: u32 = 0x80;

/// GPIE bits.
const MSIX: u32 = 1 << 4;
const OCD: u32 = 1 << 5;
const EIAME: u32 = 1 << 30;

#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Interrupts {
    eicr: u32,
    eims: u32,
    eiac: u32,
    eiam: u32,
}

impl Interrupts {
    pub(crate) fn line(&self, file: &File) -> bool {
        !file.on(Reg::GPIE, MSIX) && self.eicr & self.eims != 0
    }

    /// A receive queue was written back.
    pub(crate) fn received(&mut self, queue: usize, file: &File, board: &mut Board) {
        self.queue(queue, file, board);
    }

    /// A transmit queue was written back.
    pub(crate) fn transmitted(&mut self, queue: usize, file: &File, board: &mut Board) {
        self.queue(TRANSMIT + queue, file, board);
    }

    fn queue(&mut self, number: usize, file: &File, board: &mut Board) {
        if let Some(vector) = entry(file, number).filter(|&vector| vector < 16) {
            self.raise(1 << vector, file, board);
        }
    }

    /// Raises causes.
    pub(crate) fn raise(&mut self, causes: u32, file: &File, board: &mut Board) {
        let new = causes & !self.eicr;
        self.eicr |= causes;
        self.send(new & self.eims, file, board);
    }

    fn send(&mut self, causes: u32, file: &File, board: &mut Board) {
        if causes == 0 || board.not_master || !file.on(Reg::GPIE, MSIX) {
            return;
        }
        board.messages.extend((0..16u16).filter(|&vector| causes >> vector & 1 != 0));
        if causes & !QUEUES != 0 {
            board.messages.extend(entry(file, OTHER));
        }
        self.eicr &= !(causes & self.eiac);
        if file.on(Reg::GPIE, EIAME) {
            self.eims &= !(causes & self.eiam);
        }
    }

    /// Reads an interrupt register; `None` if it is none.
    pub(crate) fn read(&mut self, reg: Reg, file: &File) -> Option<u32> {
        Some(match reg {
            Reg::EICR => {
                let pending = self.eicr;
                self.eicr &= if file.on(Reg::GPIE, OCD) { !QUEUES } else { 0 };
                pending
            }
            // Erratum 26: drivers read the causes here, because this read does not clear them.
            Reg::EICS => self.eicr,
            Reg::EIMS => self.eims,
            Reg::EIMC => 0,
            Reg::EIAC => self.eiac,
            Reg::EIAM => self.eiam,
            _ => return None,
        })
    }

    /// Writes an interrupt register; returns whether it is one.
    pub(crate) fn write(&mut self, reg: Reg, value: u32, file: &File, board: &mut Board) -> bool {
        match reg {
            Reg::EICR => self.eicr &= !value,
            Reg::EICS => self.raise(value, file, board),
            Reg::EIMS => {
                let opened = value & !self.eims & self.eicr;
                self.eims |= value;
                self.send(opened, file, board);
            }
            Reg::EIMC => self.eims &= !value,
            Reg::EIAC => self.eiac = value,
            Reg::EIAM => self.eiam = value,
            _ => return false,
        }
        true
    }
}

/// The vector of an IVAR entry: byte `number` of the array, if valid.
fn entry(file: &File, number: usize) -> Option<u16> {
    let byte = file.get(Reg::IVAR, number / 4) >> (8 * (number % 4));
    (byte & VALID != 0).then_some((byte & 0x1f) as u16)
}
