//! What reads and writes of the igb registers do, and what the datasheets forbid.
//!
//! Facts: igb-hal/FACTS.md 2 and 3. Where the facts say nothing, a write is stored and nothing is reported.

use super::{AUTO_RD, Igb, MASTER_DISABLE, MASTER_TIME, PHY_RST, RST, RXEN};
use crate::board::Board;
use crate::fault::InjectedFault;
use crate::filter::{AV, address};
use crate::queue::{ENABLE, SWFLSH};
use crate::register::{Access, Reg};
use crate::violation::Rule;

/// TXDCTL.PRIORITY.
const PRIORITY: u32 = 1 << 27;
/// SWSM.SMBI and SWESMBI.
const SMBI: u32 = 1;
const SWESMBI: u32 = 1 << 1;
/// EERD.START and DONE.
const EERD_START: u32 = 1;
const EERD_DONE: u32 = 1 << 1;

/// Says that memory was unmapped under a running queue.
pub(crate) fn report_in_use(board: &mut Board, queue: usize, bus: u64, len: usize) {
    board.report(
        Rule::MemoryInUse,
        format!("unmap of {len} bytes at {bus:#x}, which enabled queue {queue} can still reach"),
    );
}

impl Igb {
    pub(super) fn read_register(&mut self, board: &mut Board, at: u32) -> u32 {
        let Some((spec, n)) = self.file.find(at) else {
            let name = self.chip.name;
            board.report(Rule::NoSuchRegister, format!("read of {at:#07x}: the {name} has no such register"));
            return 0;
        };
        if let Some(value) = self.interrupts.read(spec.reg, &self.file) {
            return value;
        }
        match spec.reg {
            Reg::CTRL => self.file.get(Reg::CTRL, 0) | if self.resetting.is_open() { RST } else { 0 },
            Reg::STATUS => self.status(),
            Reg::EECD => {
                self.file.get(Reg::EECD, 0) & !AUTO_RD | if self.loading.is_open() { 0 } else { AUTO_RD }
            }
            Reg::MDIC => self.phy.mdic(),
            Reg::SWSM => {
                // Reading sets SMBI: who reads 0 holds it now.
                let held = self.file.get(Reg::SWSM, 0);
                self.file.set(Reg::SWSM, 0, held | SMBI);
                held
            }
            Reg::RXDCTL => {
                let open = self.rx[n].gate.is_open();
                self.file.get(Reg::RXDCTL, n) | if open { ENABLE } else { 0 }
            }
            Reg::TXDCTL => {
                let open = self.tx[n].ring.gate.is_open();
                self.file.get(Reg::TXDCTL, n) | if open { ENABLE } else { 0 }
            }
            Reg::RDBAL | Reg::RDBAH | Reg::RDLEN | Reg::RDH | Reg::RDT => {
                self.rx[n].read(spec.reg).unwrap_or(0)
            }
            Reg::TDBAL | Reg::TDBAH | Reg::TDLEN | Reg::TDH | Reg::TDT => {
                self.tx[n].ring.read(spec.reg).unwrap_or(0)
            }
            _ => self.file.read(spec, n),
        }
    }

    /// STATUS: FD, LU, SPEED, LAN_INIT_DONE, PHYRA, GIO_MASTER_ENABLE; bit 31 as QEMU's model reads.
    fn status(&self) -> u32 {
        let link = u32::from(self.phy.link.is_open()) << 1;
        let master = u32::from(self.master.is_open()) << 19;
        1 << 31 | 1 << 10 | 1 << 9 | 2 << 6 | 1 | link | master
    }

    pub(super) fn write_register(&mut self, board: &mut Board, at: u32, value: u32) {
        let name = self.chip.name;
        let Some((spec, n)) = self.file.find(at) else {
            board.report(
                Rule::NoSuchRegister,
                format!("write of {value:#010x} to {at:#07x}: the {name} has no such register"),
            );
            return;
        };
        let reg = spec.reg;
        // Bits that read 1 may be written back as they are.
        let reserved = value & spec.reserved & !self.file.get(reg, n);
        if reserved != 0 {
            board.report(
                Rule::ReservedBit,
                format!("{reg:?}[{n}] := {value:#010x}: bits {reserved:#010x} are reserved on the {name}"),
            );
        }
        if self.resetting.is_open() || self.loading.is_open() {
            // igb-hal/FACTS.md 3.1: nothing is written between RST and the end of the NVM load.
            board.report(
                Rule::WrongOrder,
                format!("{reg:?}[{n}] := {value:#010x} before the reset has finished"),
            );
            if self.resetting.is_open() {
                return;
            }
        }
        if !self.interrupts.write(reg, value, &mut self.file, board) {
            self.write_other(reg, n, value, spec.access, board);
        }
    }

