//! Command, power state and function-level reset.

use vmdq::pci::pci_types::CommandRegister;
use vmdq::pci::{Function, MsixState, NotAwake, NotEnabled, ResetError};

use crate::space::{
    BUS_MASTER, CONTROL_RESET, DEVICE_STATUS, EXPRESS, MEMORY, MSIX, Machine, Model, PENDING, PME_STATUS,
    POWER, STATUS,
};
use crate::{I82576, function, place};

/// A controller with addresses, settings of its bus, and errors in each status.
fn in_use() -> Model {
    Model::endpoint(I82576)
        .with(0x04, STATUS | 0x0010_0107)
        .with(0x0c, 0x10)
        .with(0x10, 0xe000_0000)
        .with(0x1c, 0xe010_0000)
        .with(0x3c, 0x10b)
        .with(POWER + 4, PME_STATUS | 0x100)
        .with(EXPRESS + 0x08, DEVICE_STATUS | 0x503f)
        .with(EXPRESS + 0x10, 0x5041_0003)
        .with(EXPRESS + 0x28, 0x6)
}

/// What a reset forgets and what is restored after it.
fn settings(machine: &Machine) -> Vec<u32> {
    let registers = [0x0c, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x3c];
    let halves = [EXPRESS + 0x08, EXPRESS + 0x10, EXPRESS + 0x28];
    let registers = registers.into_iter().map(|offset| machine.peek(place(), offset));
    registers.chain(halves.into_iter().map(|offset| machine.peek(place(), offset) & 0xffff)).collect()
}

#[test]
fn enabling_turns_memory_and_bus_mastering_on_and_nothing_else() {
    let (machine, mut nic) = function(Model::endpoint(I82576).with(0x04, STATUS | 0x0010_0400));
    nic.enable().unwrap();
    // Neither interrupts by pin nor a status bit changed.
    assert_eq!(machine.peek(place(), 0x04), STATUS | 0x0010_0406);
    assert!(nic.command().contains(CommandRegister::BUS_MASTER_ENABLE | CommandRegister::MEMORY_ENABLE));
    nic.disable_bus_master();
    assert_eq!(machine.peek(place(), 0x04), STATUS | 0x0010_0402);
    assert_eq!(machine.violations(), [] as [String; 0]);
}

#[test]
fn enabling_is_seen() {
    let (machine, mut nic) = function(Model::endpoint(I82576));
    machine.pull(place());
    assert_eq!(nic.enable(), Err(NotEnabled), "it is gone");
    // In D3hot it takes no command.
    let (_, mut nic) = function(Model::endpoint(I82576).with(POWER + 4, 3));
    assert_eq!(nic.enable(), Err(NotEnabled));
    assert!(NotEnabled.to_string().contains("D0"));
}

#[test]
fn refused_requests_are_told_once() {
    for (status, told) in [(0, false), (1 << 29, true), (1 << 28, true), (0xc900_0000, false)] {
        let others = 0xc900_0000 & status;
        let (machine, mut nic) = function(Model::endpoint(I82576).with(0x04, status | 0x0010_0406));
        assert_eq!(nic.take_aborts(), told, "{status:#x}");
        assert!(!nic.take_aborts());
        assert_eq!(machine.peek(place(), 0x04), others | 0x0010_0406);
    }
}

#[test]
fn a_function_in_d0_is_left_alone() {
    let (machine, mut nic) = function(in_use());
    nic.wake(machine.wait()).unwrap();
    assert_eq!((machine.take_writes(), machine.now()), (vec![], 0));
    // One without power management is always awake.
    let (machine, mut nic) = function(in_use().with(0x34, u32::from(MSIX)));
    nic.wake(machine.wait()).unwrap();
    assert_eq!((machine.take_writes(), machine.now()), (vec![], 0));
}

