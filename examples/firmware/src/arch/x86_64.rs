//! QEMU's `q35`: from the PVH entry in 32-bit mode to Rust in 64-bit mode, all of the first 4 GiB mapped one
//! to one. A serial port, the HPET as the clock, and the local APIC for MSI-X.

use core::arch::{asm, global_asm};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use vmdq::msix::MsixMessage;
use vmdq::pci::MemoryWindow;
use vmdq::pci::pci_types::{ConfigRegionAccess, PciAddress};

use super::{Device, VECTORS, scaled};
use crate::ecam::Ecam;

/// The machine's name in the table.
pub const NAME: &str = "x86_64, q35";

global_asm!(
    r#"
    .section .note.Xen, "a", @note
    .long 4, 4, 18              /* lengths; XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long start

    .section .text.start, "ax", @progbits
    .code32
    .globl start
start:
    cli
    cld
    movl $__stack_low, %edi     /* a pattern, from which the depth of the stack is told */
    movl $__stack_high, %ecx
    subl %edi, %ecx
    shrl $2, %ecx
    movl $0x57ac57ac, %eax
    rep stosl
    movl $page_directories, %edi
    movl $0x83, %eax            /* present, writable, 2 MiB */
    movl $2048, %ecx
1:  movl %eax, (%edi)
    movl $0, 4(%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 1b
    movl $page_pointers, %edi
    movl $page_directories + 3, %eax
    movl $4, %ecx
2:  movl %eax, (%edi)
    movl $0, 4(%edi)
    addl $4096, %eax
    addl $8, %edi
    loop 2b
    movl $page_pointers + 3, page_root
    movl $page_root, %eax
    movl %eax, %cr3
    movl %cr4, %eax
    orl $0x20, %eax             /* PAE */
    movl %eax, %cr4
    movl $0xc0000080, %ecx
    rdmsr
    orl $0x100, %eax            /* EFER.LME */
    wrmsr
    movl %cr0, %eax
    orl $0x80000001, %eax       /* paging, protection */
    movl %eax, %cr0
    lgdt descriptor_table
    ljmp $8, $3f
    .code64
3:  movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movq $__stack_high, %rsp
    xorl %ebp, %ebp
    call main
4:  hlt
    jmp 4b

    /* One entry for each vector; what a C function may change is saved. */
    .globl interrupt_entries
    .balign 16
interrupt_entries:
    .irp number, 0, 1, 2, 3, 4
    .balign 16
    pushq $\number
    jmp interrupt_common
    .endr
interrupt_common:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    movq 72(%rsp), %rdi
    subq $8, %rsp
    call interrupted
    addq $8, %rsp
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    addq $8, %rsp
    iretq

    .section .rodata.start, "a", @progbits
    .balign 8
descriptors:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
descriptor_table:
    .word . - descriptors - 1
    .long descriptors

    .section .bss.start, "aw", @nobits
    .balign 4096
page_root: .skip 4096
page_pointers: .skip 4096
page_directories: .skip 16384
"#,
    options(att_syntax)
);

/// COM1.
const SERIAL: u16 = 0x3f8;
/// Counts while the machine runs.
// SAFETY: where the machine has it.
const HPET: Device = unsafe { Device::at(0xfed0_0000) };
/// Where messages to the local APIC go.
const MESSAGES: u32 = 0xfee0_0000;
/// The local APIC of this processor.
// SAFETY: where it is after a reset.
const APIC: Device = unsafe { Device::at(MESSAGES as usize) };
/// The first vector of ours: those below are the processor's exceptions.
const FIRST: usize = 0x40;

fn out8(port: u16, value: u8) {
    // SAFETY: only ports of devices that this firmware drives are written (below).
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nostack, preserves_flags)) }
}

fn in8(port: u16) -> u8 {
    let value;
    // SAFETY: as for `out8`.
    unsafe { asm!("in al, dx", in("dx") port, out("al") value, options(nostack, preserves_flags)) }
    value
}

fn out32(port: u16, value: u32) {
    // SAFETY: as for `out8`.
    unsafe { asm!("out dx, eax", in("dx") port, in("eax") value, options(nostack, preserves_flags)) }
}

fn in32(port: u16) -> u32 {
    let value;
    // SAFETY: as for `out8`.
    unsafe { asm!("in eax, dx", in("dx") port, out("eax") value, options(nostack, preserves_flags)) }
    value
}

/// Prints a byte.
pub fn put(byte: u8) {
    while in8(SERIAL + 5) & 0x20 == 0 {}
    out8(SERIAL, byte);
}

/// Returns the time since the clock was started, in microseconds.
pub fn micros() -> u64 {
    // The period is in femtoseconds.
    let (period, count) = (u64::from(HPET.load(4)), ticks());
    scaled(count, period, 1_000_000_000)
}

