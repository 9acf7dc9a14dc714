//! The 82575's default pool can't be chosen.

use vmdq::igb::I82575;
use vmdq::{Platform, Pool, Port, Running, Vmdq};

fn choose<P: Platform>(mut port: Port<I82575, P, Vmdq>, pool: Pool<I82575, P, Running>) {
    let _ = port.set_default(&pool);
}

fn main() {}
