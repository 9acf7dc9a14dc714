//! Which functions are found, and whether each is driven.

use vmdq::pci::pci_types::PciAddress;
use vmdq::pci::{Function, WhyNotDriven, controllers};
use vmdq::{INTEL, ModelName, PCI_IDS};

use crate::I82576;
use crate::space::{Machine, Model};

fn at(bus: u8, device: u8, function: u8) -> PciAddress {
    PciAddress::new(0, bus, device, function)
}

/// Finds the controllers on buses of a machine.
fn found(machine: &Machine, buses: std::ops::RangeInclusive<u8>) -> Vec<PciAddress> {
    // SAFETY: a model without memory.
    unsafe { controllers(machine, 0, buses) }.map(|function| function.address()).collect()
}

/// The same with more functions said.
fn of_several(model: Model) -> Model {
    model.with(0x0c, 0x0080_0000)
}

#[test]
fn controllers_are_found_once_on_the_buses_that_are_named() {
    let nic = || Model::endpoint(I82576);
    let machine = Machine::of([
        (at(0, 0, 0), Model::endpoint(0x29c0_8086)),
        (at(0, 4, 0), of_several(nic())),
        (at(0, 4, 1), nic()),
        (at(0, 4, 7), nic()),
        // Function 0 does not say that there are more.
        (at(0, 5, 0), nic()),
        (at(0, 5, 1), nic()),
        // Without a function 0 there is no device.
        (at(0, 6, 1), nic()),
        (at(1, 31, 0), nic()),
        (at(2, 0, 0), nic()),
        // Another vendor, a virtual function, a bridge with a controller's id.
        (at(1, 0, 0), Model::endpoint(0x10c9_1af4)),
        (at(1, 1, 0), Model::endpoint(0x10ca_8086)),
        (at(1, 2, 0), nic().with(0x0c, 0x0001_0000)),
    ]);
    let bus0 = [at(0, 4, 0), at(0, 4, 1), at(0, 4, 7), at(0, 5, 0)];
    assert_eq!(found(&machine, 0..=0), bus0);
    assert_eq!(found(&machine, 1..=2), [at(1, 31, 0), at(2, 0, 0)]);
    assert_eq!(found(&machine, 0..=255).len(), 6);
    assert_eq!(found(&machine, 3..=255), []);
    #[expect(clippy::reversed_empty_ranges, reason = "no bus at all")]
    let none = 1..=0;
    assert_eq!(found(&machine, none), []);
    assert_eq!((machine.take_writes(), machine.violations()), (vec![], vec![]));
}

#[test]
fn a_search_that_has_ended_stays_ended() {
    let machine = Machine::of([(at(0, 31, 0), Model::endpoint(I82576))]);
    // SAFETY: a model without memory.
    let mut found = unsafe { controllers(&machine, 0, 0..=0) };
    assert_eq!(found.next().map(|function| function.address()), Some(at(0, 31, 0)));
    assert!((0..1000).all(|_| found.next().is_none()));
}

#[test]
fn a_segment_is_that_of_the_search() {
    let there = PciAddress::new(3, 1, 2, 0);
    let machine = Machine::of([(there, Model::endpoint(I82576))]);
    assert_eq!(found(&machine, 0..=255), []);
    // SAFETY: a model without memory.
    let function = unsafe { controllers(&machine, 3, 0..=255) }.next().expect("a controller");
    assert_eq!(function.address(), there);
}

#[test]
fn each_product_says_whether_it_is_driven() {
    let (mut driven, mut model, mut link) = (0, 0, 0);
    for product in &PCI_IDS {
        let id = u32::from(product.device) << 16 | u32::from(INTEL);
        let machine = Machine::of([(at(0, 1, 0), Model::endpoint(id))]);
        // SAFETY: a model without memory.
        let function = unsafe { Function::at(&machine, at(0, 1, 0)) }.expect("a controller");
        assert_eq!((function.product(), function.name()), (product, product.model));
        match function.model() {
            Ok(any) => {
                driven += 1;
                assert_eq!(any.name(), product.model);
            }
            Err(error @ WhyNotDriven::NoDriver(name)) => {
                model += 1;
                assert!(name == product.model && !name.is_driven());
                assert!(error.to_string().contains("not driven yet: use"), "{error}");
            }
            Err(error) => {
                link += 1;
                assert!(product.model.is_driven() && error.to_string().contains(product.name), "{error}");
            }
        }
    }
    // SerDes of igb; external PHYs and SFP+ of the 82598.
    assert_eq!((driven, model, link), (13, 23, 10));
    assert_eq!(driven + model + link, PCI_IDS.len());
    assert!(ModelName::I82576.is_driven());
}
