//! Memory is released after the clock has waited: a machine is made by `unsafe` alone.

use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::{Host, WaitWith};

fn machine(bus: Mmio, dma: Identity) {
    let _ = Host::new(bus, dma, WaitWith(|_| {}));
}

fn main() {}
