//! A frame on its way through a forwarder stays there.

use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::ring::{InPlace, ForwardedFrame, RxRing, TxRing};

type Rx = RxRing<I82576, Mmio, Identity>;
type Tx = TxRing<I82576, Mmio, Identity>;

fn kept(forwarder: &mut InPlace<Rx, Tx>) {
    let mut kept = Vec::new();
    forwarder.forward(32, |frame: &mut ForwardedFrame<'_>| {
        kept.push(frame.bytes_mut());
        false
    });
}

fn main() {}
