//! A filter leads to a queue of its own model.

use vmdq::bus::Mmio;
use vmdq::igb::I82576;
use vmdq::ixgbe::I82598;
use vmdq::{FilterSlot, FilterTable, MacAddress, Pool};

fn mixed(mut table: FilterTable<I82576, Mmio>, slot: FilterSlot<I82576>, pool: Pool<I82598, Mmio>) {
    let _ = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &pool);
}

fn main() {}
