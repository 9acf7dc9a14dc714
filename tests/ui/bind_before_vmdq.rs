//! The filter table comes with VMDq.

use vmdq::igb::I82576;
use vmdq::{FilterSlot, MacAddress, Platform, Pool, Port, Ready, Running};

fn early<P: Platform>(
    port: Port<I82576, P, Ready>,
    slot: FilterSlot<I82576>,
    pool: Pool<I82576, P, Running>,
) {
    let _ = port.table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &pool);
}

fn main() {}
