//! The 82598: VMDq with 16 indices. A filter names one index, and an index is a queue.
//!
//! Facts: ixgbe-hal/FACTS.md 1.4, 2.4, 4.
//!
//! Assumptions: the default index is VMD_CTL 7:4 (the facts call it unverified); of two filters with one
//! address the lower entry wins; an exact multicast filter sorts by its VIND; in VLAN sort an untagged
//! frame goes to the default index.

use super::{Chip, RXCRCSTRP, VME, registers};
use crate::filter::exact;
use crate::frame::Frame;
use crate::pending::{Target, Verdict};
use crate::queue::RingRules;
use crate::queue::tx::TxRules;
use crate::register::{File, Reg};

const FILTERS: usize = 16;

/// VMD_CTL bits.
const VMDQ_EN: u32 = 1;
const VMDQ_FILTER: u32 = 1 << 1;

/// The device.
pub(crate) static I82598: Chip = Chip {
    name: "82598",
    mac: [0x02, 0, 0, 0, 0x75, 0x98],
    registers: registers::i82598,
    rx_queues: 64,
    tx_queues: 32,
    filters: FILTERS,
    rings: RingRules { alignment: 16, tail_when_asked: true },
    // Section 4: 16 KB; section 3: a packet must not span more than ring-31 descriptors.
    transmit: TxRules { longest: 16384, context_is_ring: false, head_bytes: 4, span_margin: 31 },
    sort,
};

fn sort(file: &File, frame: &Frame) -> Verdict {
    let vmd_ctl = file.get(Reg::VMD_CTL, 0);
    let queue = if vmd_ctl & VMDQ_EN == 0 {
        0
    } else {
        let index = if vmd_ctl & VMDQ_FILTER == 0 { by_address(file, frame) } else { by_vlan(file, frame) };
        index.unwrap_or(vmd_ctl >> 4 & 0xf)
    };
    Verdict::To(vec![Target {
        queue: queue as usize,
        strip_tag: file.on(Reg::VLNCTRL, VME),
        strip_fcs: file.on(Reg::HLREG0, RXCRCSTRP),
    }])
}

/// RAH.VIND of the filter that matches.
fn by_address(file: &File, frame: &Frame) -> Option<u32> {
    exact(file, frame, FILTERS).next().map(|n| file.get(Reg::RAH, n) >> 18 & 0xf)
}

/// VFTAVIND: array (vid >> 3) & 3, word vid >> 5, nibble vid & 7.
fn by_vlan(file: &File, frame: &Frame) -> Option<u32> {
    let vid = usize::from(frame.vlan()?);
    let word = file.get(Reg::VFTAVIND, 128 * (vid >> 3 & 3) + (vid >> 5));
    Some(word >> (4 * (vid & 7)) & 0xf)
}
