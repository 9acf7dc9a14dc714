//! Interrupt causes, masks and messages of the 82575 and the 82576.
//!
//! Facts: igb-hal/FACTS.md 2.2 and 3.9. A message goes out when an enabled extended cause becomes pending; it
//! is not repeated while the cause stays pending. EITR is stored, but messages are never delayed.
//!
//! Assumptions: the models have no PCI configuration space, so that the 82575 counts as being in MSI-X
//! mode as soon as an MSIXBM is not 0 (on the 82576 GPIE.MULTIPLE_MSIX says it). A cause that is pending
//! when its mask opens is sent then. In MSI-X mode EICR is not cleared by a read (I210, the sibling).

use crate::board::Board;
use crate::register::{File, Reg};
use crate::violation::Rule;

/// ICR causes that the models raise.
pub(crate) const TXDW: u32 = 1;
pub(crate) const LSC: u32 = 1 << 2;
pub(crate) const RXO: u32 = 1 << 6;
pub(crate) const RXDW: u32 = 1 << 7;
const INT_ASSERTED: u32 = 1 << 31;
/// EICR.OTHER.
const OTHER: u32 = 1 << 31;
const VALID: u32 = 0x80;

/// How queues reach vectors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Routing {
    /// 82575: EICR has a bit per queue, MSIXBM says which vectors they raise.
    Bitmap,
    /// 82576: IVAR names a vector per queue; EICR has a bit per vector.
    Table,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Interrupts {
    routing: Routing,
    icr: u32,
    ims: u32,
    iam: u32,
    eicr: u32,
    eims: u32,
    eiac: u32,
    eiam: u32,
}

impl Interrupts {
    pub(crate) fn new(routing: Routing) -> Self {
        Self { routing, icr: 0, ims: 0, iam: 0, eicr: 0, eims: 0, eiac: 0, eiam: 0 }
    }

    fn msix(&self, file: &File) -> bool {
        match self.routing {
            Routing::Bitmap => (0..10).any(|n| file.get(Reg::MSIXBM, n) != 0),
            Routing::Table => file.on(Reg::GPIE, 1 << 4),
        }
    }

    fn auto_mask(&self, file: &File) -> bool {
        match self.routing {
            Routing::Bitmap => file.on(Reg::CTRL_EXT, 1 << 24),
            Routing::Table => file.on(Reg::GPIE, 1 << 30),
        }
    }

    /// CTRL_EXT.NSICR, which the 82576 has in GPIE.
    fn nsicr(&self, file: &File) -> bool {
        match self.routing {
            Routing::Bitmap => file.on(Reg::CTRL_EXT, 1),
            Routing::Table => file.on(Reg::GPIE, 1),
        }
    }

    pub(crate) fn line(&self, file: &File) -> bool {
        !self.msix(file) && (self.icr & self.ims != 0 || self.eicr & self.eims != 0)
    }

    /// Raises causes of ICR; what IMS lets through is an extended cause in its turn.
    pub(crate) fn raise(&mut self, causes: u32, file: &File, board: &mut Board) {
        self.icr |= causes;
        if causes & self.ims == 0 {
            return;
        }
        let bits = match self.routing {
            Routing::Table if self.msix(file) => vector(file.get(Reg::IVAR_MISC, 0) >> 8),
            _ => OTHER,
        };
        self.extended(bits, file, board);
    }

    /// A receive queue was written back.
    pub(crate) fn received(&mut self, queue: usize, file: &File, board: &mut Board) {
        self.queue(queue, 0, file, board);
        self.raise(RXDW, file, board);
    }

    /// A transmit queue was written back.
    pub(crate) fn transmitted(&mut self, queue: usize, file: &File, board: &mut Board) {
        self.queue(queue, 1, file, board);
        self.raise(TXDW, file, board);
    }

    fn queue(&mut self, queue: usize, direction: usize, file: &File, board: &mut Board) {
        let bits = match self.routing {
            Routing::Bitmap => 1 << (queue + 8 * direction),
            // Row = queue & 7; byte 0 Rx, 1 Tx of the lower eight, 2 and 3 of the upper.
            Routing::Table => {
                let byte = direction + 2 * (queue >> 3);
                vector(file.get(Reg::IVAR, queue & 7) >> (8 * byte))
            }
        };
        self.extended(bits, file, board);
    }

