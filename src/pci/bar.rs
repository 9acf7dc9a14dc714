//! Base address registers: size and address of each range of memory, and an address where there is none.
//!
//! A register is sized by writing all ones: the bits that stay zero are the size. Meanwhile the function would
//! answer at the wrong address, so that memory and I/O are not decoded then, and all is written back before
//! they are again (PCI Local Bus Specification 3.0, section 6.2.5.1).

use core::fmt;

use pci_types::{CommandRegister, ConfigRegionAccess};

use super::config::{BARS, bar};
use super::function::Function;

/// In a base address register: it is of I/O space.
const IO: u32 = 1;
/// The kind of memory: 32-bit addresses are 0, 64-bit ones 2.
const KIND: u32 = 0b110;
const WIDE: u32 = 0b100;
/// The bits that are not of the address.
const FLAGS: u32 = 0xf;
/// The smallest alignment of an address that is assigned: a page, so that it can be mapped alone.
const PAGE: u64 = 4096;

/// A range of memory that a function decodes: one base address register, or two for 64-bit addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct MemoryBar {
    /// Number of the register, 0 to 5; of two, the first.
    pub index: u8,
    /// The bus address, which on most machines is the physical address. 0: none was assigned.
    pub address: u64,
    /// The length in bytes, a power of two.
    pub size: u64,
    /// Whether the address may be above 4 GiB.
    pub wide: bool,
}

impl MemoryBar {
    /// Tells whether an address was assigned.
    #[must_use]
    pub const fn is_assigned(&self) -> bool {
        self.address != 0
    }
}

impl<A: ConfigRegionAccess> Function<A> {
    /// Reads the address of a base address register and finds its size.
    ///
    /// Registers are not decoded for a moment, so that no [`Port`](crate::Port) may be in use. Register 0 is
    /// the one with the controller's registers; [`msix`](Self::msix) says which has the table of vectors.
    ///
    /// # Errors
    ///
    /// [`BarError`], if it is not one of memory.
    pub fn bar(&mut self, index: u8) -> Result<MemoryBar, BarError> {
        let first = usize::from(index);
        self.is_first(first)?;
        let low = self.space.read(bar(first));
        let wide = low & KIND == WIDE;
        let command = self.command();
        self.set_command(command - CommandRegister::MEMORY_ENABLE - CommandRegister::IO_ENABLE);
        let mask = self.mask(first, wide);
        self.set_command(command);
        // The lowest bit that can be set.
        let size = mask & mask.wrapping_neg();
        if size == 0 {
            return Err(BarError::Absent);
        }
        let high = if wide { self.space.read(bar(first + 1)) } else { 0 };
        let address = u64::from(high) << 32 | u64::from(low & !FLAGS);
        Ok(MemoryBar { index, address, size, wide })
    }

    /// Gives a base address register an address in `window`, and returns what it decodes then.
    ///
    /// It is for machines whose firmware assigns none, such as QEMU's `virt` without firmware. What was
    /// mapped at the former address is no longer there. Windows of bridges above the function are not set up.
    ///
    /// # Errors
    ///
    /// [`NotAssigned`]; then the register is as it was, unless it did not hold the address.
    pub fn assign(&mut self, index: u8, window: &mut MemoryWindow) -> Result<MemoryBar, NotAssigned> {
        let found = self.bar(index).map_err(NotAssigned::Bar)?;
        let address = window.take(&found)?;
        let first = usize::from(index);
        let command = self.command();
        self.set_command(command - CommandRegister::MEMORY_ENABLE - CommandRegister::IO_ENABLE);
        self.space.write(bar(first), address as u32);
        if found.wide {
            self.space.write(bar(first + 1), (address >> 32) as u32);
        }
        self.set_command(command);
        let now = self.bar(index).map_err(NotAssigned::Bar)?;
        if now.address == address { Ok(now) } else { Err(NotAssigned::NotHeld) }
    }

