//! The 82575: VMDq of the first generation. A filter names one queue.
//!
//! Facts: igb-hal/FACTS.md 1, 3.4, 3.14. Assumption of the facts' gaps: the default queue is 0, because the
//! layout of VT_CTL on this part is not known. An exact multicast filter sorts by its QSEL, as the
//! register layout suggests.

use super::interrupt::Routing;
use super::{Chip, SECRC, VME, registers};
use crate::board::Board;
use crate::filter::exact;
use crate::frame::Frame;
use crate::pending::{Target, Verdict};
use crate::queue::tx::TxRules;
use crate::register::{File, Reg};

const FILTERS: usize = 16;
/// MRQC.MRQE: VMDq by MAC.
const VMDQ: u32 = 0b011;

/// The device.
pub(crate) static I82575: Chip = Chip {
    name: "82575",
    mac: [0x02, 0, 0, 0, 0x75, 0x75],
    registers: registers::i82575,
    queues: 4,
    filters: FILTERS,
    routing: Routing::Bitmap,
    rah_ignored: 0x7ff0_0000,
    shared_addresses: false,
    vmdq: VMDQ,
    // Longest frame: the drivers' cap of section 5.
    transmit: TxRules { longest: 0x3f00, context_is_ring: true, head_bytes: 2, span_margin: 0 },
    sort,
    may_send: |_, _| true,
};

/// RAH.QSEL of the filter that matches, else the default queue.
fn sort(file: &File, frame: &Frame, _: &mut Board) -> Verdict {
    let vmdq = file.get(Reg::MRQC, 0) & 7 == VMDQ;
    let filter = exact(file, frame, FILTERS).next().filter(|_| vmdq);
    let queue = filter.map_or(0, |n| file.get(Reg::RAH, n) >> 18 & 3) as usize;
    let (strip_tag, strip_fcs) = (file.on(Reg::CTRL, VME), file.on(Reg::RCTL, SECRC));
    Verdict::To(vec![Target { queue, strip_tag, strip_fcs }])
}
