//! A register token reaches a device through an `Io` alone.

use vmdq::bus::Mmio;
use vmdq::igb::regs::{I82576, Regs};

fn reach(bus: &Mmio) {
    I82576::CTRL.on(bus).set(0);
}

fn main() {}
