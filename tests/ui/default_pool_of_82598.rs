//! The 82598's default pool can't be chosen.

use vmdq::ixgbe::I82598;
use vmdq::{Platform, Pool, Port, Running, Vmdq};

fn choose<P: Platform>(mut port: Port<I82598, P, Vmdq>, pool: Pool<I82598, P, Running>) {
    let _ = port.set_default(&pool);
}

fn main() {}
