//! Resources are handed out once.

use embedded_hal::delay::DelayNs;
use vmdq::bus::Mmio;
use vmdq::igb::I82576;
use vmdq::{Port, Ready};

fn twice(port: Port<I82576, Mmio, Ready>, delay: &mut impl DelayNs) {
    let _first = port.enable(delay);
    let _second = port.enable(delay);
}

fn main() {}
