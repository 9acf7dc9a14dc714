//! A slot is one filter.

use vmdq::igb::I82576;
use vmdq::{FilterSlot, FilterTable, MacAddress, Platform, Pool, Running};

fn twice<P: Platform>(
    mut table: FilterTable<I82576, P>,
    slot: FilterSlot<I82576>,
    pool: Pool<I82576, P, Running>,
) {
    let _ = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &pool);
    let _ = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 2]), &pool);
}

fn main() {}
