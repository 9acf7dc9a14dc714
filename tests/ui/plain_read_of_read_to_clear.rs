//! A read that clears is a `take`.

use vmdq::bus::Mmio;
use vmdq::igb::regs::{I82576, Regs};

fn read(bus: &Mmio) {
    let _ = I82576::GPRC.on(bus).get();
}

fn main() {}
