//! The 82598's default queue can't be chosen.

use vmdq::bus::Mmio;
use vmdq::ixgbe::I82598;
use vmdq::{Pool, Port, Vmdq};

fn choose(mut port: Port<I82598, Mmio, Vmdq>, pool: Pool<I82598, Mmio>) {
    let _ = port.set_default(&pool);
}

fn main() {}
