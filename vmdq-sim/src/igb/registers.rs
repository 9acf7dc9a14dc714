//! Where the registers of the 82575 and the 82576 are.
//!
//! Typed from igb-hal/FACTS.md section 2, and from nothing else: the drivers' own tables must not be used here,
//! so that a wrong offset can't hide on both sides. Reserved bits are given only where the facts list
//! a register's whole layout.

use crate::register::Reg::*;
use crate::register::{Spec, at};

/// What both have (igb-hal/FACTS.md 2.1 to 2.6). Receive and transmit rings are in the lists of the devices.
const COMMON: &[Spec] = &[
    // 2.1 General, link, NVM, semaphores.
    at(0x0000, CTRL).reset(0x0010_0209),
    at(0x0004, CTRL).reset(0x0010_0209),
    at(0x0008, STATUS).read_only(),
    at(0x0010, EECD).reset(0x0000_1310),
    at(0x0014, EERD),
    at(0x0020, MDIC),
    at(0x0024, SCTL),
    at(0x0028, FCAL),
    at(0x002C, FCAH),
    at(0x0030, FCT),
    at(0x0034, CONNSW),
    at(0x0038, VET).reset(0x8100_8100),
    at(0x0170, FCTTV),
    at(0x1010, EEMNGCTL).reset(0x8000_0000 | 1 << 18),
    at(0x2160, FCRTL),
    at(0x2168, FCRTH),
    at(0x2460, FCRTV),
    at(0x4208, PCS_LCTL),
    at(0x420C, PCS_LSTAT).read_only(),
    at(0x5800, WUC),
    at(0x5808, WUFC),
    at(0x5820, MANC),
    at(0x5B00, GCR).reset(0x0685_0200),
    at(0x5B30, FACTPS),
    at(0x5B50, SWSM),
    at(0x5B54, FWSM).read_only(),
    at(0x5B5C, SW_FW_SYNC),
    at(0x5B74, DCA_CTRL).reset(1),
    // 2.2 Interrupts.
    at(0x00C0, ICR),
    at(0x00C8, ICS),
    at(0x00D0, IMS),
    at(0x00D8, IMC),
    at(0x00E0, IAM),
    at(0x1520, EICS),
    at(0x1524, EIMS),
    at(0x1528, EIMC),
    at(0x152C, EIAC),
    at(0x1530, EIAM),
    at(0x1580, EICR),
    at(0x5B68, PBACLR),
    // 2.3 Receive control. RCTL.DTYP (11:10) must be 0.
    at(0x0100, RCTL).reserved(0x0000_0C00),
    at(0x5000, RXCSUM).reset(0x300),
    at(0x5004, RLPML).reset(0x2600).reserved(0xFFFF_C000),
    at(0x5008, RFCTL),
    at(0x5200, MTA).array(128, 4).undefined(),
    at(0x5600, VFTA).array(128, 4).undefined(),
    at(0x5C00, RETA).array(32, 4).undefined(),
    at(0x5C80, RSSRK).array(10, 4).undefined(),
    at(0x5CB0, ETQF).array(8, 4),
    at(0x5818, MRQC).reserved(0x0000_FFF8),
    // 2.5 Transmit.
    at(0x0400, TCTL).reset(0xA404_00F8),
    at(0x0404, TCTL_EXT),
    at(0x0410, TIPG).reset(0x0060_1008),
    at(0x3540, DTXMXSZRQ),
    // 2.6 Statistics: cleared by a read, stick at all ones.
    at(0x4000, CRCERRS).counter(),
    at(0x4004, ALGNERRC).counter(),
    at(0x4008, SYMERRS).counter(),
    at(0x400C, RXERRC).counter(),
    at(0x4010, MPC).counter(),
    at(0x4040, RLEC).counter(),
    at(0x405C, PRC).array(6, 4).counter(),
    at(0x4074, GPRC).counter(),
    at(0x4078, BPRC).counter(),
    at(0x407C, MPRC).counter(),
    at(0x4080, GPTC).counter(),
    at(0x4088, GORCL).read_only(),
    at(0x408C, GORCH).counter_high(GORCL),
    at(0x4090, GOTCL).read_only(),
    at(0x4094, GOTCH).counter_high(GOTCL),
    at(0x40A0, RNBC).counter(),
    at(0x40A4, RUC).counter(),
    at(0x40A8, RFC).counter(),
    at(0x40AC, ROC).counter(),
    at(0x40B0, RJC).counter(),
    at(0x40C0, TORL).read_only(),
    at(0x40C4, TORH).counter_high(TORL),
    at(0x40C8, TOTL).read_only(),
    at(0x40CC, TOTH).counter_high(TOTL),
    at(0x40D0, TPR).counter(),
    at(0x40D4, TPT).counter(),
    at(0x40D8, PTC).array(6, 4).counter(),
    at(0x40F0, MPTC).counter(),
    at(0x40F4, BPTC).counter(),
    at(0x40F8, TSCTC).counter(),
    at(0x4100, IAC).counter(),
    at(0x4104, RPTHC).counter(),
    at(0x4118, HGPTC).counter(),
    at(0x4128, HGORC).array(2, 4).counter(),
    at(0x4130, HGOTC).array(2, 4).counter(),
    at(0x4138, LENERRS).counter(),
    at(0x41A0, SSVPC).counter(),
];

