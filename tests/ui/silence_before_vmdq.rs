//! A port without VMDq moves nothing that could be silenced.

use embedded_hal::delay::DelayNs;
use vmdq::bus::Mmio;
use vmdq::igb::I82575;
use vmdq::{Port, Ready};

fn early(mut port: Port<I82575, Mmio, Ready>, delay: &mut impl DelayNs) {
    let _ = port.silence(delay);
}

fn main() {}
