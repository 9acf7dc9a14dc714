//! The list of capabilities, which may be anything, and that of MSI-X.

use vmdq::pci::{BarOffset, MsixState, NoMsix, ResetError};

use crate::space::{EXPRESS, MSIX, Model, POWER};
use crate::{I82576, function, place};

#[test]
fn the_table_of_vectors_is_where_the_capability_says() {
    let (machine, mut nic) = function(Model::endpoint(I82576).with(0x1c, 0xe010_0000));
    let msix = nic.msix().unwrap();
    assert_eq!((msix.entries, msix.table.bar, msix.table.offset), (10, 3, 0));
    assert_eq!((msix.pending.bar, msix.pending.offset), (3, 0x2000));
    let bar = nic.bar(3).unwrap();
    assert_eq!(msix.table_in(&bar), Some(0xe010_0000));
    assert_eq!(msix.table_in(&nic.bar(0).unwrap()), None, "another register");
    machine.change(place(), |model| model.words.extend([(0x1c, 0)]));
    assert_eq!(msix.table_in(&nic.bar(3).unwrap()), None, "no address");
}

#[test]
fn a_table_that_does_not_fit_is_nowhere() {
    // 2048 vectors are 32 KiB, and the register has 16.
    for (control, table, fits) in [
        (0x0009, 0x3f60 | 3, true),
        (0x0009, 0x3f68 | 3, false),
        (0x03ff, 3, true),
        (0x0400, 3, false),
        (0x07ff, 0xffff_fff8 | 3, false),
    ] {
        let header = control << 16 | u32::from(EXPRESS) << 8 | 0x11;
        let model = Model::endpoint(I82576).with(0x1c, 0xe010_0000).with(MSIX, header).with(MSIX + 4, table);
        let (_, mut nic) = function(model);
        let (msix, bar) = (nic.msix().unwrap(), nic.bar(3).unwrap());
        assert_eq!(u32::from(msix.entries), control + 1);
        let BarOffset { bar: register, offset, .. } = msix.table;
        assert_eq!(u32::from(register) | offset, table);
        assert_eq!(msix.table_in(&bar), fits.then_some(0xe010_0000 + u64::from(table & !7)), "{table:#x}");
    }
}

#[test]
fn messages_are_turned_on_and_off() {
    let (machine, mut nic) = function(Model::endpoint(I82576));
    assert_eq!(nic.msix_state(), MsixState::Off);
    for (state, bits) in [(MsixState::Masked, 3), (MsixState::On, 2), (MsixState::Off, 0)] {
        nic.set_msix(state).unwrap();
        assert_eq!((nic.msix_state(), machine.peek(place(), MSIX) >> 30), (state, bits));
    }
    assert_eq!(machine.peek(place(), MSIX) & 0x3fff_ffff, 0x0009_0011 | u32::from(EXPRESS) << 8);
    assert_eq!(machine.violations(), [] as [String; 0]);
    machine.pull(place());
    assert_eq!((nic.msix(), nic.set_msix(MsixState::On)), (None, Err(NoMsix)));
}

#[test]
fn a_list_that_lies_ends() {
    let msix = |model: Model| function(model).1.msix();
    let nic = || Model::endpoint(I82576);
    // No list; a circle of one, of two, and one that leads into the header.
    assert_eq!(msix(nic().with(0x04, 0)), None);
    assert_eq!(msix(nic().with(POWER, 0x0003_4001)), None);
    assert_eq!(msix(nic().with(POWER, 0x0003_5001).with(0x50, 0x0000_4009)), None);
    assert_eq!(msix(nic().with(POWER, 0x0003_0401)), None);
    assert_eq!(msix(nic().with(0x34, 0)), None);
    // Two bits of a pointer are reserved.
    assert!(msix(nic().with(0x34, u32::from(POWER) | 3)).is_some());
    // One that ends outside the space is none: what would be read is the header.
    let at_the_end = |at: u16, header| nic().with(0x34, at.into()).with(at, header);
    assert!(msix(at_the_end(0xf4, 0x0009_0011)).is_some());
    assert_eq!(msix(at_the_end(0xf8, 0x0009_0011)), None);
    assert_eq!(msix(at_the_end(0xfc, 0x0009_0011)), None);
    let (machine, mut nic) = function(at_the_end(0xf0, 0x0002_0010));
    assert_eq!(nic.reset(machine.wait()), Err(ResetError::NoReset));
    assert_eq!((machine.take_writes(), machine.violations()), (vec![], vec![]));
    assert!(machine.reads() < 1000);
}
