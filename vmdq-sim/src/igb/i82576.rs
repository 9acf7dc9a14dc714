//! The 82576: VMDq of the second generation. A filter names a set of pools.
//!
//! Facts: igb-hal/FACTS.md 3.5, 3.8, 3.14. Pool p is queue p (and p+8, which only RSS reaches).
//!
//! Assumptions: with RCTL.VFE off neither VLVF nor AUPE narrows the list (3.8: "VFE=0 or AUPE+VFTA
//! open"; so does QEMU). With VT_CTL.RPL_EN off a frame for several pools goes to the lowest. VMOLR.UPE
//! (bit 29, on which the sources disagree) has no effect.

use super::interrupt::Routing;
use super::receive::{hashed, longest};
use super::{Chip, SECRC, VFE, VME, registers};
use crate::board::Board;
use crate::filter::exact;
use crate::frame::{Cast, Frame};
use crate::pending::{Target, Verdict};
use crate::queue::tx::TxRules;
use crate::register::{File, Reg};
use crate::violation::Rule;

const FILTERS: usize = 24;
/// MRQC.MRQE: VMDq2.
const VMDQ: u32 = 0b011;

/// VT_CTL bits.
const IGMAC: u32 = 1 << 28;
const DIS_DEF_POOL: u32 = 1 << 29;
const RPL_EN: u32 = 1 << 30;

/// VMOLR bits.
const LPE: u32 = 1 << 16;
const AUPE: u32 = 1 << 24;
const ROMPE: u32 = 1 << 25;
const ROPE: u32 = 1 << 26;
const BAM: u32 = 1 << 27;
const MPME: u32 = 1 << 28;
const STRVLAN: u32 = 1 << 30;
const STRCRC: u32 = 1 << 31;

/// VLVF.VI_EN.
const VI_EN: u32 = 1 << 31;

/// The device.
pub(crate) static I82576: Chip = Chip {
    name: "82576",
    mac: [0x02, 0, 0, 0, 0x75, 0x76],
    registers: registers::i82576,
    queues: 16,
    filters: FILTERS,
    routing: Routing::Table,
    rah_ignored: 0,
    shared_addresses: true,
    vmdq: VMDQ,
    transmit: TxRules { longest: 0x3f00, context_is_ring: false, head_bytes: 4, span_margin: 0 },
    sort,
    // VFTE counts in VMDq mode; a queue belongs to the pool of its lower three bits.
    may_send: |file, queue| {
        file.get(Reg::MRQC, 0) & 7 != VMDQ || file.get(Reg::VFTE, 0) >> (queue & 7) & 1 != 0
    },
};

/// The pools whose VMOLR has a bit.
fn pools_with(file: &File, bit: u32) -> u32 {
    (0..8).filter(|&pool| file.get(Reg::VMOLR, pool) & bit != 0).map(|pool| 1 << pool).sum()
}

/// Step 2: the pools that the destination address asks for.
fn by_address(file: &File, frame: &Frame) -> u32 {
    if file.on(Reg::VT_CTL, IGMAC) {
        return 0xff;
    }
    let matched = exact(file, frame, FILTERS).map(|n| file.get(Reg::RAH, n) >> 18 & 0xff);
    let mut pools = matched.fold(0, |pools, more| pools | more);
    match frame.cast() {
        Cast::Broadcast => pools |= pools_with(file, BAM),
        Cast::Unicast => {
            if exact(file, frame, FILTERS).next().is_none() && hashed(file, Reg::UTA, frame) {
                pools |= pools_with(file, ROPE);
            }
        }
        Cast::Multicast => {
            if hashed(file, Reg::MTA, frame) {
                pools |= pools_with(file, ROMPE);
            }
            pools |= pools_with(file, MPME);
        }
    }
    pools
}

/// Step 3: the pools that the tag, or its absence, allows.
fn by_vlan(file: &File, frame: &Frame) -> u32 {
    if !file.on(Reg::RCTL, VFE) {
        return 0xff;
    }
    let Some(vlan) = frame.vlan() else { return pools_with(file, AUPE) };
    (0..32)
        .map(|n| file.get(Reg::VLVF, n))
        .filter(|vlvf| vlvf & VI_EN != 0 && vlvf & 0xfff == u32::from(vlan))
        .fold(0, |pools, vlvf| pools | vlvf >> 12 & 0xff)
}

fn sort(file: &File, frame: &Frame, board: &mut Board) -> Verdict {
    let strip_fcs = file.on(Reg::RCTL, SECRC);
    if file.get(Reg::MRQC, 0) & 7 != VMDQ {
        return Verdict::To(vec![Target { queue: 0, strip_tag: file.on(Reg::CTRL, VME), strip_fcs }]);
    }
    let vt_ctl = file.get(Reg::VT_CTL, 0);
    let mut pools = by_address(file, frame) & by_vlan(file, frame);
    // Step 4: a frame that no pool matched goes to the default pool.
    let by_default = pools == 0;
    if by_default {
        if vt_ctl & DIS_DEF_POOL != 0 {
            return Verdict::Filtered;
        }
        pools = 1 << (vt_ctl >> 7 & 7);
    }
    // Step 6: pools that don't receive, then pools that refuse the length (ROC only if all do).
    pools &= file.get(Reg::VFRE, 0);
    if pools == 0 {
        return Verdict::Disabled;
    }
    let fits = |pool: usize| {
        let vmolr = file.get(Reg::VMOLR, pool);
        frame.wire_len() <= longest(frame, vmolr & LPE != 0, vmolr)
    };
    let mut chosen: Vec<usize> = (0..8).filter(|&pool| pools >> pool & 1 != 0 && fits(pool)).collect();
    if chosen.is_empty() {
        return Verdict::TooLong;
    }
    if vt_ctl & RPL_EN == 0 {
        chosen.truncate(1);
    }
    let replicated = chosen.len() > 1;
    let targets = chosen.into_iter().map(|queue| {
        // Replicated frames follow RPLOLR; frames that came by default alone keep their tag
        // (section 7: "default-pool frames are not VLAN-stripped by VMOLR").
        let offloads = if replicated { file.get(Reg::RPLOLR, 0) } else { file.get(Reg::VMOLR, queue) };
        if (offloads & STRCRC != 0) != strip_fcs {
            board.report(
                Rule::NotModelled,
                format!("pool {queue}: STRCRC and RCTL.SECRC disagree ({offloads:#010x}); SECRC decides"),
            );
        }
        Target { queue, strip_tag: offloads & STRVLAN != 0 && !by_default, strip_fcs }
    });
    Verdict::To(targets.collect())
}
