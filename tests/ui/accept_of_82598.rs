//! What the 82598 accepts is fixed while queues run.

use vmdq::bus::Mmio;
use vmdq::ixgbe::I82598;
use vmdq::{Accept, Port, Vmdq};

fn change(mut port: Port<I82598, Mmio, Vmdq>) {
    port.set_accept(Accept::all());
}

fn main() {}
