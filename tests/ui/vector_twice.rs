//! A vector is on one core.

use vmdq::Vector;
use vmdq::bus::Mmio;
use vmdq::igb::I82576;

fn twice(vector: Vector<I82576, Mmio>) {
    let _one = std::thread::spawn(move || vector.unmask());
    let _two = std::thread::spawn(move || vector.mask());
}

fn main() {}
