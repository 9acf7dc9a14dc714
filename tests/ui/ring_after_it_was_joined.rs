//! A ring that was joined to another belongs to the forwarder.

use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::ring::{BufferPool, Exchange, RxRing, TxRing};

fn joined(
    mut rx: RxRing<I82576, Mmio, Identity>,
    tx: TxRing<I82576, Mmio, Identity>,
    buffers: &mut BufferPool,
) {
    let _ = Exchange::new(rx, tx, buffers);
    rx.refill(buffers);
}

fn main() {}
