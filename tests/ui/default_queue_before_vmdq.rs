//! A default queue is chosen while VMDq is on.

use vmdq::bus::Mmio;
use vmdq::igb::I82576;
use vmdq::{Pool, Port, Ready};

fn early(mut port: Port<I82576, Mmio, Ready>, pool: Pool<I82576, Mmio>) {
    let _ = port.set_default(&pool);
}

fn main() {}
