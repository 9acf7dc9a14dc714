//! The configuration space of one function: its registers, its capabilities, and what a reset loses.
//!
//! Offsets are those of the PCI Local Bus Specification 3.0 (section 6.1 and appendix H) and the PCI Express
//! Base Specification (section 7.8).
//!
//! Traps: the upper half of several registers is a status whose bits clear when a 1 is written (command,
//! device control, link control), so that half is always written as zeros. A list of capabilities may be a
//! circle or lead out of the space: a walk ends after as many steps as the space has room for.

use pci_types::{ConfigRegionAccess, PciAddress};

/// Identification: vendor and device.
pub(super) const ID: u16 = 0x00;
/// Command in the lower half, status in the upper one.
pub(super) const COMMAND: u16 = 0x04;
/// The first base address register.
const BAR0: u16 = 0x10;
/// How many base address registers there are.
pub(super) const BARS: usize = 6;
/// The status bit that says that there are capabilities, in the register of the command.
const HAS_CAPABILITIES: u32 = 1 << 20;
/// Where the list of capabilities begins.
const CAPABILITIES: u16 = 0x34;
/// Cache line size and latency timer; what else is there is read-only.
const CACHE_LINE: u16 = 0x0c;
/// Interrupt line; what else is there is read-only.
const INTERRUPT: u16 = 0x3c;
/// A capability: its number, and how many bytes of it are used here.
#[derive(Clone, Copy)]
pub(super) struct Capability(u8, u16);
/// Power management.
pub(super) const POWER: Capability = Capability(0x01, 0x08);
/// PCI Express, as version 1 has it.
pub(super) const EXPRESS: Capability = Capability(0x10, 0x14);
/// MSI-X.
pub(super) const MSIX: Capability = Capability(0x11, 0x0c);
/// The first offset that a capability can have, behind the header.
const FIRST: u16 = 0x40;
/// The end of the space in which capabilities are.
const END: u16 = 0x100;
/// More capabilities can't be in the space: each takes a word at least.
const MOST: u16 = (END - FIRST) / 4;

/// What reads where no function answers.
pub(super) const NOBODY: u32 = u32::MAX;

/// Configuration space of one function.
#[derive(Debug)]
pub(super) struct Space<A> {
    access: A,
    address: PciAddress,
}

impl<A: ConfigRegionAccess> Space<A> {
    /// # Safety
    ///
    /// `access` reaches the function at `address`, and nothing else changes its configuration space.
    pub(super) const unsafe fn new(access: A, address: PciAddress) -> Self {
        Self { access, address }
    }

    pub(super) const fn access(&self) -> &A {
        &self.access
    }

    pub(super) const fn address(&self) -> PciAddress {
        self.address
    }

    pub(super) fn read(&self, at: u16) -> u32 {
        // SAFETY: the function is reached (`new`), and `at` is an aligned offset below 256.
        unsafe { self.access.read(self.address, at & 0xfc) }
    }

    pub(super) fn write(&self, at: u16, value: u32) {
        // SAFETY: as for `read`; what may be written is up to the methods of `Function`, which promise that
        // the function gets no memory that it may not have (`Function::at`).
        unsafe { self.access.write(self.address, at & 0xfc, value) };
    }

    /// Reads a register of which the upper half is a status.
    pub(super) fn read_half(&self, at: u16) -> u16 {
        self.read(at) as u16
    }

    /// Writes a register of which the upper half is a status, and clears nothing there.
    pub(super) fn write_half(&self, at: u16, value: u16) {
        self.write(at, value.into());
    }

    pub(super) fn is_there(&self) -> bool {
        self.read(ID) != NOBODY
    }

    /// Finds a capability of which all that is used here is inside the space.
    pub(super) fn capability(&self, Capability(id, bytes): Capability) -> Option<u16> {
        if self.read(COMMAND) & HAS_CAPABILITIES == 0 {
            return None;
        }
        let mut at = (self.read(CAPABILITIES) & 0xfc) as u16;
        for _ in 0..MOST {
            if at < FIRST {
                return None;
            }
            let header = self.read(at);
            if header as u8 == id {
                return (at + bytes <= END).then_some(at);
            }
            at = (header >> 8 & 0xfc) as u16;
        }
        None
    }
}

/// The registers that a reset of the function loses and that are not the driver's to choose: addresses, and
/// how the function takes part in the traffic of its bus.
pub(super) struct Saved {
    bars: [u32; BARS],
    cache_line: u32,
    interrupt: u32,
    /// Registers of the PCI Express capability, each with its value.
    controls: [Option<(u16, u16)>; 3],
}

/// Offsets of device control, of link control and, from version 2 on, of device control 2.
const DEVICE: u16 = 0x08;
const LINK: u16 = 0x10;
const DEVICE_2: u16 = 0x28;
/// In device control of an endpoint: initiates a function-level reset.
pub(super) const INITIATE_RESET: u16 = 1 << 15;

impl Saved {
    pub(super) fn of<A: ConfigRegionAccess>(space: &Space<A>) -> Self {
        let express = space.capability(EXPRESS);
        let second = express.filter(|&at| space.read(at) >> 16 & 0xf >= 2 && at + DEVICE_2 < END);
        let controls = [(express, DEVICE), (express, LINK), (second, DEVICE_2)];
        Self {
            bars: core::array::from_fn(|i| space.read(bar(i))),
            cache_line: space.read(CACHE_LINE),
            interrupt: space.read(INTERRUPT),
            controls: controls.map(|(at, control)| {
                at.map(|at| at + control).map(|at| (at, space.read_half(at) & !INITIATE_RESET))
            }),
        }
    }

    /// Writes all of it again, while memory and I/O are not decoded.
    pub(super) fn restore<A: ConfigRegionAccess>(&self, space: &Space<A>) {
        for (i, &value) in self.bars.iter().enumerate() {
            space.write(bar(i), value);
        }
        space.write(CACHE_LINE, self.cache_line);
        space.write(INTERRUPT, self.interrupt);
        for &(at, value) in self.controls.iter().flatten() {
            space.write_half(at, value);
        }
    }
}

/// Returns where a base address register is.
pub(super) const fn bar(index: usize) -> u16 {
    BAR0 + 4 * index as u16
}
