//! What happens without a machine.

use std::path::Path;

use vmdq_hal::bus::{Bus, Offset};
use vmdq_sim::{Qemu, QemuError, Testbed};

use crate::driver::{reg, start};

#[test]
fn registers_read_all_ones_once_qemu_is_gone() {
    let Some(bed) = start() else { return };
    let bus = bed.bus();
    assert_eq!(bus.read32(Offset::new(reg::STATUS)) & 1 << 19, 1 << 19);
    assert_eq!(bed.failure(), None);
    drop(bed);
    assert_eq!(bus.read32(Offset::new(reg::STATUS)), u32::MAX);
    // SAFETY: none: a model or QEMU stands between the controller and memory.
    unsafe { bus.write32(Offset::new(reg::CTRL), 0) };
}

#[test]
fn two_machines_are_told_apart() {
    let (Some(a), Some(b)) = (start(), start()) else { return };
    assert_eq!(a.bus().id(), a.bus().id());
    assert_ne!(a.bus().id(), b.bus().id());
}

#[test]
fn a_program_that_is_no_qemu_is_refused() {
    // This very program: it does not understand QEMU's options, says so, and ends.
    let program = std::env::current_exe().unwrap();
    let error = Qemu::with_program(&program, 16 << 20).unwrap_err();
    let QemuError::Unfit { why, stderr, .. } = &error else { panic!("{error}") };
    assert!(why.contains("ended") && !stderr.is_empty(), "{error}");
}

#[test]
fn memory_of_a_wrong_size_is_refused() {
    for bytes in [0, 1 << 20, (2 << 20) + 1, 3 << 30] {
        let refused = Qemu::with_program(Path::new("unused"), bytes);
        assert!(matches!(refused, Err(QemuError::RamSize(size)) if size == bytes));
    }
}
