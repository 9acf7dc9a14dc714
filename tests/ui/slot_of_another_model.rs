//! A slot belongs to its model.

use vmdq::igb::{I82575, I82576};
use vmdq::{FilterSlot, FilterTable, MacAddress, Platform, Pool, Running};

fn mixed<P: Platform>(
    mut table: FilterTable<I82576, P>,
    slot: FilterSlot<I82575>,
    pool: Pool<I82576, P, Running>,
) {
    let _ = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &pool);
}

fn main() {}
