//! Statistics that both families keep in the same way (igb-hal/FACTS.md 2.6, ixgbe-hal/FACTS.md 1.7).
//!
//! Assumptions, where the facts give only names: TPR and TOR count every frame on the wire; GPRC, GORC,
//! BPRC, MPRC and PRC count what passed the length limit and the filters, whether or not a descriptor
//! was there; all lengths and octet counts include the FCS.

use crate::frame::{Cast, Frame};
use crate::register::{File, Reg};

/// Which of the six size counters (64, 65-127, 128-255, 256-511, 512-1023, 1024 up) counts a length.
fn size_class(len: usize) -> usize {
    [64, 127, 255, 511, 1023].iter().filter(|&&limit| len > limit).count()
}

/// A frame arrived; it may be dropped later.
pub(crate) fn arrived(file: &mut File, frame: &Frame) {
    file.count(Reg::TPR, 0, 1);
    file.count_pair(Reg::TORL, Reg::TORH, frame.wire_len());
}

/// A frame passed all filters. `broadcast_twice`: MPRC counts broadcasts too (82598).
pub(crate) fn accepted(file: &mut File, frame: &Frame, broadcast_twice: bool) {
    file.count(Reg::GPRC, 0, 1);
    file.count_pair(Reg::GORCL, Reg::GORCH, frame.wire_len());
    file.count(Reg::PRC, size_class(frame.wire_len()), 1);
    match frame.cast() {
        Cast::Broadcast => {
            file.count(Reg::BPRC, 0, 1);
            if broadcast_twice {
                file.count(Reg::MPRC, 0, 1);
            }
        }
        Cast::Multicast => file.count(Reg::MPRC, 0, 1),
        Cast::Unicast => {}
    }
}

/// A frame went out.
pub(crate) fn sent(file: &mut File, frame: &Frame) {
    file.count(Reg::GPTC, 0, 1);
    file.count(Reg::TPT, 0, 1);
    file.count_pair(Reg::GOTCL, Reg::GOTCH, frame.wire_len());
    file.count_pair(Reg::TOTL, Reg::TOTH, frame.wire_len());
    file.count(Reg::PTC, size_class(frame.wire_len()), 1);
    match frame.cast() {
        Cast::Broadcast => file.count(Reg::BPTC, 0, 1),
        Cast::Multicast => file.count(Reg::MPTC, 0, 1),
        Cast::Unicast => {}
    }
}

#[cfg(test)]
mod tests {
    use super::size_class;

    #[test]
    fn sizes_fall_into_the_six_classes() {
        let classes = [60, 64, 65, 127, 128, 255, 256, 511, 512, 1023, 1024, 9000].map(size_class);
        assert_eq!(classes, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    }
}
