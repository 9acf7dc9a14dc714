//! A silenced port does nothing as long as the proof is needed.

use embedded_hal::delay::DelayNs;
use vmdq::bus::Mmio;
use vmdq::igb::I82576;
use vmdq::{Accept, Port, Vmdq};

fn silent(mut port: Port<I82576, Mmio, Vmdq>, delay: &mut impl DelayNs) {
    let silence = port.silence(delay);
    port.set_accept(Accept::all());
    drop(silence);
}

fn main() {}
