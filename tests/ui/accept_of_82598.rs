//! What the 82598 accepts is fixed while VMDq is on.

use vmdq::ixgbe::I82598;
use vmdq::{Accept, Platform, Port, Vmdq};

fn change<P: Platform>(mut port: Port<I82598, P, Vmdq>) {
    let _ = port.set_accept(Accept::all());
}

fn main() {}
