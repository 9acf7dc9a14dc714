//! A register that hands memory to the device is written by `unsafe` alone.

use vmdq::bus::Mmio;
use vmdq::igb::regs::{I82576, Regs};

fn give(bus: &Mmio) {
    I82576::RDBAL.at(0).on(bus).give(0x1000);
}

fn main() {}
