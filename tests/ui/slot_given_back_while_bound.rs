//! A slot is bound or given back.

use vmdq::igb::I82575;
use vmdq::{FilterSlot, FilterTable, MacAddress, Platform, Pool, Port, Running, Vmdq};

fn bound<P: Platform>(
    port: Port<I82575, P, Vmdq>,
    mut table: FilterTable<I82575, P>,
    slot: FilterSlot<I82575>,
    pool: Pool<I82575, P, Running>,
) {
    let _ = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &pool);
    let _ = port.parts().put(slot);
}

fn main() {}
