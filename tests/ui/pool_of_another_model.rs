//! A filter leads to a pool of its own model.

use vmdq::igb::I82576;
use vmdq::ixgbe::I82598;
use vmdq::{FilterSlot, FilterTable, MacAddress, Platform, Pool, Running};

fn mixed<P: Platform>(
    mut table: FilterTable<I82576, P>,
    slot: FilterSlot<I82576>,
    pool: Pool<I82598, P, Running>,
) {
    let _ = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &pool);
}

fn main() {}
