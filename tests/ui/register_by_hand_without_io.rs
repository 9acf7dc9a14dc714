//! A register token that a program makes reaches no device either.

use vmdq::bus::Mmio;
use vmdq::reg::{Reg, Rw};

fn reach(bus: &Mmio) {
    Reg::<(), Rw>::new(0x2800).on(bus).set(0x1000);
}

fn main() {}
