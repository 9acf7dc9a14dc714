//! A slot belongs to its model.

use vmdq::bus::Mmio;
use vmdq::igb::{I82575, I82576};
use vmdq::{FilterSlot, FilterTable, MacAddress, Pool};

fn mixed(mut table: FilterTable<I82576, Mmio>, slot: FilterSlot<I82575>, pool: Pool<I82576, Mmio>) {
    let _ = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &pool);
}

fn main() {}
