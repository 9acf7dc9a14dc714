//! VMDq goes off when every pool is stopped.

use vmdq::igb::I82575;
use vmdq::{Platform, Port, Started, Vmdq};

fn running<P: Platform>(port: Port<I82575, P, Vmdq>, started: Started<I82575, P>) {
    let mut parts = port.parts();
    let _ = parts.put(started.pool);
}

fn main() {}
