//! VMDq is turned on after the port was reset and configured.

use vmdq::igb::I82576;
use vmdq::{Platform, Port, Reset};

fn early<P: Platform>(port: Port<I82576, P, Reset>) {
    let _ = port.enable();
}

fn main() {}
