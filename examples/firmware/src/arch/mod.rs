//! What differs from machine to machine: the start, a serial port, a clock, where configuration space is,
//! interrupts, and the end.
//!
//! Each machine has the same functions, and a linker script beside it.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "riscv64")]
mod riscv64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
pub use aarch64::{NAME, ecam, exit, interrupted_by, messages, micros, put, window};
#[cfg(target_arch = "riscv64")]
pub use riscv64::{NAME, ecam, exit, interrupted_by, messages, micros, put, window};
#[cfg(target_arch = "x86_64")]
pub use x86_64::{NAME, ecam, exit, interrupted_by, messages, micros, put, window};

/// How many vectors a machine takes interrupts from: one for each queue.
pub const VECTORS: usize = 4;

/// Waits for at least some microseconds.
pub fn wait_us(us: u32) {
    let start = micros();
    // The clock may have been about to step when it was read.
    while micros().wrapping_sub(start) <= us.into() {}
}

/// A device of the machine: 4 KiB of registers.
struct Device(usize);

impl Device {
    /// Names the device at an address.
    ///
    /// # Safety
    ///
    /// The machine has a device there, and nobody else drives it.
    const unsafe fn at(address: usize) -> Self {
        Self(address)
    }

    #[cfg_attr(
        target_arch = "riscv64",
        expect(dead_code, reason = "the serial port there has registers of a byte")
    )]
    fn load(&self, offset: usize) -> u32 {
        // SAFETY: inside the device's registers (`at`).
        unsafe { ((self.0 + (offset & 0xffc)) as *const u32).read_volatile() }
    }

    fn store(&self, offset: usize, value: u32) {
        // SAFETY: as for `load`.
        unsafe { ((self.0 + (offset & 0xffc)) as *mut u32).write_volatile(value) }
    }

    /// Loads a register of one byte.
    #[cfg(target_arch = "riscv64")]
    fn load8(&self, offset: usize) -> u8 {
        // SAFETY: as for `load`.
        unsafe { ((self.0 + (offset & 0xfff)) as *const u8).read_volatile() }
    }

    /// Stores to a register of one byte.
    #[cfg(target_arch = "riscv64")]
    fn store8(&self, offset: usize, value: u8) {
        // SAFETY: as for `load`.
        unsafe { ((self.0 + (offset & 0xfff)) as *mut u8).write_volatile(value) }
    }
}
