//! A pool is stopped with rings of its own machine.

use vmdq::bus::Mmio;
use vmdq::dma::{Identity, Shifted};
use vmdq::igb::I82576;
use vmdq::ring::{RxRing, TxRing};
use vmdq::{FilterTable, Host, Pool, Running, Started, WaitWith};

type Machine = Host<Mmio, Identity, WaitWith>;
type Other = Host<Mmio, Shifted, WaitWith>;

fn mixed(
    pool: Pool<I82576, Machine, Running>,
    rx: RxRing<Other>,
    tx: TxRing<Machine>,
    table: FilterTable<I82576, Machine>,
) {
    let _ = Started { rx, tx, pool }.stop(&table, drop);
}

fn main() {}
