//! What reads and writes of the ixgbe registers do, and what the datasheets forbid.
//!
//! Facts: ixgbe-hal/FACTS.md 1 and 2. Where the facts say nothing, a write is stored and nothing is reported.

use super::{Ixgbe, LRST, MASTER_DISABLE, MASTER_TIME, RST, RXEN};
use crate::board::Board;
use crate::fault::InjectedFault;
use crate::filter::AV;
use crate::queue::{ENABLE, SWFLSH};
use crate::register::{Access, Reg, Spec};
use crate::violation::Rule;

/// SWSM.SMBI.
const SMBI: u32 = 1;
/// EEC.ARD.
const ARD: u32 = 1 << 9;
/// RDRXCTL.DMAIDONE and MVMEN.
const DMAIDONE: u32 = 1 << 3;
const MVMEN: u32 = 1 << 5;
/// AUTOC.AN_RESTART.
const AN_RESTART: u32 = 1 << 12;
/// HLREG0: 9:3, 11 and 13 must be kept as they are (1.2; 12 and 14 are named on the 82598).
const HLREG0_KEPT: u32 = 0x0000_2BF8;
/// EERD.START and DONE.
const EERD_START: u32 = 1;
const EERD_DONE: u32 = 1 << 1;

impl Ixgbe {
    pub(super) fn read_register(&mut self, board: &mut Board, at: u32) -> u32 {
        let Some((spec, n)) = self.file.find(at) else {
            let name = self.chip.name;
            board.report(Rule::NoSuchRegister, format!("read of {at:#07x}: the {name} has no such register"));
            return 0;
        };
        if let Some(value) = self.interrupts.read(spec.reg, &self.file) {
            return value;
        }
        let loaded = !self.loading.is_open();
        let link = self.link.is_open();
        match spec.reg {
            Reg::CTRL => self.file.get(Reg::CTRL, 0) | if self.resetting.is_open() { RST } else { 0 },
            Reg::STATUS => u32::from(link) << 7 | u32::from(self.master.is_open()) << 19,
            Reg::EEC => self.file.get(Reg::EEC, 0) & !ARD | if loaded { ARD } else { 0 },
            Reg::RDRXCTL => self.file.get(Reg::RDRXCTL, 0) & !DMAIDONE | if loaded { DMAIDONE } else { 0 },
            // 31 negotiation complete, 30 up, 29 10 Gb/s.
            Reg::LINKS => u32::from(link) * 0xe000_0000,
            Reg::SWSM => {
                // Reading sets SMBI: who reads 0 holds it now.
                let held = self.file.get(Reg::SWSM, 0);
                self.file.set(Reg::SWSM, 0, held | SMBI);
                held
            }
            // ENABLE reads 0 as long as the link is down, no matter what the queue does (2.3).
            Reg::RXDCTL => {
                let open = self.rx[n].gate.is_open() && link;
                self.file.get(Reg::RXDCTL, n) | if open { ENABLE } else { 0 }
            }
            Reg::TXDCTL => {
                let open = self.tx[n].ring.gate.is_open() && link;
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

    pub(super) fn write_register(&mut self, board: &mut Board, at: u32, value: u32) {
        let name = self.chip.name;
        let Some((spec, n)) = self.file.find(at) else {
            board.report(
                Rule::NoSuchRegister,
                format!("write of {value:#010x} to {at:#07x}: the {name} has no such register"),
            );
            return;
        };
        self.check_reserved(spec, n, value, board);
        if self.resetting.is_open() || self.loading.is_open() {
            // 2.1: nothing is written between RST and the end of the EEPROM load, GHECCR excepted
            // (step 9 comes before step 10).
            if self.resetting.is_open() || spec.reg != Reg::GHECCR {
                let reg = spec.reg;
                board.report(
                    Rule::WrongOrder,
                    format!("{reg:?}[{n}] := {value:#010x} before the reset has finished"),
                );
            }
            if self.resetting.is_open() {
                return;
            }
        }
        if !self.interrupts.write(spec.reg, value, &self.file, board) {
            self.write_other(spec.reg, n, value, spec.access, board);
        }
    }

    fn check_reserved(&self, spec: Spec, n: usize, value: u32, board: &mut Board) {
        let old = self.file.get(spec.reg, n);
        let kept = if spec.reg == Reg::HLREG0 { (old ^ value) & HLREG0_KEPT } else { 0 };
        // Bits that read 1 may be written back as they are.
        let reserved = value & spec.reserved & !old | kept;
        if reserved != 0 {
            let (reg, name) = (spec.reg, self.chip.name);
            board.report(
                Rule::ReservedBit,
                format!("{reg:?}[{n}] := {value:#010x}: bits {reserved:#010x} are reserved on the {name}"),
            );
        }
    }

    fn write_other(&mut self, reg: Reg, n: usize, value: u32, access: Access, board: &mut Board) {
        match reg {
            Reg::CTRL => self.write_ctrl(value, board),
            Reg::SWSM => self.file.set(Reg::SWSM, 0, value & 3),
            // The EEPROM's words are not modelled: they read 0.
            Reg::EERD => {
                let done = if value & EERD_START != 0 { EERD_DONE } else { 0 };
                self.file.set(Reg::EERD, 0, value & 0xfffc | done);
            }
            Reg::AUTOC => {
                self.file.set(Reg::AUTOC, 0, value & !AN_RESTART);
                if value & AN_RESTART != 0 {
                    self.restart_link(board);
                }
            }
            Reg::RXCTRL => self.write_rxctrl(value, board),
            Reg::FCTRL | Reg::RXCSUM | Reg::MRQC | Reg::VMD_CTL | Reg::RDRXCTL => {
                self.write_with_receiver_off(reg, value, board);
            }
            Reg::RAL => {
                if self.is_live(n) && self.file.get(reg, n) != value {
                    board.report(
                        Rule::WrongOrder,
                        format!("RAL[{n}] := {value:#010x} while RAH[{n}].AV is on"),
                    );
                }
                self.file.set(reg, n, value);
            }
            Reg::RAH => self.write_rah(n, value, board),
            Reg::RXDCTL => {
                self.file.set(reg, n, value & !(ENABLE | SWFLSH));
                self.rx[n].ask(value & ENABLE != 0, board);
            }
            Reg::TXDCTL => {
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
            // Arbitration: 0 TDPAC, 4 TRM, 6 ARBDIS; 5 TPPAC, 6 ARBDIS, 8 TRM (1.6). Round robin is the
            // state with all of them 0.
            Reg::DPMCS if value & 0x51 != 0 => self.refuse_arbitration(reg, value, board),
            Reg::PDPMCS if value & 0x160 != 0 => self.refuse_arbitration(reg, value, board),
            _ if access == Access::ReadWrite => self.file.set(reg, n, value),
            _ => {}
        }
    }

    fn refuse_arbitration(&mut self, reg: Reg, value: u32, board: &mut Board) {
        board.report(Rule::NotModelled, format!("{reg:?} := {value:#010x}: other than round robin"));
        self.file.set(reg, 0, value);
    }

    fn write_ctrl(&mut self, value: u32, board: &mut Board) {
        if value & RST != 0 {
            self.begin_reset(board);
            return;
        }
        self.file.set(Reg::CTRL, 0, value & !LRST);
        if value & LRST != 0 {
            self.started = false;
            self.follow_link(board);
        }
        self.master.ask(value & MASTER_DISABLE == 0, board.now + MASTER_TIME);
        if board.faults.has(InjectedFault::MasterNeverStops) {
            self.master.jam();
        }
    }

    /// A restart takes the link down before it comes back.
    fn restart_link(&mut self, board: &mut Board) {
        self.started = false;
        self.follow_link(board);
        self.started = true;
        self.follow_link(board);
    }

    /// The receive path may be disabled only after all queues are (2.9, DS98 p136). But the reset
    /// sequence begins with it (2.1 step 1), so that it is wrong only if no reset follows.
    fn write_rxctrl(&mut self, value: u32, board: &mut Board) {
        let (was, on) = (self.file.on(Reg::RXCTRL, RXEN), value & RXEN != 0);
        if was && !on {
            self.stopped_early = self.rx.iter().any(|ring| ring.gate.in_use());
        }
        if on && !was {
            if core::mem::take(&mut self.stopped_early) {
                board.report(
                    Rule::WrongOrder,
                    format!("RXCTRL := {value:#x}: RXEN had been taken away under enabled queues"),
                );
            }
            if self.file.get(Reg::RAH, 0) & AV == 0 {
                // RAR0 is the station's address, also for PAUSE.
                board.report(Rule::WrongOrder, format!("RXCTRL := {value:#x}: RXEN while RAH[0].AV is off"));
            }
        }
        if on && !was && self.file.on(Reg::RDRXCTL, MVMEN) {
            // 1.5, MVMEN note: all 16 SRRCTL must be programmed then.
            if let Some(n) = (0..16).find(|&n| self.file.get(Reg::SRRCTL, n) == 0) {
                board.report(
                    Rule::WrongOrder,
                    format!("RXCTRL := {value:#x}: MVMEN is on, but SRRCTL[{n}] is 0"),
                );
            }
        }
        self.file.set(Reg::RXCTRL, 0, value);
    }

    /// FCTRL and RXCSUM: 1.4 (G p582). MRQC, VMD_CTL and RDRXCTL.MVMEN: 2.4 step 0.
    fn write_with_receiver_off(&mut self, reg: Reg, value: u32, board: &mut Board) {
        let matters = if reg == Reg::RDRXCTL { MVMEN } else { u32::MAX };
        if self.file.on(Reg::RXCTRL, RXEN) && (self.file.get(reg, 0) ^ value) & matters != 0 {
            board.report(Rule::WrongOrder, format!("{reg:?} := {value:#010x} while RXCTRL.RXEN is on"));
        }
        if reg == Reg::MRQC && value & 1 != 0 {
            board.report(Rule::NotModelled, format!("MRQC := {value:#010x}: RSS"));
        }
        self.file.set(reg, 0, value);
    }

    /// Whether entry `n` may hold a half-written address: RAR0 may be set up while nothing receives.
    fn is_live(&self, n: usize) -> bool {
        self.file.get(Reg::RAH, n) & AV != 0 && (n != 0 || self.file.on(Reg::RXCTRL, RXEN))
    }

    /// RAL before AV when adding, AV off before RAL when removing (ixgbe-hal/FACTS.md 2.6).
    fn write_rah(&mut self, n: usize, value: u32, board: &mut Board) {
        let live = self.is_live(n);
        if live && value & AV != 0 && (self.file.get(Reg::RAH, n) ^ value) & 0xffff != 0 {
            board.report(Rule::WrongOrder, format!("RAH[{n}] := {value:#010x}: address changed under AV"));
        }
        if live && n == 0 && value & AV == 0 {
            board.report(Rule::WrongOrder, format!("RAH[0] := {value:#010x}: AV removed, RXEN on"));
        }
        self.file.set(Reg::RAH, n, value);
    }
}
