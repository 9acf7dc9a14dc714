//! Interrupts are routed while VMDq is on.

use vmdq::bus::Mmio;
use vmdq::ixgbe::I82598;
use vmdq::{Pool, Port, Ready, Vector};

fn early(mut port: Port<I82598, Mmio, Ready>, mut vector: Vector<I82598, Mmio>, pool: Pool<I82598, Mmio>) {
    let _ = port.route(&mut vector, &pool);
    let _ = port.route_others(&mut vector);
}

fn main() {}
