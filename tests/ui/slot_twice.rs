//! A slot is one filter.

use vmdq::bus::Mmio;
use vmdq::igb::I82576;
use vmdq::{FilterSlot, FilterTable, MacAddress, Pool};

fn twice(mut table: FilterTable<I82576, Mmio>, slot: FilterSlot<I82576>, pool: Pool<I82576, Mmio>) {
    let _ = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &pool);
    let _ = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 2]), &pool);
}

fn main() {}