/// Bits of a ring's registers that 2.4 does not name.
const INDEX: u32 = 0xFFFF_0000;
const LENGTH: u32 = 0xFFF0_0000;
const RXDCTL_RESERVED: u32 = 0xF9E0_E0E0;
const TXDCTL_RESERVED: u32 = 0xF1E0_E0C0;
/// SRRCTL: bits outside 6:0, 13:8, 24:20, 27:25 and 31 (30 is TIMESTAMP on younger parts).
const SRRCTL_RESERVED: u32 = 0x700F_C080;

/// The block of `count` receive queues and the block of as many transmit queues (2.4).
fn queues(rx: u32, tx: u32, count: usize, stride: u32) -> Vec<Spec> {
    vec![
        at(rx, RDBAL).array(count, stride),
        at(rx + 0x04, RDBAH).array(count, stride),
        at(rx + 0x08, RDLEN).array(count, stride).reserved(LENGTH),
        at(rx + 0x0C, SRRCTL).array(count, stride).reserved(SRRCTL_RESERVED),
        at(rx + 0x10, RDH).array(count, stride).reserved(INDEX),
        at(rx + 0x14, DCA_RXCTRL).array(count, stride),
        at(rx + 0x18, RDT).array(count, stride).reserved(INDEX),
        at(rx + 0x28, RXDCTL).array(count, stride).reserved(RXDCTL_RESERVED),
        at(rx + 0x30, RQDPC).array(count, stride).counter(),
        at(tx, TDBAL).array(count, stride),
        at(tx + 0x04, TDBAH).array(count, stride),
        at(tx + 0x08, TDLEN).array(count, stride).reserved(LENGTH),
        at(tx + 0x10, TDH).array(count, stride).reserved(INDEX),
        at(tx + 0x14, DCA_TXCTRL).array(count, stride),
        at(tx + 0x18, TDT).array(count, stride).reserved(INDEX),
        at(tx + 0x28, TXDCTL).array(count, stride).reserved(TXDCTL_RESERVED),
        at(tx + 0x38, TDWBAL).array(count, stride),
        at(tx + 0x3C, TDWBAH).array(count, stride),
    ]
}

/// The 82575: queues in the low block alone, MSIXBM, PBA, no pools.
pub(crate) fn i82575() -> Vec<Spec> {
    let mut specs = COMMON.to_vec();
    specs.extend(queues(0x2800, 0x3800, 4, 0x100));
    specs.extend([
        at(0x0018, CTRL_EXT),
        at(0x1000, PBA).kept(),
        at(0x1600, MSIXBM).array(10, 4),
        at(0x1680, EITR).array(10, 4).kept(),
        at(0x5400, RAL).array(16, 8),
        // 30:20 reserved (S75 p381).
        at(0x5404, RAH).array(16, 8).reserved(0x7FF0_0000),
        at(0x5480, PSRTYPE).array(4, 4),
        at(0x581C, VT_CTL),
        at(0xB000, VFQA0).array(128, 4),
        at(0xB200, VFQA1).array(128, 4),
    ]);
    specs
}

