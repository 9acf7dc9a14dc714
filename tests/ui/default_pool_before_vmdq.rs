//! A default pool is chosen while VMDq is on.

use vmdq::igb::I82576;
use vmdq::{Platform, Pool, Port, Ready, Running};

fn early<P: Platform>(mut port: Port<I82576, P, Ready>, pool: Pool<I82576, P, Running>) {
    let _ = port.set_default(&pool);
}

fn main() {}
