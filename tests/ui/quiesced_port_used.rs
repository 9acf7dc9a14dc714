//! A quiesced port moves nothing until it is reset.

use vmdq::igb::I82576;
use vmdq::{Accept, Platform, Port, Quiesced, Vmdq};

fn quiesced<P: Platform>(mut port: Port<I82576, P, Quiesced>) {
    let _ = port.set_accept(Accept::all());
}

fn after<P: Platform>(mut port: Port<I82576, P, Vmdq>) {
    let _quiesced = port.quiesce();
    let _ = port.set_accept(Accept::all());
}

fn main() {}
