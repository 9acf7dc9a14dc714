//! A vector is on one core.

use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::{Host, Vector, WaitWith};

fn twice(vector: Vector<I82576, Host<Mmio, Identity, WaitWith>>) {
    let _one = std::thread::spawn(move || vector.unmask());
    let _two = std::thread::spawn(move || vector.mask());
}

fn main() {}
