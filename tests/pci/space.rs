//! A strict model of configuration space: functions with base address registers, power states, MSI-X and a
//! function-level reset.
//!
//! It is written from the PCI specifications and shares nothing with the driver. What a driver must not do is
//! noted as a violation, so that a test ends with none.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use vmdq::pci::pci_types::{ConfigRegionAccess, PciAddress};

/// Bits of the command register that can be set.
const COMMAND: u32 = 0x0547;
/// Memory and I/O decoding.
pub(crate) const DECODED: u32 = 0x3;
pub(crate) const MEMORY: u32 = 0x2;
pub(crate) const BUS_MASTER: u32 = 0x4;
/// Status bits that a 1 clears.
pub(crate) const STATUS: u32 = 0xf900_0000;

/// Where the model has its capabilities.
pub(crate) const POWER: u16 = 0x40;
pub(crate) const MSIX: u16 = 0x70;
pub(crate) const EXPRESS: u16 = 0xa0;
/// Device status: bits that a 1 clears, and that requests are pending.
pub(crate) const DEVICE_STATUS: u32 = 0x000f_0000;
pub(crate) const PENDING: u32 = 0x0020_0000;
/// PMCSR: what a 1 clears.
pub(crate) const PME_STATUS: u32 = 0x8000;
/// Device control after a reset.
pub(crate) const CONTROL_RESET: u32 = 0x2810;

/// One function.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) words: BTreeMap<u16, u32>,
    /// The bits of each base address register that can be written, and those that are fixed.
    pub(crate) bars: [(u32, u32); 6],
    /// Whether it forgets its configuration space when it leaves D3hot.
    pub(crate) forgets: bool,
    /// For how many accesses requests stay pending.
    pub(crate) pending: u32,
    /// Until when it must not be accessed, and until when it reads as nothing, in microseconds.
    busy: u64,
    silent: u64,
    /// How long it is silent after a reset.
    pub(crate) silence: u64,
    /// Whether an address that is written stays.
    pub(crate) holds: bool,
}

impl Model {
    /// An endpoint with this id, and a register window of 128 KiB in register 0, ports in register 2 and a
    /// table of vectors in register 3.
    pub(crate) fn endpoint(id: u32) -> Self {
        let words = [
            (0x00, id),
            (0x04, 0x0010_0000),
            (0x08, 0x0200_0001),
            (0x0c, 0),
            (0x34, u32::from(POWER)),
            (0x3c, 0x0000_0100),
            // Power management, version 3: D0, interrupts by power management enabled.
            (POWER, 0x0003_0001 | u32::from(MSIX) << 8),
            (POWER + 4, 0x0000_0100),
            // MSI-X: 10 vectors, table at 0 and pending bits at 0x2000 of register 3.
            (MSIX, 0x0009_0011 | u32::from(EXPRESS) << 8),
            (MSIX + 4, 0x0000_0003),
            (MSIX + 8, 0x0000_2003),
            // PCI Express version 2, with a function-level reset.
            (EXPRESS, 0x0002_0010),
            (EXPRESS + 0x04, 1 << 28 | 0x2),
            (EXPRESS + 0x08, CONTROL_RESET),
            (EXPRESS + 0x10, 0x1041_0000),
            (EXPRESS + 0x28, 0),
        ];
        Self {
            words: words.into(),
            bars: [(0xfffe_0000, 0), (0, 0), (0xffff_ffe0, 1), (0xffff_c000, 0), (0, 0), (0, 0)],
            forgets: true,
            pending: 0,
            busy: 0,
            silent: 0,
            silence: 0,
            holds: true,
        }
    }

    /// Makes registers 0 and 1 one of 64-bit addresses.
    pub(crate) fn wide(mut self, low: u32, high: u32) -> Self {
        (self.bars[0], self.bars[1]) = ((low, 0x4), (high, 0));
        self
    }

    pub(crate) fn with(mut self, at: u16, value: u32) -> Self {
        self.words.insert(at, value);
        self
    }

    fn word(&self, at: u16) -> u32 {
        match at {
            0x10..=0x24 => {
                let (mask, fixed) = self.bars[usize::from(at - 0x10) / 4];
                self.words.get(&at).copied().unwrap_or(0) & mask | fixed
            }
            _ => self.words.get(&at).copied().unwrap_or(0),
        }
    }

    /// Clears what a reset clears.
    fn forget(&mut self) {
        for at in (0x10..0x28).step_by(4) {
            self.words.insert(at, 0);
        }
        let reset = [(0x04, 0x0010_0000), (0x0c, 0), (0x3c, 0x100), (EXPRESS + 0x08, CONTROL_RESET)];
        self.words.extend(reset);
        self.words.extend([(EXPRESS + 0x10, 0x1041_0000), (EXPRESS + 0x28, 0), (POWER + 4, 0x100)]);
        *self.words.entry(MSIX).or_default() &= 0x3fff_ffff;
    }

