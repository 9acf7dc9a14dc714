//! A ring of a stopped pool receives nothing.

use vmdq::igb::I82576;
use vmdq::ring::BufferPool;
use vmdq::{FilterTable, Platform, Started};

fn stopped<P: Platform>(
    mut started: Started<I82576, P>,
    table: FilterTable<I82576, P>,
    buffers: &mut BufferPool,
) {
    let _ = started.stop(&table, drop);
    started.rx.refill(buffers);
}

fn main() {}
