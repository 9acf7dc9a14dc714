//! A targeted ring of a stopped queue shares nothing.

use embedded_hal::delay::DelayNs;
use vmdq::FilterTable;
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::targeted::RunningTargeted;
use vmdq::vmm::{GuestRange, Vmm};

fn stopped(
    running: RunningTargeted<I82576, Mmio, Identity>,
    table: FilterTable<I82576, Mmio>,
    vmm: impl Vmm,
    delay: &mut impl DelayNs,
) {
    let RunningTargeted { mut rx, tx, pool } = running;
    let _ = pool.stop_targeted(rx, tx, &table, &vmm, delay, drop);
    let _ = rx.share(&vmm, 0, GuestRange { at: 0, len: 2048 });
}

fn main() {}
