//! Controllers on the PCI bus: on a strict model of configuration space, and on QEMU's `igb`.

#[path = "../common/mod.rs"]
mod common;

mod bars;
mod capabilities;
mod qemu;
mod scan;
mod space;
mod states;

use space::{Machine, Model};
use vmdq::pci::Function;
use vmdq::pci::pci_types::PciAddress;

/// PCI id of an 82576.
const I82576: u32 = 0x10c9_8086;

/// Where the function of most tests is.
fn place() -> PciAddress {
    PciAddress::new(0, 0, 4, 0)
}

/// One function on a machine.
fn function(model: Model) -> (Machine, Function<Machine>) {
    let machine = Machine::of([(place(), model)]);
    // SAFETY: a model without memory.
    let function = unsafe { Function::at(machine.clone(), place()) }.expect("a controller");
    (machine, function)
}
