//! The 82575's default queue can't be chosen.

use vmdq::bus::Mmio;
use vmdq::igb::I82575;
use vmdq::{Pool, Port, Vmdq};

fn choose(mut port: Port<I82575, Mmio, Vmdq>, pool: Pool<I82575, Mmio>) {
    let _ = port.set_default(&pool);
}

fn main() {}
