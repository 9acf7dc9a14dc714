//! A register file in memory. No PCIe is involved: a write costs what an ordinary store costs.

use std::ptr::NonNull;

use embedded_hal::delay::DelayNs;
use vmdq_hal::Host;
use vmdq_hal::bus::{Mmio, WINDOW};
use vmdq_hal::dma::Identity;

use crate::memory::pages;

/// The machine that a driver of a device in memory runs on.
pub type Machine = Host<Mmio, Identity, Registers>;

/// The registers of a device in memory, never freed.
///
/// As a delay, it plays the device in a driver's waits: each of them [`answer`](Self::answer)s.
#[derive(Clone, Copy, Debug)]
pub struct Registers(NonNull<u8>);

impl Registers {
    /// Makes a register file of zeros, but for the port's own address.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each is memory that is never freed")]
    pub fn new() -> Self {
        let registers = Self(pages(WINDOW as usize));
        registers.write(0x5400, 2); // RAL 0: 02:00:00:00:00:00
        registers
    }

    /// Returns the register file that begins at `at`.
    ///
    /// # Safety
    ///
    /// `at` is what [`at`](Self::at) of a register file returned.
    #[must_use]
    pub const unsafe fn from_raw(at: NonNull<u8>) -> Self {
        Self(at)
    }

    /// Returns where the registers begin.
    #[must_use]
    pub const fn at(self) -> NonNull<u8> {
        self.0
    }

    /// Returns the driver's access to the registers.
    #[must_use]
    pub fn bus(self) -> Mmio {
        // SAFETY: the register file is as large as the window and is never freed.
        unsafe { Mmio::new(self.0.cast()) }
    }

    /// Returns the machine that a driver of the device runs on.
    #[must_use]
    pub fn machine(self) -> Machine {
        // SAFETY: the device in memory uses pointers.
        let dma = unsafe { Identity::new() };
        // SAFETY: the device moves between measured regions alone: nothing is ever under way.
        unsafe { Host::new(self.bus(), dma, self) }
    }

    fn register(self, at: usize) -> NonNull<u32> {
        assert!(at.is_multiple_of(4) && at < WINDOW as usize, "no register at {at:#x}");
        // SAFETY: inside the register file.
        unsafe { self.0.add(at) }.cast()
    }

    /// Reads a register.
    #[must_use]
    pub fn read(self, at: usize) -> u32 {
        // SAFETY: a register of the file.
        unsafe { self.register(at).read_volatile() }
    }

    /// Writes a register.
    pub fn write(self, at: usize, value: u32) {
        // SAFETY: a register of the file.
        unsafe { self.register(at).write_volatile(value) };
    }

    /// Reads a pair of registers, the lower half first.
    #[must_use]
    pub fn read_pair(self, at: usize) -> u64 {
        u64::from(self.read(at)) | u64::from(self.read(at + 4)) << 32
    }

    /// Plays the device in a driver's waits: ends a reset, reports what is waited for.
    pub fn answer(self) {
        let set = |at: usize, clear: u32, set: u32| self.write(at, self.read(at) & !clear | set);
        set(0x0000, 1 << 26 | 1 << 3, 0); // CTRL.RST, LRST
        set(0x10010, 0, 1 << 9); // EEC.ARD
        set(0x0010, 0, 1 << 9); // EECD.AUTO_RD
        set(0x2f00, 0, 1 << 3); // RDRXCTL.DMAIDONE
        set(0x42a4, 0, 1 << 30 | 3 << 28); // LINKS: up, 10 Gb/s
    }
}

impl DelayNs for Registers {
    fn delay_ns(&mut self, _: u32) {
        self.answer();
    }
}
