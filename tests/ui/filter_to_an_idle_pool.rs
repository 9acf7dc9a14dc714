//! A filter leads to a pool that runs.

use vmdq::igb::I82575;
use vmdq::{FilterSlot, FilterTable, Idle, MacAddress, Platform, Pool};

fn idle<P: Platform>(
    mut table: FilterTable<I82575, P>,
    slot: FilterSlot<I82575>,
    pool: Pool<I82575, P, Idle>,
) {
    let _ = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &pool);
}

fn main() {}
