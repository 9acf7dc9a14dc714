//! The 82575 has no per-pool registers.

use vmdq::bus::Mmio;
use vmdq::igb::regs::{I82575, PoolRegs};

fn pool(bus: &Mmio) {
    I82575::VMOLR.at(0).on(bus).set(0);
}

fn main() {}
