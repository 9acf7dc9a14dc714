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
    // When the clock was read, a microsecond had begun, and a tick of it: both may have been nearly over.
    while micros().wrapping_sub(start) <= u64::from(us) + 1 {}
}

/// Returns `count * by / per`, rounded down: in two parts, so that the product does not overflow.
///
/// `by` is below 2^32, and so is `per`.
const fn scaled(count: u64, by: u64, per: u64) -> u64 {
    count / per * by + count % per * by / per
}

// No clock runs fast: 62.5 MHz is no whole number of ticks in a microsecond, and 10 ns are 10^7 fs, which
// overflow after five hours if they are multiplied with the count first.
const _: () = assert!(scaled(62_500_000, 1_000_000, 62_500_000) == 1_000_000);
const _: () = assert!(scaled(62, 1_000_000, 62_500_000) == 0);
const _: () = assert!(scaled(6 * 3600 * 100_000_000 + 99, 10_000_000, 1_000_000_000) == 6 * 3600 * 1_000_000);

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
