//! The filter table comes with VMDq.

use vmdq::bus::Mmio;
use vmdq::igb::I82576;
use vmdq::{FilterSlot, MacAddress, Pool, Port, Ready};

fn early(port: Port<I82576, Mmio, Ready>, slot: FilterSlot<I82576>, pool: Pool<I82576, Mmio>) {
    let _ = port.table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &pool);
}

fn main() {}
