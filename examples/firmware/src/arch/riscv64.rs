//! QEMU's `virt`: in machine mode without other firmware, memory as it is. A 16550, and the `time` register
//! as the clock. No interrupts.

use core::arch::{asm, global_asm};

use vmdq::msix::MsixMessage;
use vmdq::pci::MemoryWindow;

use super::{Device, VECTORS, scaled};
use crate::ecam::Ecam;

/// The machine's name in the table.
pub const NAME: &str = "riscv64, virt";

global_asm!(
    r#"
    .section .text.start, "ax"
    .globl start
start:
    csrr t0, mhartid
    bnez t0, 4f
    la t0, __bss_start
    la t1, __bss_end
1:  bgeu t0, t1, 2f
    sd zero, 0(t0)
    addi t0, t0, 8
    j 1b
2:  la t0, __stack_low          /* a pattern, from which the depth of the stack is told */
    la sp, __stack_high
    li t1, 0x57ac57ac
3:  sw t1, 0(t0)
    addi t0, t0, 4
    bltu t0, sp, 3b
    li t0, 0x6000               /* floating point may be used */
    csrs mstatus, t0
    call main
4:  wfi
    j 4b
"#
);

/// The 16550.
// SAFETY: where the machine has it.
const SERIAL: Device = unsafe { Device::at(0x1000_0000) };
/// Ends QEMU.
// SAFETY: as above.
const TEST: Device = unsafe { Device::at(0x10_0000) };

/// Prints a byte.
pub fn put(byte: u8) {
    while SERIAL.load8(5) & 0x20 == 0 {}
    SERIAL.store8(0, byte);
}

/// Returns the time since the machine was started, in microseconds.
pub fn micros() -> u64 {
    let count: u64;
    // SAFETY: a read of the clock, which counts with 10 MHz on this machine.
    unsafe { asm!("rdtime {}", out(reg) count) };
    scaled(count, 1_000_000, 10_000_000)
}

/// Returns where configuration space is.
pub fn ecam() -> Option<Ecam> {
    // SAFETY: where the machine has it.
    Some(unsafe { Ecam::at(0x3000_0000) })
}

/// Returns where devices can be placed: no firmware did.
pub fn window() -> Option<MemoryWindow> {
    // SAFETY: the machine has nothing else there.
    Some(unsafe { MemoryWindow::new(0x4000_0000, 0x4000_0000) })
}

/// Ends QEMU with a status by the test device.
pub fn exit(status: u8) -> ! {
    TEST.store(0, u32::from(status) << 16 | 0x3333);
    loop {
        core::hint::spin_loop();
    }
}

/// There are no messages: the machine's controller for them is not driven here.
pub fn messages() -> Option<[MsixMessage; VECTORS]> {
    None
}

/// No vector interrupts.
pub fn interrupted_by(_: usize) -> bool {
    false
}
