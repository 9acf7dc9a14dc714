//! Resources are handed out once.

use vmdq::igb::I82576;
use vmdq::{Platform, Port, Ready};

fn twice<P: Platform>(port: Port<I82576, P, Ready>) {
    let _first = port.enable();
    let _second = port.enable();
}

fn main() {}