/// The 82576: 16 queues in the high blocks, the first four also in the low ones; pools.
pub(crate) fn i82576() -> Vec<Spec> {
    let mut specs = COMMON.to_vec();
    specs.extend(queues(0xC000, 0xE000, 16, 0x40));
    specs.extend(queues(0x2800, 0x3800, 4, 0x100));
    let (rah, vlvf, vmolr) = (0x7C00_0000, 0x7FE0_0000, 0x00FC_C000);
    specs.extend([
        // Bits 0, 24 and 31 of CTRL_EXT moved to GPIE.
        at(0x0018, CTRL_EXT).reserved(0x8100_0001),
        at(0x2404, RXPBS).reset(0x40).kept(),
        at(0x3404, TXPBS).reset(0x28).kept(),
        at(0x1500, ICR),
        at(0x1504, ICS),
        at(0x1508, IMS),
        at(0x150C, IMC),
        at(0x1510, IAM),
        at(0x1514, GPIE).reserved(0x3FFF_F06E),
        at(0x1680, EITR).array(25, 4).kept(),
        at(0x1700, IVAR).array(8, 4).reserved(0x6060_6060),
        at(0x1740, IVAR_MISC).reserved(0xFFFF_6060),
        at(0x2408, QDE).reserved(0xFFFF_0000),
        at(0x0C8C, VFRE).reset(0xFF).reserved(0xFFFF_FF00),
        at(0x0C90, VFTE).reset(0xFF).reserved(0xFFFF_FF00),
        at(0x3500, DTXSWC),
        at(0x3554, WVBR).counter(),
        at(0x3590, DTXCTL).reset(0x44),
        at(0x3700, VMVIR).array(8, 4),
        at(0x5400, RAL).array(16, 8),
        at(0x5404, RAH).array(16, 8).reserved(rah),
        at(0x54E0, RAL).from(16).array(8, 8),
        at(0x54E4, RAH).from(16).array(8, 8).reserved(rah),
        at(0x5480, PSRTYPE).array(8, 4),
        // 9:7, 27 to 30.
        at(0x581C, VT_CTL).reserved(0x87FF_FC7F),
        at(0x5AD0, VMOLR).array(8, 4).reset(0x8000_2600).reserved(vmolr),
        at(0x5AF0, RPLOLR).reset(0x8000_0000),
        at(0x5D00, VLVF).array(32, 4).reserved(vlvf),
        at(0x5D80, VMRCTL).array(4, 4),
        at(0x5D90, VMRVLAN).array(4, 4),
        at(0x5DA0, VMRVM).array(4, 4),
        at(0x5DB0, SCCRL),
        at(0x5DB8, BSCTRH),
        at(0x5DBC, MSCTRH),
        at(0xA000, UTA).array(128, 4),
        // 2.6, per pool; software may clear them by a write (O), a read does not (Q).
        at(0x1_0010, PFVFGPRC).array(8, 0x100),
        at(0x1_0014, PFVFGPTC).array(8, 0x100),
        at(0x1_0018, PFVFGORC).array(8, 0x100),
        at(0x1_0034, PFVFGOTC).array(8, 0x100),
        at(0x1_003C, PFVFMPRC).array(8, 0x100),
        at(0x1_0040, PFVFGPRLBC).array(8, 0x100),
        at(0x1_0044, PFVFGPTLBC).array(8, 0x100),
        at(0x1_0048, PFVFGORLBC).array(8, 0x100),
        at(0x1_0050, PFVFGOTLBC).array(8, 0x100),
    ]);
    specs
}
