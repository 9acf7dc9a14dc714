//! QEMU's `virt` with its devices below 1 GiB: from EL1 with the MMU off to Rust with caches on, the first
//! 2 GiB mapped one to one. A PL011, and the generic timer as the clock. No interrupts.

use core::arch::{asm, global_asm};

use vmdq::msix::MsixMessage;
use vmdq::pci::MemoryWindow;

use super::{Device, VECTORS, scaled};
use crate::ecam::Ecam;

/// The machine's name in the table.
pub const NAME: &str = "aarch64, virt";

global_asm!(
    r#"
    .section .text.start, "ax"
    .globl start
start:
    mov x0, #(3 << 20)          /* vector registers may be used */
    msr cpacr_el1, x0
    ldr x0, =page_table
    msr ttbr0_el1, x0
    ldr x0, =0xff00             /* attribute 0: device; 1: normal, write back */
    msr mair_el1, x0
    ldr x0, =0x803519           /* 39 bits of address, 4 KiB, cached and shared walks, no upper half */
    msr tcr_el1, x0
    isb
    mrs x0, sctlr_el1
    ldr x1, =0x1005             /* MMU, data cache, instruction cache */
    orr x0, x0, x1
    msr sctlr_el1, x0
    isb
    ldr x0, =0x09000030         /* serial port on, to transmit */
    mov w1, #0x101
    str w1, [x0]
    ldr x0, =__bss_start
    ldr x1, =__bss_end
1:  cmp x0, x1
    b.hs 2f
    stp xzr, xzr, [x0], #16
    b 1b
2:  ldr x0, =__stack_low        /* a pattern, from which the depth of the stack is told */
    ldr x1, =__stack_high
    mov sp, x1
    ldr w2, =0x57ac57ac
3:  str w2, [x0], #4
    cmp x0, x1
    b.lo 3b
    bl main
4:  wfi
    b 4b
    .ltorg

    .section .rodata.start, "a"
    .balign 4096
page_table:                     /* blocks of 1 GiB */
    .quad 0x00000401            /* device */
    .quad 0x40000705            /* normal, inner shareable */
    .fill 510, 8, 0
"#
);

/// The PL011's data and flags.
// SAFETY: where the machine has it.
const SERIAL: Device = unsafe { Device::at(0x0900_0000) };

/// Prints a byte.
pub fn put(byte: u8) {
    while SERIAL.load(0x18) & 1 << 5 != 0 {}
    SERIAL.store(0, byte.into());
}

/// Returns the time since the machine was started, in microseconds.
pub fn micros() -> u64 {
    let (count, frequency): (u64, u64);
    // SAFETY: reads of the timer.
    unsafe { asm!("mrs {}, cntvct_el0", "mrs {}, cntfrq_el0", out(reg) count, out(reg) frequency) };
    scaled(count, 1_000_000, frequency.max(1))
}

/// Returns where configuration space is.
pub fn ecam() -> Option<Ecam> {
    // SAFETY: where the machine has it, with `highmem=off`.
    Some(unsafe { Ecam::at(0x3f00_0000) })
}

/// Returns where devices can be placed: no firmware did.
pub fn window() -> Option<MemoryWindow> {
    // SAFETY: the machine has nothing else there.
    Some(unsafe { MemoryWindow::new(0x1000_0000, 0x2eff_0000) })
}

/// Ends QEMU with a status by semihosting (SYS_EXIT, ADP_Stopped_ApplicationExit).
pub fn exit(status: u8) -> ! {
    let block = [0x20026, u64::from(status)];
    loop {
        // SAFETY: the debugger reads the block.
        unsafe { asm!("hlt #0xf000", in("x0") 0x18, in("x1") &raw const block) }
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
