//! What is accepted beyond filters is set while VMDq is on.

use vmdq::igb::I82576;
use vmdq::{Accept, Platform, Port, Ready};

fn early<P: Platform>(mut port: Port<I82576, P, Ready>) {
    let _ = port.set_accept(Accept::all());
}

fn main() {}
