//! Access to a controller's register window.
//!
//! Every register access of the crate family goes through [`Bus`]. Memory-mapped registers
//! ([`Mmio`]), an in-process device model and a remote machine are three implementations of it, so
//! one body of driver code runs on all of them.

use core::ptr::NonNull;

/// Length in bytes of the register window that every supported controller decodes (BAR 0).
pub const WINDOW: u32 = 0x2_0000;

/// A 32-bit aligned offset inside [`WINDOW`]: the only address that a [`Bus`] accepts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Offset(u32);

impl Offset {
    /// Makes an offset.
    ///
    /// # Panics
    ///
    /// If `at` is not a multiple of 4 or lies outside the window. In a `const`, that is a compile
    /// error.
    // `inline(always)`: without it a downstream crate calls this for each register access.
    #[inline(always)]
    #[must_use]
    pub const fn new(at: u32) -> Self {
        assert!(at.is_multiple_of(4), "register offset is not 32-bit aligned");
        assert!(at < WINDOW, "register offset is outside the register window");
        Self(at)
    }

    /// Makes an offset that a register array has already checked.
    #[inline(always)]
    pub(crate) const fn checked_before(at: u32) -> Self {
        Self(at)
    }

    /// Returns the offset in bytes from the start of the window.
    #[inline(always)]
    #[must_use]
    pub const fn bytes(self) -> u32 {
        self.0
    }
}

/// Names one controller among several, so that resources of two ports are not mixed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PortId(pub usize);

/// A controller's registers: mapped memory, a device model or a remote machine.
///
/// A clone is another handle to the same registers.
///
/// # Safety
///
/// - [`id`](Self::id) never changes, is equal for handles to the same registers and different for
///   different controllers: it is how resources of two ports are distinguished.
/// - Accesses reach the controller in program order, and no other accesses reach it.
/// - No method panics.
pub unsafe trait Bus: Clone {
    /// Reads the register at `at`.
    fn read32(&self, at: Offset) -> u32;

    /// Writes the register at `at`. Writes arrive in program order.
    ///
    /// # Safety
    ///
    /// Registers carry the addresses of memory, and others let the controller use them: the value must
    /// not give the controller memory that it may not access, and nothing else may drive the port
    /// meanwhile.
    unsafe fn write32(&self, at: Offset, value: u32);

    /// Names the controller behind the handle.
    fn id(&self) -> PortId;
}

/// Registers that are mapped into the address space.
///
/// # Examples
///
/// ```
/// use core::ptr::NonNull;
/// use vmdq_hal::bus::{Bus, Mmio, Offset};
///
/// /// Reads the STATUS register of the controller whose BAR 0 is mapped at `base`.
/// fn status(base: NonNull<u32>) -> u32 {
///     // SAFETY: the whole window is mapped here as device memory, and nobody else uses it.
///     let registers = unsafe { Mmio::new(base) };
///     registers.read32(Offset::new(0x0008))
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Mmio(NonNull<u32>);

impl Mmio {
    /// Makes the handle of the register window at `base`.
    ///
    /// # Safety
    ///
    /// `base` is 4-byte aligned and maps at least [`WINDOW`] bytes of one controller's BAR 0 as
    /// device memory for as long as any copy of the handle lives, and nothing else drives the
    /// controller meanwhile.
    #[must_use]
    pub const unsafe fn new(base: NonNull<u32>) -> Self {
        Self(base)
    }
}

// SAFETY: the window is mapped for every core (contract of `Mmio::new`) and each access is one
// aligned word.
unsafe impl Send for Mmio {}
// SAFETY: as for `Send`; a shared handle does no more than its copies do.
unsafe impl Sync for Mmio {}

// SAFETY: the address names the registers, and volatile accesses stay in program order.
unsafe impl Bus for Mmio {
    #[inline(always)]
    fn read32(&self, at: Offset) -> u32 {
        // SAFETY: `Offset` is aligned and inside the window that `Mmio::new` was promised.
        unsafe { load(self.0.byte_add(at.bytes() as usize)) }
    }

    #[inline(always)]
    unsafe fn write32(&self, at: Offset, value: u32) {
        // SAFETY: `Offset` is aligned and inside the window that `Mmio::new` was promised.
        unsafe { store(self.0.byte_add(at.bytes() as usize), value) }
    }

    fn id(&self) -> PortId {
        PortId(self.0.addr().get())
    }
}

/// Loads a device register.
///
/// It uses a plain `ldr` on aarch64: a hypervisor that emulates the window can't decode the instructions
/// with write-back that the compiler may choose.
#[inline(always)]
pub(crate) unsafe fn load(at: NonNull<u32>) -> u32 {
    #[cfg(target_arch = "aarch64")]
    {
        let value;
        // SAFETY: `at` is a register of the window (caller).
        unsafe {
            core::arch::asm!("ldr {0:w}, [{1}]", out(reg) value, in(reg) at.as_ptr(), options(nostack, preserves_flags))
        };
        value
    }
    #[cfg(not(target_arch = "aarch64"))]
    // SAFETY: `at` is a register of the window (caller).
    unsafe {
        at.read_volatile()
    }
}

/// Stores to a device register; see [`load`].
#[inline(always)]
pub(crate) unsafe fn store(at: NonNull<u32>, value: u32) {
    #[cfg(target_arch = "aarch64")]
    // SAFETY: `at` is a register of the window (caller).
    unsafe {
        core::arch::asm!("str {0:w}, [{1}]", in(reg) value, in(reg) at.as_ptr(), options(nostack, preserves_flags))
    };
    #[cfg(not(target_arch = "aarch64"))]
    // SAFETY: `at` is a register of the window (caller).
    unsafe {
        at.write_volatile(value)
    }
}
