//! A frame that is posted is the device's.

use vmdq::Platform;
use vmdq::ring::{Frame, RxRing};

fn posted<P: Platform>(mut rx: RxRing<P>, frame: Frame) {
    let _ = rx.post_one(frame);
    let _ = frame.bytes();
}

fn main() {}