    fn write_other(&mut self, reg: Reg, n: usize, value: u32, access: Access, board: &mut Board) {
        match reg {
            Reg::CTRL => self.write_ctrl(value, board),
            Reg::MDIC => self.write_mdic(value, board),
            Reg::SWSM => self.file.set(Reg::SWSM, 0, value & 3),
            Reg::SW_FW_SYNC => {
                // igb-hal/FACTS.md 3.13: written only under both semaphores.
                if !self.file.on(Reg::SWSM, SWESMBI) {
                    board.report(
                        Rule::WrongOrder,
                        format!("SW_FW_SYNC := {value:#010x} without SWSM.SWESMBI"),
                    );
                }
                self.file.set(reg, 0, value);
            }
            // The NVM's words are not modelled: they read 0.
            Reg::EERD => {
                let done = if value & EERD_START != 0 { EERD_DONE } else { 0 };
                self.file.set(Reg::EERD, 0, value & 0xfffc | done);
            }
            Reg::RCTL => self.write_rctl(value, board),
            Reg::MRQC => self.write_mrqc(value, board),
            Reg::VT_CTL => self.write_vt_ctl(value, board),
            Reg::RAL => self.write_ral(n, value, board),
            Reg::RAH => self.write_rah(n, value, board),
            Reg::RXDCTL => {
                self.file.set(reg, n, value & !(ENABLE | SWFLSH));
                self.rx[n].ask(value & ENABLE != 0, board);
            }
            Reg::TXDCTL => {
                if value & PRIORITY != 0 {
                    board.report(Rule::NotModelled, format!("TXDCTL[{n}] := {value:#010x}: PRIORITY"));
                }
                self.file.set(reg, n, value & !(ENABLE | SWFLSH));
                self.tx[n].ring.ask(value & ENABLE != 0, board);
            }
            Reg::RDBAL | Reg::RDBAH | Reg::RDLEN | Reg::RDH | Reg::RDT => self.rx[n].write(reg, value, board),
            Reg::TDBAL | Reg::TDBAH | Reg::TDLEN | Reg::TDH | Reg::TDT => {
                self.tx[n].ring.write(reg, value, board);
            }
            Reg::TDWBAL | Reg::TDWBAH => {
                self.file.set(reg, n, value);
                let high = u64::from(self.file.get(Reg::TDWBAH, n)) << 32;
                self.tx[n].write_back = high | u64::from(self.file.get(Reg::TDWBAL, n));
            }
            Reg::DTXSWC | Reg::VMRCTL if value != 0 => {
                // Loopback switch, anti-spoofing and mirror rules: igb-hal/FACTS.md 2.5, 2.3.
                board.report(Rule::NotModelled, format!("{reg:?}[{n}] := {value:#010x}"));
                self.file.set(reg, n, value);
            }
            Reg::VMVIR if value >> 30 != 0 => {
                board.report(Rule::NotModelled, format!("VMVIR[{n}] := {value:#010x}: tag insertion"));
                self.file.set(reg, n, value);
            }
            Reg::ETQF if value & 1 << 31 != 0 => {
                board.report(Rule::NotModelled, format!("ETQF[{n}] := {value:#010x}: queue by EtherType"));
                self.file.set(reg, n, value);
            }
            _ if access == Access::ReadWrite => self.file.set(reg, n, value),
            _ => {}
        }
    }

    fn write_ctrl(&mut self, value: u32, board: &mut Board) {
        if value & RST != 0 {
            self.begin_reset(board);
            return;
        }
        self.file.set(Reg::CTRL, 0, value & !PHY_RST);
        self.master.ask(value & MASTER_DISABLE == 0, board.now + MASTER_TIME);
        if board.faults.has(InjectedFault::MasterNeverStops) {
            self.master.jam();
        }
        self.follow_link(board);
    }

    /// A restart of auto-negotiation takes the link down before it comes back.
    fn write_mdic(&mut self, value: u32, board: &mut Board) {
        if self.phy.write_mdic(value, board.now) {
            if self.phy.drop_link(board.now) {
                self.link_changed(board);
            }
            self.follow_link(board);
        }
    }

