//! QEMU's `igb`: configuration space that was written by others.

use std::cell::RefCell;

use embedded_hal::delay::DelayNs;
use vmdq::bus::Bus;
use vmdq::pci::pci_types::{CommandRegister, ConfigRegionAccess, PciAddress};
use vmdq::pci::{BarError, Function, MemoryWindow, MsixState, NotAssigned, controllers};
use vmdq::{Any, Config, Host, InitError, ModelName, Port, Refused};
use vmdq_sim::{Qemu, QemuDelay, Testbed};

use crate::common;

#[derive(Debug)]
struct Ports<'q>(&'q Qemu);

impl ConfigRegionAccess for Ports<'_> {
    unsafe fn read(&self, address: PciAddress, offset: u16) -> u32 {
        self.0.config_read(number(address), offset.try_into().expect("inside the space"))
    }

    unsafe fn write(&self, address: PciAddress, offset: u16, value: u32) {
        self.0.config_write(number(address), offset.try_into().expect("inside the space"), value);
    }
}

fn number(address: PciAddress) -> u16 {
    u16::from(address.bus()) << 8 | u16::from(address.device()) << 3 | u16::from(address.function())
}

/// Runs a test, unless there is no QEMU.
fn on_qemu(test: impl FnOnce(&Qemu, Function<&Ports<'_>>)) {
    let Some(qemu) = common::qemu("configuration space of QEMU") else { return };
    let ports = Ports(&qemu);
    // SAFETY: the machine is the test's, and its controller has no memory yet.
    let found: Vec<_> = unsafe { controllers(&ports, 0, 0..=0) }.collect();
    let [nic] = <[_; 1]>::try_from(found).expect("one controller");
    test(&qemu, nic);
    assert_eq!(qemu.failure(), None);
}

/// Lets the virtual machine's time pass.
fn wait(qemu: &Qemu) -> impl FnMut(u32) {
    let mut delay: QemuDelay = qemu.delay();
    move |micros| delay.delay_us(micros)
}

/// Initialises a port on the controller.
fn init(qemu: &Qemu, model: Any) -> Result<(), InitError> {
    let delay = RefCell::new(qemu.delay());
    let clock = vmdq::SharedDelay(&delay);
    // SAFETY: the map is that of the machine, whose time passes as it is asked to.
    let machine = unsafe { Host::new(qemu.bus(), qemu.dma(), clock) };
    // SAFETY: it is an 82576, and it has only the memory that the machine gives it.
    let port = unsafe { Port::new(model, machine) };
    port.init(&Config::DEFAULT).map(drop).map_err(|Refused { error, .. }| error)
}

#[test]
fn its_layout_is_that_of_an_82576() {
    on_qemu(|_, mut nic| {
        assert_eq!((nic.name(), nic.address()), (ModelName::I82576, PciAddress::new(0, 0, 4, 0)));
        let before = nic.command();
        let registers = nic.bar(0).unwrap();
        assert_eq!((registers.size, registers.is_assigned()), (0x2_0000, true));
        assert_eq!(nic.bar(2), Err(BarError::IoSpace));
        let table = nic.bar(3).unwrap();
        let layout = nic.msix().unwrap();
        assert_eq!((layout.entries, layout.table.bar, layout.table.offset), (10, 3, 0));
        assert_eq!((layout.pending.bar, layout.pending.offset), (3, 0x2000));
        assert_eq!(layout.table_in(&table), Some(table.address));
        assert_eq!(nic.command(), before);
    });
}

#[test]
fn it_sleeps_wakes_and_is_initialised() {
    on_qemu(|qemu, mut nic| {
        let model = nic.model().unwrap();
        nic.wake(wait(qemu)).unwrap();
        nic.set_msix(MsixState::Masked).unwrap();
        assert_eq!(nic.msix_state(), MsixState::Masked);
        nic.set_msix(MsixState::Off).unwrap();
        nic.enable().unwrap();
        assert_eq!(init(qemu, model), Ok(()));
    });
}

#[test]
fn a_reset_keeps_its_address_and_turns_it_off() {
    on_qemu(|qemu, mut nic| {
        let (model, before) = (nic.model().unwrap(), nic.bar(0).unwrap());
        assert_eq!(init(qemu, model), Ok(()));
        nic.set_msix(MsixState::On).unwrap();
        nic.reset(wait(qemu)).unwrap();
        assert_eq!((nic.bar(0), nic.msix_state()), (Ok(before), MsixState::Off));
        // Nobody answers until memory is decoded again.
        assert!(matches!(init(qemu, model), Err(InitError::NotDecoded | InitError::Gone)));
        nic.enable().unwrap();
        assert_eq!(init(qemu, model), Ok(()));
    });
}

#[test]
fn registers_answer_at_the_address_that_they_are_given() {
    on_qemu(|qemu, mut nic| {
        let (model, home) = (nic.model().unwrap(), nic.bar(0).unwrap());
        let status = vmdq::bus::Offset::new(0x8);
        let answers = || ![0, u32::MAX].contains(&qemu.bus().read32(status));
        assert!(answers());
        // SAFETY: nothing else is there.
        let mut window = unsafe { MemoryWindow::new(0xe020_0000, 0x10_0000) };
        assert_eq!(nic.assign(0, &mut window).unwrap().address, 0xe020_0000);
        // The test bed looks at the old place.
        assert!(!answers());
        // SAFETY: it is where the registers were.
        let mut window = unsafe { MemoryWindow::new(home.address, home.size) };
        assert_eq!(nic.assign(0, &mut window), Ok(home));
        assert_eq!(nic.assign(0, &mut window), Err(NotAssigned::WindowFull));
        assert!(answers() && nic.command().contains(CommandRegister::MEMORY_ENABLE));
        assert_eq!(init(qemu, model), Ok(()));
    });
}