    /// Writes a word; returns what must not be done.
    fn write(&mut self, at: u16, value: u32, now: u64) -> Result<(), String> {
        let old = self.word(at);
        let power = self.word(POWER + 4) & 3;
        let new = match at {
            0x04 => value & COMMAND | old & 0xffff_0000 & !(value & STATUS),
            0x0c | 0x3c => old & !0xff | value & 0xff,
            0x10..=0x24 => {
                if self.word(0x04) & DECODED != 0 {
                    return Err(format!("{value:#x} is written to {at:#x} while it is decoded"));
                }
                if self.holds || value == u32::MAX { value } else { 0 }
            }
            _ if at == POWER + 4 => {
                if power == 3 && value & 3 == 0 {
                    if self.forgets {
                        self.forget();
                    }
                    self.busy = now + 10_000;
                }
                value & 0x7f03 | old & PME_STATUS & !(value & PME_STATUS) | old & 8
            }
            _ if at == MSIX => old & 0x3fff_ffff | value & 0xc000_0000,
            _ if at == EXPRESS + 0x08 => {
                let value = if value & 0x8000 != 0 {
                    if self.word(0x04) & BUS_MASTER != 0 {
                        return Err("a reset while requests can still be made".into());
                    }
                    if old & PENDING != 0 {
                        return Err("a reset while requests are pending".into());
                    }
                    self.forget();
                    self.busy = now + 100_000;
                    self.silent = self.busy + self.silence;
                    return Ok(());
                } else {
                    value
                };
                value & 0x7fff | old & 0xffff_0000 & !(value & DEVICE_STATUS)
            }
            _ if at == EXPRESS + 0x10 => value & 0x0fff | old & 0xffff_0000 & !(value & 0xc000_0000),
            _ if at == EXPRESS + 0x28 => value & 0x1f | old & 0xffff_0000,
            _ => return Err(format!("{value:#x} is written to {at:#x}, which is read-only")),
        };
        if power == 3 && at != POWER + 4 {
            return Err(format!("{at:#x} is written in D3hot"));
        }
        self.words.insert(at, new);
        Ok(())
    }
}

/// A machine: functions, time, and what was done wrong.
#[derive(Clone, Default)]
pub(crate) struct Machine {
    functions: Rc<RefCell<BTreeMap<PciAddress, Model>>>,
    now: Rc<Cell<u64>>,
    writes: Rc<RefCell<Vec<(u16, u32)>>>,
    reads: Rc<Cell<usize>>,
    violations: Rc<RefCell<Vec<String>>>,
}

impl Machine {
    pub(crate) fn of(functions: impl IntoIterator<Item = (PciAddress, Model)>) -> Self {
        let machine = Self::default();
        machine.functions.borrow_mut().extend(functions);
        machine
    }

    /// Lets time pass.
    pub(crate) fn wait(&self) -> impl FnMut(u32) + use<> {
        let now = self.now.clone();
        move |micros| now.set(now.get() + u64::from(micros))
    }

    pub(crate) fn now(&self) -> u64 {
        self.now.get()
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.get()
    }

    /// Takes what was written, each an offset with its value.
    pub(crate) fn take_writes(&self) -> Vec<(u16, u32)> {
        self.writes.take()
    }

    /// Looks at a register as nobody on the bus can.
    pub(crate) fn peek(&self, at: PciAddress, offset: u16) -> u32 {
        self.functions.borrow()[&at].word(offset)
    }

    /// Changes a function.
    pub(crate) fn change(&self, at: PciAddress, change: impl FnOnce(&mut Model)) {
        change(self.functions.borrow_mut().get_mut(&at).expect("it is there"));
    }

    /// Takes a function away.
    pub(crate) fn pull(&self, at: PciAddress) {
        self.functions.borrow_mut().remove(&at);
    }

    /// Tells what was done wrong.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.violations.borrow().clone()
    }

    fn wrong(&self, what: String) {
        self.violations.borrow_mut().push(what);
    }
}

impl ConfigRegionAccess for Machine {
    unsafe fn read(&self, address: PciAddress, offset: u16) -> u32 {
        self.reads.set(self.reads.get() + 1);
        assert!(self.reads() < 100_000, "it does not end");
        if !offset.is_multiple_of(4) || offset >= 256 {
            self.wrong(format!("{offset:#x} is read"));
        }
        let mut functions = self.functions.borrow_mut();
        let Some(function) = functions.get_mut(&address) else { return u32::MAX };
        if self.now() < function.busy {
            self.wrong(format!("{offset:#x} is read too early"));
        }
        if self.now() < function.silent {
            return u32::MAX;
        }
        let mut value = function.word(offset);
        if offset == EXPRESS + 0x08 && function.pending > 0 {
            function.pending -= 1;
            value |= PENDING;
        }
        value
    }

    unsafe fn write(&self, address: PciAddress, offset: u16, value: u32) {
        self.writes.borrow_mut().push((offset, value));
        let mut functions = self.functions.borrow_mut();
        let Some(function) = functions.get_mut(&address) else { return };
        if self.now() < function.busy {
            self.wrong(format!("{offset:#x} is written too early"));
        }
        if let Err(what) = function.write(offset, value, self.now()) {
            self.wrong(what);
        }
    }
}
