//! What is accepted beyond filters is set while VMDq is on.

use vmdq::bus::Mmio;
use vmdq::igb::I82576;
use vmdq::{Accept, Port, Ready};

fn early(mut port: Port<I82576, Mmio, Ready>) {
    port.set_accept(Accept::all());
}

fn main() {}
