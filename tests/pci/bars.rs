//! Sizes and addresses of base address registers.

use vmdq::pci::{BarError, Function, MemoryWindow, NotAssigned};

use crate::space::{DECODED, Machine, Model};
use crate::{I82576, function, place};

/// The 82576 as firmware leaves it: addresses, everything on, and errors in the status.
fn assigned() -> Model {
    let model = Model::endpoint(I82576).with(0x10, 0xe000_0000).with(0x1c, 0xe010_0000);
    model.with(0x18, 0xc000).with(0x04, 0xf910_0107)
}

fn registers(machine: &Machine) -> Vec<u32> {
    (0x04..0x28).step_by(4).map(|offset| machine.peek(place(), offset)).collect()
}

#[test]
fn sizing_changes_nothing() {
    let (machine, mut function) = function(assigned());
    let before = registers(&machine);
    let bar = function.bar(0).unwrap();
    assert_eq!((bar.index, bar.address, bar.size, bar.wide), (0, 0xe000_0000, 0x2_0000, false));
    assert!(bar.is_assigned());
    let table = function.bar(3).unwrap();
    assert_eq!((table.index, table.address, table.size), (3, 0xe010_0000, 0x4000));
    assert_eq!((registers(&machine), machine.violations()), (before, vec![]), "status bits stay, too");
    // Decoding off, ones, back, decoding on: of two registers.
    assert_eq!(machine.take_writes().len(), 8);
}

#[test]
fn a_register_of_64_bits_is_two() {
    let model = |low, high| assigned().wide(low, high).with(0x14, 0x12);
    for (low, high, size) in [
        (0xfffe_0000, u32::MAX, 0x2_0000),
        (0, u32::MAX, 1 << 32),
        (0, 0xffff_fff0, 16 << 32),
        // Fewer bits than there could be.
        (0xfffe_0000, 0xff, 0x2_0000),
    ] {
        let (machine, mut function) = function(model(low, high));
        let before = registers(&machine);
        let bar = function.bar(0).unwrap();
        let address = u64::from(0x12 & high) << 32 | u64::from(0xe000_0000 & low);
        assert_eq!((bar.address, bar.size, bar.wide), (address, size, true), "{low:#x} {high:#x}");
        assert_eq!(function.bar(1), Err(BarError::SecondHalf));
        assert_eq!(function.bar(3).unwrap().size, 0x4000);
        assert_eq!((registers(&machine), machine.violations()), (before, vec![]));
    }
}

#[test]
fn what_is_no_memory_is_refused() {
    let (machine, mut nic) = function(assigned());
    assert_eq!(nic.bar(2), Err(BarError::IoSpace));
    for absent in [1, 4, 5, 6, 255] {
        assert_eq!(nic.bar(absent), Err(BarError::Absent), "{absent}");
    }
    assert_eq!(machine.violations(), [] as [String; 0]);
    let mut broken = assigned();
    // Below 1 MiB, a reserved kind, and 64 bits without a second register.
    (broken.bars[0].1, broken.bars[1].1, broken.bars[5]) = (0x2, 0x6, (0xffff_0000, 0x4));
    let (machine, mut nic) = function(broken);
    for malformed in [0, 1, 5] {
        assert_eq!(nic.bar(malformed), Err(BarError::Malformed), "{malformed}");
    }
    assert_eq!((machine.take_writes(), machine.violations()), (vec![], vec![]));
    machine.pull(place());
    assert_eq!(nic.bar(0), Err(BarError::Absent), "it is gone");
    assert_eq!(machine.take_writes(), []);
    for error in [BarError::Absent, BarError::IoSpace] {
        assert!(error.to_string().contains("use 0"), "{error}");
    }
}

/// A window for a test.
fn window(base: u64, bytes: u64) -> MemoryWindow {
    // SAFETY: the bus is a model.
    unsafe { MemoryWindow::new(base, bytes) }
}

#[test]
fn addresses_are_assigned_where_there_are_none() {
    let (machine, mut nic) = function(Model::endpoint(I82576));
    assert!(!nic.bar(0).unwrap().is_assigned());
    let mut window = window(0x4000_1000, 0x10_0000);
    let table = nic.assign(3, &mut window).unwrap();
    let bar = nic.assign(0, &mut window).unwrap();
    // Each is aligned to its size.
    assert_eq!((table.address, bar.address), (0x4000_4000, 0x4002_0000));
    assert_eq!((nic.bar(0), nic.bar(3)), (Ok(bar), Ok(table)));
    assert_eq!(machine.peek(place(), 0x04) & DECODED, 0, "decoding stays off");
    assert_eq!(machine.violations(), [] as [String; 0]);
    // Moving one that is decoded is no violation either, and decoding stays on.
    nic.enable().unwrap();
    assert_eq!(nic.assign(0, &mut window).unwrap().address, 0x4004_0000);
    assert_eq!(machine.peek(place(), 0x04) & DECODED, 2);
    assert_eq!(machine.violations(), [] as [String; 0]);
}

#[test]
fn an_address_above_4_gib_is_for_64_bits() {
    let above = || window(0x40_0000_0000, 0x10_0000);
    let (machine, mut nic) = function(Model::endpoint(I82576));
    machine.take_writes();
    assert_eq!(nic.assign(0, &mut above()), Err(NotAssigned::Above4GiB));
    assert_eq!(nic.bar(0).unwrap().address, 0);
    let (machine, mut nic) = function(Model::endpoint(I82576).wide(0xfffe_0000, u32::MAX));
    assert_eq!(nic.assign(0, &mut above()).unwrap().address, 0x40_0000_0000);
    assert_eq!((machine.peek(place(), 0x10), machine.peek(place(), 0x14)), (0x4, 0x40));
    // The last range below 4 GiB is one.
    let (_, mut nic) = function(Model::endpoint(I82576));
    assert_eq!(nic.assign(0, &mut window(0xfffe_0000, 0x2_0000)).unwrap().address, 0xfffe_0000);
}

#[test]
fn a_window_gives_no_more_than_it_has() {
    let assign = |nic: &mut Function<Machine>, base, bytes| nic.assign(0, &mut window(base, bytes));
    let (machine, mut nic) = function(assigned());
    let before = registers(&machine);
    for (base, bytes) in
        [(0x4000_0000, 0x1_ffff), (0x4000_0001, 0x2_0000), (0, 0x2_0000), (u64::MAX, 1 << 40)]
    {
        assert_eq!(assign(&mut nic, base, bytes), Err(NotAssigned::WindowFull), "{base:#x} {bytes:#x}");
    }
    assert_eq!(registers(&machine), before);
    // Address 0 reads as none, so that it is none.
    assert_eq!(assign(&mut nic, 0, 0x4_0000).unwrap().address, 0x2_0000);
    machine.change(place(), |model| model.holds = false);
    assert_eq!(assign(&mut nic, 0x4000_0000, 0x10_0000), Err(NotAssigned::NotHeld));
    assert_eq!(nic.assign(2, &mut window(0, 1 << 30)), Err(NotAssigned::Bar(BarError::IoSpace)));
    assert_eq!(machine.violations(), [] as [String; 0]);
}
