//! The bus wrappers, and what every handle of a model shares.

mod common;

use vmdq_hal::bus::{Bus, Offset};
use vmdq_sim::{Cut, Sim, Testbed, Traced};

const RAL1: Offset = Offset::new(0x5408);
const RAL2: Offset = Offset::new(0x5410);

#[test]
fn a_traced_bus_counts_for_all_its_clones() {
    let bus = Traced::new(Sim::i82575().bus());
    let other = bus.clone();
    // SAFETY: none: a model or QEMU stands between the controller and memory.
    unsafe { bus.write32(RAL1, 7) };
    // SAFETY: none: a model stands between the controller and memory.
    unsafe { other.write32(RAL1, 8) };
    // SAFETY: none: a model stands between the controller and memory.
    unsafe { other.write32(RAL2, 8) };
    assert_eq!(bus.read32(RAL1), 8);
    assert_eq!((bus.reads(), bus.writes(), bus.writes_at(0x5408), bus.reads_at(0x5408)), (1, 3, 2, 1));
    other.reset_counts();
    assert_eq!((bus.reads(), bus.writes(), bus.writes_at(0x5408)), (0, 0, 0));
}

#[test]
fn a_cut_bus_loses_what_comes_later() {
    let bus = Cut::new(Sim::i82575().bus());
    // SAFETY: none: a model or QEMU stands between the controller and memory.
    unsafe { bus.write32(RAL1, 1) };
    bus.after(1);
    // SAFETY: none: a model stands between the controller and memory.
    unsafe { bus.clone().write32(RAL1, 2) };
    // SAFETY: none: a model or QEMU stands between the controller and memory.
    unsafe { bus.write32(RAL2, 2) };
    assert_eq!((bus.read32(RAL1), bus.read32(RAL2), bus.lost()), (2, 0, 1));
    bus.mend();
    // SAFETY: none: a model or QEMU stands between the controller and memory.
    unsafe { bus.write32(RAL2, 3) };
    assert_eq!((bus.read32(RAL2), bus.lost()), (3, 0));
}

#[test]
fn handles_name_their_controller_and_cross_threads() {
    let (one, two) = (Sim::i82576(), Sim::i82576());
    assert_eq!(one.bus().id(), one.bus().clone().id());
    assert_ne!(one.bus().id(), two.bus().id());
    assert_eq!(Traced::new(Cut::new(one.bus())).id(), one.bus().id());
    let (bus, dma) = (Traced::new(one.bus()), one.dma());
    std::thread::spawn(move || {
        // SAFETY: none: a model or QEMU stands between the controller and memory.
        unsafe { bus.write32(RAL1, 5) };
        drop(dma);
    })
    .join()
    .unwrap();
    assert_eq!(one.bus().read32(RAL1), 5);
}