/// Reads the count of 64 bits in two halves, of which the upper must be the same before and after.
fn ticks() -> u64 {
    HPET.store(0x10, 1);
    loop {
        let (high, low) = (HPET.load(0xf4), HPET.load(0xf0));
        if HPET.load(0xf4) == high {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

/// Configuration space through the ports CF8 and CFC: the first 256 bytes of each function.
struct Ports;

impl ConfigRegionAccess for Ports {
    unsafe fn read(&self, address: PciAddress, offset: u16) -> u32 {
        select(address, offset);
        in32(0xcfc)
    }

    unsafe fn write(&self, address: PciAddress, offset: u16, value: u32) {
        select(address, offset);
        out32(0xcfc, value);
    }
}

fn select(address: PciAddress, offset: u16) {
    let function = u32::from(address.device()) << 3 | u32::from(address.function());
    let bus = u32::from(address.bus());
    out32(0xcf8, 1 << 31 | bus << 16 | function << 8 | u32::from(offset & 0xfc));
}

/// Finds configuration space: the host bridge's register PCIEXBAR says where it is mapped.
pub fn ecam() -> Option<Ecam> {
    let bridge = PciAddress::new(0, 0, 0, 0);
    // SAFETY: reads without side effects.
    let [low, high] = [0x60, 0x64].map(|offset| unsafe { Ports.read(bridge, offset) });
    // Enabled, for 256 buses, and where it is mapped here.
    // SAFETY: the register says so.
    (low & 7 == 1 && high == 0).then(|| unsafe { Ecam::at((low & 0xf000_0000) as usize) })
}

/// Firmware has placed the devices.
pub fn window() -> Option<MemoryWindow> {
    None
}

/// Ends QEMU (isa-debug-exit) with a status, which is odd: it makes that of half of it.
pub fn exit(status: u8) -> ! {
    out32(0xf4, u32::from(status) >> 1);
    loop {
        // SAFETY: nothing is left to do.
        unsafe { asm!("cli", "hlt") }
    }
}

/// Our vectors, and one more for interrupts that are gone when the processor asks which they are.
const ENTRIES: usize = VECTORS + 1;
/// Gates of 16 bytes, up to the last vector of ours.
type Gates = [[AtomicU64; 2]; FIRST + ENTRIES];
static GATES: Gates = [const { [const { AtomicU64::new(0) }; 2] }; FIRST + ENTRIES];
static TAKEN: [AtomicBool; VECTORS] = [const { AtomicBool::new(false) }; VECTORS];

#[repr(C, packed)]
struct Table {
    limit: u16,
    base: *const Gates,
}

unsafe extern "C" {
    /// Entries of 16 bytes, one for each gate.
    static interrupt_entries: [[u8; 16]; ENTRIES];
}

#[unsafe(no_mangle)]
extern "C" fn interrupted(vector: usize) {
    // One that is gone is none of ours, and has no end.
    if let Some(taken) = TAKEN.get(vector) {
        taken.store(true, Ordering::Release);
        APIC.store(0xb0, 0); // end of interrupt
    }
}

/// Lets messages interrupt this processor; returns one for each vector.
pub fn messages() -> Option<[MsixMessage; VECTORS]> {
    for (vector, gate) in GATES.iter().skip(FIRST).enumerate() {
        let entry = (&raw const interrupt_entries).addr() as u64 + 16 * vector as u64;
        let low = entry & 0xffff | 8 << 16 | 0x8e << 40 | (entry >> 16 & 0xffff) << 48;
        gate[0].store(low, Ordering::Relaxed);
        gate[1].store(entry >> 32, Ordering::Relaxed);
    }
    let table = Table { limit: size_of_val(&GATES) as u16 - 1, base: &GATES };
    // The old interrupt controllers stay silent.
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
    APIC.store(0xf0, 0x100 | (FIRST + VECTORS) as u32); // on, and the vector of what is gone
    // SAFETY: the gates lead to code that saves what it changes; they stay where they are.
    unsafe { asm!("lidt [{}]", "sti", in(reg) &raw const table, options(nostack)) };
    let address = MESSAGES | (APIC.load(0x20) >> 24) << 12;
    // SAFETY: this processor's APIC, and vectors that have gates.
    let message = |vector| unsafe { MsixMessage::new(address.into(), (FIRST + vector) as u32) };
    Some(core::array::from_fn(message))
}

/// Tells whether a vector has interrupted since it was last asked.
pub fn interrupted_by(vector: usize) -> bool {
    TAKEN.get(vector).is_some_and(|taken| taken.swap(false, Ordering::Acquire))
}