    fn write_rctl(&mut self, value: u32, board: &mut Board) {
        if value & RXEN != 0 && self.file.get(Reg::RAH, 0) & AV == 0 {
            // igb-hal/FACTS.md 2.3: RAR0 is the PAUSE match; the station's address stays there.
            board.report(Rule::WrongOrder, format!("RCTL := {value:#010x}: RXEN while RAH[0].AV is off"));
        }
        if value & 0xc0 != 0 {
            board.report(Rule::NotModelled, format!("RCTL := {value:#010x}: loopback"));
        }
        self.file.set(Reg::RCTL, 0, value);
    }

    /// igb-hal/FACTS.md 3.4 and 3.5: these are set with the receiver off.
    fn check_receiver_off(&self, reg: Reg, value: u32, board: &mut Board) {
        if self.file.on(Reg::RCTL, RXEN) && self.file.get(reg, 0) != value {
            board.report(Rule::WrongOrder, format!("{reg:?} := {value:#010x} while RCTL.RXEN is on"));
        }
    }

    fn write_mrqc(&mut self, value: u32, board: &mut Board) {
        self.check_receiver_off(Reg::MRQC, value, board);
        if ![0, self.chip.vmdq].contains(&(value & 7)) {
            board.report(Rule::NotModelled, format!("MRQC := {value:#010x}: MRQE {}", value & 7));
        }
        self.file.set(Reg::MRQC, 0, value);
    }

    fn write_vt_ctl(&mut self, value: u32, board: &mut Board) {
        self.check_receiver_off(Reg::VT_CTL, value, board);
        if self.chip.shared_addresses {
            self.file.set(Reg::VT_CTL, 0, value);
        } else if value != 0 {
            // igb-hal/FACTS.md section 8: the layout on the 82575 is not known; the default queue is 0.
            board.report(Rule::NotModelled, format!("VT_CTL := {value:#010x}: layout unknown on the 82575"));
        }
    }

    /// Whether entry `n` may hold a half-written address: RAR0 may be set up while nothing receives.
    fn is_live(&self, n: usize) -> bool {
        self.file.get(Reg::RAH, n) & AV != 0 && (n != 0 || self.file.on(Reg::RCTL, RXEN))
    }

    /// igb-hal/FACTS.md 3.6: RAL before AV when adding, AV off before RAL when removing.
    fn write_ral(&mut self, n: usize, value: u32, board: &mut Board) {
        if self.is_live(n) && self.file.get(Reg::RAL, n) != value {
            board.report(Rule::WrongOrder, format!("RAL[{n}] := {value:#010x} while RAH[{n}].AV is on"));
        }
        self.file.set(Reg::RAL, n, value);
    }

    fn write_rah(&mut self, n: usize, value: u32, board: &mut Board) {
        let old = self.file.get(Reg::RAH, n);
        let live = self.is_live(n);
        if live && value & AV != 0 && (old ^ value) & 0xffff != 0 {
            board.report(Rule::WrongOrder, format!("RAH[{n}] := {value:#010x}: address changed under AV"));
        }
        if live && n == 0 && value & AV == 0 {
            // igb-hal/FACTS.md 3.6: never free entry 0 (PAUSE match).
            board.report(Rule::WrongOrder, format!("RAH[0] := {value:#010x}: AV removed, RXEN on"));
        }
        if value & AV != 0 && value >> 16 & 3 != 0 {
            board.report(Rule::NotModelled, format!("RAH[{n}] := {value:#010x}: ASEL is not destination"));
        }
        self.file.set(Reg::RAH, n, value & !self.chip.rah_ignored);
        if value & AV != 0 && !self.chip.shared_addresses {
            self.check_unique(n, board);
        }
    }

    /// igb-hal/FACTS.md 3.6: one address in two entries is unspecified on the 82575.
    fn check_unique(&self, n: usize, board: &mut Board) {
        let twin = (0..self.chip.filters).find(|&other| {
            other != n
                && self.file.get(Reg::RAH, other) & AV != 0
                && address(&self.file, other) == address(&self.file, n)
        });
        if let Some(twin) = twin {
            board.report(Rule::AmbiguousFilter, format!("RAH[{n}]: RAR {twin} holds the same address"));
        }
    }
}
