//! Only models of the family crates are controllers.

use vmdq::bus::Mmio;
use vmdq::{Port, Reset};

fn number(bus: Mmio) {
    let _ = unsafe { Port::<u32, Mmio, Reset>::new(bus) };
}

fn main() {}
