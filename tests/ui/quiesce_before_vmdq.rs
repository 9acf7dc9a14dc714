//! A port without VMDq moves nothing that could be quiesced.

use vmdq::igb::I82575;
use vmdq::{Platform, Port, Ready};

fn early<P: Platform>(port: Port<I82575, P, Ready>) {
    let _ = port.quiesce();
}

fn main() {}
