//! A queue is stopped with its own rings.

use embedded_hal::delay::DelayNs;
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::ixgbe::I82598;
use vmdq::ring::{RxRing, TxRing};
use vmdq::{FilterTable, Pool};

fn mixed(
    pool: Pool<I82576, Mmio>,
    rx: RxRing<I82598, Mmio, Identity>,
    tx: TxRing<I82576, Mmio, Identity>,
    table: FilterTable<I82576, Mmio>,
    delay: &mut impl DelayNs,
) {
    let _ = pool.stop(rx, tx, &table, delay, drop);
}

fn main() {}
