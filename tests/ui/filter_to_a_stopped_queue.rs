//! A filter leads to a queue that runs.

use vmdq::bus::Mmio;
use vmdq::igb::I82575;
use vmdq::{FilterSlot, FilterTable, MacAddress, Queue};

fn stopped(mut table: FilterTable<I82575, Mmio>, slot: FilterSlot<I82575>, queue: Queue<I82575, Mmio>) {
    let _ = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &queue);
}

fn main() {}
