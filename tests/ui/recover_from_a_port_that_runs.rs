//! Memory is recovered from a port whose DMA has ended.

use vmdq::igb::I82576;
use vmdq::{Platform, Port, Started, Vmdq};

fn running<P: Platform>(port: &Port<I82576, P, Vmdq>, started: Started<I82576, P>) {
    let _ = started.recover(port, drop);
}

fn main() {}
