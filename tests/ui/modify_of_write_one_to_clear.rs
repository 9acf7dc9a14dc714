//! Reading and writing back would clear every bit that was set.

use vmdq::bus::Mmio;
use vmdq::ixgbe::regs::{EICR, I82598, Regs};

fn modify(bus: &Mmio) {
    I82598::EICR.on(bus).modify(EICR::LSC::SET);
}

fn main() {}
