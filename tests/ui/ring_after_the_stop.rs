//! A ring of a stopped queue receives nothing.

use embedded_hal::delay::DelayNs;
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::ring::BufferPool;
use vmdq::{FilterTable, Running};

fn stopped(
    running: Running<I82576, Mmio, Identity>,
    table: FilterTable<I82576, Mmio>,
    buffers: &mut BufferPool,
    delay: &mut impl DelayNs,
) {
    let Running { mut rx, tx, pool } = running;
    let _ = pool.stop(rx, tx, &table, delay, drop);
    rx.refill(buffers);
}

fn main() {}