#[test]
fn waking_takes_10_ms_and_keeps_addresses() {
    for forgets in [true, false] {
        let mut model = in_use().with(POWER + 4, PME_STATUS | 0x103).with(0x04, STATUS | 0x0010_0102);
        model.forgets = forgets;
        let (machine, mut nic) = function(model);
        let before = settings(&machine);
        nic.wake(machine.wait()).unwrap();
        assert_eq!(machine.peek(place(), POWER + 4) & 3, 0);
        assert!(machine.now() >= 10_000);
        assert_eq!(settings(&machine), before);
        assert_eq!(machine.peek(place(), 0x04) & 0xffff, 0x0102);
        assert_eq!(machine.violations(), [] as [String; 0]);
        if !forgets {
            assert_eq!(machine.peek(place(), POWER + 4) & PME_STATUS, PME_STATUS);
            assert_eq!(machine.peek(place(), 0x04) & STATUS, STATUS);
            assert_eq!(machine.peek(place(), EXPRESS + 0x08) & DEVICE_STATUS, DEVICE_STATUS);
        }
    }
}

#[test]
fn a_function_that_is_gone_is_not_awake() {
    let (machine, mut nic) = function(in_use());
    machine.pull(place());
    assert_eq!(nic.wake(machine.wait()), Err(NotAwake));
}

#[test]
fn a_reset_keeps_addresses_and_turns_everything_off() {
    let mut model = in_use().with(MSIX, 0x8009_0011 | u32::from(EXPRESS) << 8);
    model.pending = 3;
    model.silence = 400_000;
    let (machine, mut nic) = function(model);
    let before = settings(&machine);
    assert_ne!(before[8], CONTROL_RESET);
    nic.reset(machine.wait()).unwrap();
    assert!((500_000..600_000).contains(&machine.now()), "{}", machine.now());
    assert_eq!(settings(&machine), before);
    assert_eq!(machine.peek(place(), 0x04) & (MEMORY | BUS_MASTER), 0);
    assert_eq!(nic.msix_state(), MsixState::Off);
    assert_eq!(machine.violations(), [] as [String; 0]);
    nic.enable().unwrap();
}

#[test]
fn a_reset_that_can_t_be_is_refused() {
    // No PCI Express capability, and one without the reset.
    let short = in_use().with(MSIX, 0x0009_0011);
    let without = in_use().with(EXPRESS + 4, 0x2);
    for model in [short, without] {
        let (machine, mut nic) = function(model);
        assert_eq!(nic.reset(machine.wait()), Err(ResetError::NoReset));
        assert_eq!((machine.take_writes(), machine.now()), (vec![], 0));
    }
    let mut stuck = in_use();
    stuck.pending = u32::MAX;
    let (machine, mut nic) = function(stuck);
    assert_eq!(nic.reset(machine.wait()), Err(ResetError::Pending));
    assert_eq!(machine.peek(place(), 0x04) & BUS_MASTER, 0, "it makes no more");
    assert!(machine.now() <= 200_000);
    assert_eq!(machine.violations(), [] as [String; 0]);
    let mut silent = in_use();
    silent.silence = u64::MAX / 2;
    let (machine, mut nic) = function(silent);
    assert_eq!(nic.reset(machine.wait()), Err(ResetError::Silent));
    assert!(machine.now() <= 1_200_000);
}

#[test]
fn a_version_1_has_no_second_device_control() {
    let (machine, mut nic) = function(in_use().with(EXPRESS, 0x0001_0010));
    nic.reset(machine.wait()).unwrap();
    assert!(machine.take_writes().iter().all(|&(offset, _)| offset != EXPRESS + 0x28));
    assert_eq!(machine.violations(), [] as [String; 0]);
}

#[test]
fn pending_requests_are_no_status_to_clear() {
    // The bit is read-only; a driver that writes what it read would clear those below it.
    let (machine, nic) = function(in_use().with(EXPRESS + 0x08, PENDING | DEVICE_STATUS | 0x503f));
    let mut nic: Function<_> = nic;
    assert_eq!(nic.reset(machine.wait()), Err(ResetError::Pending));
    assert_eq!(machine.peek(place(), EXPRESS + 0x08) & DEVICE_STATUS, DEVICE_STATUS);
}
