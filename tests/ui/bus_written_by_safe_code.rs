//! Registers name memory: nobody writes them without `unsafe`.

use vmdq::bus::{Bus, Mmio, Offset};

fn write(bus: &Mmio) {
    bus.write32(Offset::new(0x2800), 0x1000);
}

fn main() {}
