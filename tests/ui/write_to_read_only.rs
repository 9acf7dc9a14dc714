//! A read-only register is not written.

use vmdq::bus::Mmio;
use vmdq::igb::regs::{I82575, Regs};

fn write(bus: &Mmio) {
    I82575::STATUS.on(bus).set(0);
}

fn main() {}
