//! Interrupts are routed while VMDq is on.

use vmdq::ixgbe::I82598;
use vmdq::{Platform, Pool, Port, Ready, Running, Vector};

fn early<P: Platform>(
    mut port: Port<I82598, P, Ready>,
    mut vector: Vector<I82598, P>,
    pool: Pool<I82598, P, Running>,
) {
    let _ = port.route(&mut vector, &pool);
    let _ = port.route_others(&mut vector);
}

fn main() {}
