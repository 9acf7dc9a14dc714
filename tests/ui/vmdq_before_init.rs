//! VMDq is turned on after the port was reset and configured.

use embedded_hal::delay::DelayNs;
use vmdq::bus::Mmio;
use vmdq::igb::I82576;
use vmdq::{Port, Reset};

fn early(port: Port<I82576, Mmio, Reset>, delay: &mut impl DelayNs) {
    let _ = port.enable(delay);
}

fn main() {}
