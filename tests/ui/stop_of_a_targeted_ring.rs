//! A targeted ring is stopped with the hypervisor, which unmaps what is shared.

use embedded_hal::delay::DelayNs;
use vmdq::FilterTable;
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::targeted::RunningTargeted;

fn stop(
    running: RunningTargeted<I82576, Mmio, Identity>,
    table: FilterTable<I82576, Mmio>,
    delay: &mut impl DelayNs,
) {
    let RunningTargeted { rx, tx, pool } = running;
    let _ = pool.stop(rx, tx, &table, delay, drop);
}

fn main() {}
