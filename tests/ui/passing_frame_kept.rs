//! A frame on its way through a forwarder stays there.

use vmdq::Platform;
use vmdq::ring::{InPlace, ForwardedFrame, RxRing, TxRing};

fn kept<P: Platform>(forwarder: &mut InPlace<RxRing<P>, TxRing<P>>) {
    let mut kept = Vec::new();
    forwarder.forward(32, |frame: &mut ForwardedFrame<'_>| {
        kept.push(frame.bytes_mut());
        false
    });
}

fn main() {}