    /// Checks that a register is the first one of a range of memory.
    fn is_first(&self, index: usize) -> Result<(), BarError> {
        let mut at = 0;
        while at < BARS {
            let low = self.space.read(bar(at));
            let (io, kind) = (low & IO != 0, low & KIND);
            let end = at + if !io && kind == WIDE { 2 } else { 1 };
            if index < end {
                return match () {
                    () if !self.space.is_there() => Err(BarError::Absent),
                    () if index != at => Err(BarError::SecondHalf),
                    () if io => Err(BarError::IoSpace),
                    () if end > BARS || kind & !WIDE != 0 => Err(BarError::Malformed),
                    () => Ok(()),
                };
            }
            at = end;
        }
        Err(BarError::Absent)
    }

    /// Returns the bits of an address that a register holds; it is not decoded meanwhile.
    fn mask(&self, first: usize, wide: bool) -> u64 {
        let held = |index, flags: u32| {
            let before = self.space.read(bar(index));
            self.space.write(bar(index), u32::MAX);
            let held = self.space.read(bar(index)) & !flags;
            self.space.write(bar(index), before);
            u64::from(held)
        };
        let low = held(first, FLAGS);
        if wide { held(first + 1, 0) << 32 | low } else { low }
    }
}

/// A range of bus addresses that lead to the PCI bus, from which base address registers get theirs.
///
/// Addresses are given in ascending order, each once.
#[derive(Debug)]
pub struct MemoryWindow {
    next: u64,
    end: u64,
}

impl MemoryWindow {
    /// Makes the window of `bytes` bytes from the address `base` on.
    ///
    /// # Safety
    ///
    /// The machine forwards these addresses to the bus of the functions that get some, and nothing else is
    /// there: no memory, and no range of another function.
    #[must_use]
    pub const unsafe fn new(base: u64, bytes: u64) -> Self {
        Self { next: base, end: base.saturating_add(bytes) }
    }

    /// Takes a range for a register, aligned to its size.
    fn take(&mut self, bar: &MemoryBar) -> Result<u64, NotAssigned> {
        // Powers of two, both.
        let unit = bar.size.max(PAGE);
        // Address 0 would read as none.
        let last = self.next.max(1).checked_add(unit - 1).ok_or(NotAssigned::WindowFull)?;
        let address = last & !(unit - 1);
        let end = address.checked_add(unit).filter(|&end| end <= self.end).ok_or(NotAssigned::WindowFull)?;
        if !bar.wide && end > 1 << 32 {
            return Err(NotAssigned::Above4GiB);
        }
        self.next = end;
        Ok(address)
    }
}

/// Why a base address register has no range of memory.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BarError {
    /// The function has no such register, or is gone: use register 0, or the one that
    /// [`Function::msix`] names.
    Absent,
    /// It is of I/O space: use register 0.
    IoSpace,
    /// It is the upper half of the one before: use that.
    SecondHalf,
    /// Its kind is reserved, or it has no upper half: the function is broken.
    Malformed,
}

impl fmt::Display for BarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "there is no such base address register: use 0, or the one of the MSI-X table",
            Self::IoSpace => "the base address register is of I/O space: use 0",
            Self::SecondHalf => "it is the upper half of a base address register: use the one before",
            Self::Malformed => "the base address register is malformed: the function is broken",
        })
    }
}
impl core::error::Error for BarError {}

/// Why a base address register got no address.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NotAssigned {
    /// There is nothing to give an address to.
    Bar(BarError),
    /// The window has no room left: give a larger one.
    WindowFull,
    /// The register takes no address above 4 GiB: give a window below.
    Above4GiB,
    /// The register did not hold the address: the function is broken or gone.
    NotHeld,
}

impl fmt::Display for NotAssigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bar(error) => error.fmt(f),
            Self::WindowFull => f.write_str("the window has no room left: give a larger one"),
            Self::Above4GiB => f.write_str("the register takes no address above 4 GiB: give a window below"),
            Self::NotHeld => {
                f.write_str("the register did not hold the address: the function is broken or gone")
            }
        }
    }
}
impl core::error::Error for NotAssigned {}