    fn extended(&mut self, bits: u32, file: &File, board: &mut Board) {
        let new = bits & !self.eicr;
        self.eicr |= bits;
        self.send(new & self.eims, file, board);
    }

    /// Sends the messages of causes that have just become pending and enabled.
    fn send(&mut self, bits: u32, file: &File, board: &mut Board) {
        if bits == 0 || board.not_master || !self.msix(file) {
            return;
        }
        for v in 0..32u16 {
            let raised = match self.routing {
                Routing::Bitmap => v < 10 && file.get(Reg::MSIXBM, usize::from(v)) & bits != 0,
                Routing::Table => bits >> v & 1 != 0,
            };
            if raised {
                board.messages.push(v);
            }
        }
        self.eicr &= !(bits & self.eiac);
        if self.auto_mask(file) {
            self.eims &= !(bits & self.eiam);
        }
    }

    /// IAM is copied to IMC when ICR is read or written (with NSICR=0 only if a cause was enabled).
    fn auto_mask_legacy(&mut self, file: &File) {
        if self.nsicr(file) || self.icr & self.ims != 0 {
            self.ims &= !self.iam;
        }
    }

    /// Reads an interrupt register; `None` if it is none.
    pub(crate) fn read(&mut self, reg: Reg, file: &File) -> Option<u32> {
        Some(match reg {
            Reg::ICR => {
                let asserted = if self.icr & self.ims != 0 { INT_ASSERTED } else { 0 };
                self.auto_mask_legacy(file);
                core::mem::take(&mut self.icr) | asserted
            }
            // IMC reads as IMS.
            Reg::IMS | Reg::IMC => self.ims,
            Reg::IAM => self.iam,
            Reg::ICS | Reg::EICS => 0,
            Reg::EICR => {
                let pending = self.eicr;
                if !self.msix(file) {
                    self.eicr = 0;
                }
                pending
            }
            Reg::EIMS | Reg::EIMC => self.eims,
            Reg::EIAC => self.eiac,
            Reg::EIAM => self.eiam,
            _ => return None,
        })
    }

    /// Writes an interrupt register; returns whether it is one.
    pub(crate) fn write(&mut self, reg: Reg, value: u32, file: &mut File, board: &mut Board) -> bool {
        match reg {
            Reg::ICR => {
                self.auto_mask_legacy(file);
                self.icr &= !value;
            }
            Reg::ICS => self.raise(value & !INT_ASSERTED, file, board),
            Reg::IMS => {
                let opened = value & !self.ims & self.icr;
                self.ims |= value;
                self.raise(opened, file, board);
            }
            Reg::IMC => self.ims &= !value,
            Reg::IAM => self.iam = value,
            Reg::EICR => self.eicr &= !value,
            Reg::EICS => self.extended(value, file, board),
            Reg::EIMS => {
                let opened = value & !self.eims & self.eicr;
                self.eims |= value;
                self.send(opened, file, board);
            }
            Reg::EIMC => self.eims &= !value,
            Reg::EIAC => self.eiac = value,
            Reg::EIAM => self.eiam = value,
            Reg::GPIE => self.write_gpie(value, file, board),
            _ => return false,
        }
        true
    }

    /// GPIE.MULTIPLE_MSIX comes before IVAR, EIAC and EIMS, "or our settings won't stick" (L:874).
    fn write_gpie(&mut self, value: u32, file: &mut File, board: &mut Board) {
        let turned_on = value & 1 << 4 != 0 && !self.msix(file);
        file.set(Reg::GPIE, 0, value);
        if !turned_on {
            return;
        }
        let routed = (0..8).any(|n| file.get(Reg::IVAR, n) != 0) || file.get(Reg::IVAR_MISC, 0) != 0;
        if routed || self.eiac != 0 || self.eims != 0 {
            board.report(
                Rule::WrongOrder,
                format!("GPIE := {value:#x} after IVAR, EIAC or EIMS: those settings are lost"),
            );
        }
        (0..8).for_each(|n| file.set(Reg::IVAR, n, 0));
        file.set(Reg::IVAR_MISC, 0, 0);
        (self.eiac, self.eims) = (0, 0);
    }
}

/// The EICR bit of an IVAR entry (bit 7 valid, 4:0 vector).
fn vector(entry: u32) -> u32 {
    if entry & VALID != 0 { 1 << (entry & 0x1f) } else { 0 }
}
