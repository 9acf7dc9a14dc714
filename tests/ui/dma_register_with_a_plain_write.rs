//! A register that hands memory to the device takes no plain values.

use vmdq::bus::Mmio;
use vmdq::ixgbe::regs::{I82598, Regs};

fn set(bus: &Mmio) {
    I82598::TDT.at(0).on(bus).set(1);
}

fn main() {}
