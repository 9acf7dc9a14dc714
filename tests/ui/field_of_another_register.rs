//! A field belongs to its register.

use vmdq::bus::Mmio;
use vmdq::igb::regs::{CTRL, I82576, Regs};

fn mixed(bus: &Mmio) {
    I82576::RCTL.on(bus).modify(CTRL::SLU::SET);
}

fn main() {}
