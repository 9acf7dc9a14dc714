//! A frame that is posted is the device's.

use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::ring::{Frame, RxRing};

fn posted(mut rx: RxRing<I82576, Mmio, Identity>, frame: Frame) {
    let _ = rx.post_one(frame);
    let _ = frame.bytes();
}

fn main() {}
