//! A ring that was joined to another belongs to the forwarder.

use vmdq::Platform;
use vmdq::ring::{BufferPool, Exchange, RxRing, TxRing};

fn joined<P: Platform>(mut rx: RxRing<P>, tx: TxRing<P>, buffers: &mut BufferPool) {
    let _ = Exchange::new(rx, tx, buffers);
    rx.refill(buffers);
}

fn main() {}
