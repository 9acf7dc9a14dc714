//! The two memory barriers between program and controller.
//!
//! They are written in inline assembly because an assembly block is a compiler barrier for all memory,
//! which a volatile access is not, and because a processor fence of Rust may not reach the device's domain
//! on aarch64.

/// Orders descriptor and buffer writes before the register write that follows.
///
/// The controller fetches descriptors as soon as it sees the new tail, so what the tail covers must
/// be in memory first.
#[inline(always)]
pub fn publish() {
    #[cfg(target_arch = "aarch64")]
    // SAFETY: a store barrier over the outer shareable domain, which contains the controller.
    unsafe {
        core::arch::asm!("dmb oshst", options(nostack, preserves_flags))
    };
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    // SAFETY: no instruction. Stores are ordered by the architecture; the block orders the compiler.
    unsafe {
        core::arch::asm!("", options(nostack, preserves_flags))
    };
    #[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
    // SAFETY: a barrier: memory writes before device output, which Rust's fences leave out.
    unsafe {
        core::arch::asm!("fence w, o", options(nostack, preserves_flags))
    };
    #[cfg(not(any(
        target_arch = "aarch64",
        target_arch = "riscv32",
        target_arch = "riscv64",
        target_arch = "x86",
        target_arch = "x86_64"
    )))]
    core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
}

/// Orders the read of a descriptor's done bit before the reads of what it covers.
///
/// The controller writes the frame first and the done bit last; a processor that reads the frame
/// early could see what was there before.
#[inline(always)]
pub fn observe() {
    #[cfg(target_arch = "aarch64")]
    // SAFETY: a load barrier over the outer shareable domain, which contains the controller.
    unsafe {
        core::arch::asm!("dmb oshld", options(nostack, preserves_flags))
    };
    #[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
    // SAFETY: a barrier: the read of the done bit before all later reads.
    unsafe {
        core::arch::asm!("fence r, r", options(nostack, preserves_flags))
    };
    #[cfg(not(any(target_arch = "aarch64", target_arch = "riscv32", target_arch = "riscv64")))]
    publish();
}
