//! The 82598: registers with side effects, reset, link, and the data paths.
//!
//! The 82599 and the X540 would be other [`Chip`]s here, with their own register lists and sorting.
//!
//! Facts: ixgbe-hal/FACTS.md. Files: `registers` (where they are), `access` (what writes do), `interrupt`,
//! `receive`, `transmit`, and one file for the sorting of each chip.

mod access;
mod i82598;
mod interrupt;
mod receive;
mod registers;
mod transmit;

pub(crate) use i82598::I82598;

use crate::board::{Board, Device};
use crate::clock::{Gate, MS, US, sooner};
use crate::fault::InjectedFault;
use crate::filter::AV;
use crate::frame::Frame;
use crate::pending::{Pending, Verdict};
use crate::queue::rx;
use crate::queue::tx::{RoundRobin, Sender, TxRules};
use crate::queue::{Ring, RingRules};
use crate::register::{File, Reg, Spec};
use crate::violation::Rule;
use interrupt::Interrupts;

/// CTRL bits.
const MASTER_DISABLE: u32 = 1 << 2;
const LRST: u32 = 1 << 3;
const RST: u32 = 1 << 26;

/// RXCTRL.RXEN.
const RXEN: u32 = 1;

/// FCTRL bits.
const SBP: u32 = 1 << 1;
const MPE: u32 = 1 << 8;
const UPE: u32 = 1 << 9;
const BAM: u32 = 1 << 10;
const DPF: u32 = 1 << 13;

/// HLREG0 bits.
const RXCRCSTRP: u32 = 1 << 1;
const JUMBOEN: u32 = 1 << 2;
const TXPADEN: u32 = 1 << 10;

/// VLNCTRL bits.
const VFE: u32 = 1 << 30;
const VME: u32 = 1 << 31;

/// How long things take. The facts give the bounds of the drivers (10 x 1 us for CTRL.RST, 50 ms for
/// the rest of a reset, 800 x 100 us for the master, 4.5 s for the link); these are chosen within them.
const RESET_TIME: u64 = 2 * US;
const NVM_TIME: u64 = 5 * MS;
/// Just before a poll of the driver, so that one which doesn't wait for what is under way is caught.
const MASTER_TIME: u64 = 290 * US;
const LINK_TIME: u64 = 300 * MS;

/// What one device of the family has.
pub(crate) struct Chip {
    pub(crate) name: &'static str,
    /// The station address in the NVM, unless a test chose another.
    pub(crate) mac: [u8; 6],
    registers: fn() -> Vec<Spec>,
    rx_queues: usize,
    tx_queues: usize,
    filters: usize,
    rings: RingRules,
    transmit: TxRules,
    /// Chooses the queues of a frame that the L2 filter has accepted.
    sort: fn(&File, &Frame) -> Verdict,
}

/// A controller of the family.
pub(crate) struct Ixgbe {
    chip: &'static Chip,
    /// The station address in the NVM.
    mac: [u8; 6],
    file: File,
    rx: Vec<Ring>,
    tx: Vec<Sender>,
    arbiter: RoundRobin,
    interrupts: Interrupts,
    link: Gate,
    /// Whether software has started the link since the reset (AUTOC.AN_RESTART).
    started: bool,
    /// Open while CTRL.RST reads 1.
    resetting: Gate,
    /// Open while the EEPROM is being read.
    loading: Gate,
    /// Open while the controller may be bus master.
    master: Gate,
    /// Whether RXEN was taken away under enabled queues; forgiven by a reset.
    stopped_early: bool,
    pending: Option<Pending>,
}

impl Ixgbe {
    pub(crate) fn new(chip: &'static Chip, mac: [u8; 6]) -> Self {
        let mut ixgbe = Self {
            chip,
            mac,
            file: File::new((chip.registers)()),
            rx: (0..chip.rx_queues).map(|n| Ring::new("RX", n, chip.rings)).collect(),
            tx: (0..chip.tx_queues).map(|n| Sender::new(n, chip.rings)).collect(),
            arbiter: RoundRobin::default(),
            interrupts: Interrupts::default(),
            link: Gate::default(),
            started: false,
            resetting: Gate::default(),
            loading: Gate::default(),
            master: Gate::OPEN,
            stopped_early: false,
            pending: None,
        };
        ixgbe.load_nvm();
        ixgbe
    }

    /// RAR0 comes from the EEPROM (ixgbe-hal/FACTS.md 1.4).
    fn load_nvm(&mut self) {
        let [a, b, c, d, e, f] = self.mac;
        self.file.set(Reg::RAL, 0, u32::from_le_bytes([a, b, c, d]));
        self.file.set(Reg::RAH, 0, u32::from(u16::from_le_bytes([e, f])) | AV);
    }

    /// RAR, MTA and VFTA keep what they hold (ixgbe-hal/FACTS.md 2.1 step 12).
    fn begin_reset(&mut self, board: &mut Board) {
        board.drops.reset += (self.held() + board.wire.reset()) as u64;
        self.file.restore(false);
        for ring in &mut self.rx {
            ring.restore(Gate::default());
        }
        for sender in &mut self.tx {
            sender.ring.restore(Gate::default());
            sender.write_back = 0;
            sender.abandon();
        }
        self.arbiter = RoundRobin::default();
        self.interrupts = Interrupts::default();
        (self.link, self.started) = (Gate::default(), false);
        self.master = Gate::OPEN;
        self.stopped_early = false;
        self.pending = None;
        (self.resetting, self.loading) = (Gate::OPEN, Gate::OPEN);
        self.resetting.ask(false, board.now + RESET_TIME);
        self.loading.ask(false, board.now + NVM_TIME);
        if board.faults.has(InjectedFault::ResetNeverEnds) {
            self.resetting.jam();
            self.loading.jam();
        }
    }

    /// Whether anything may move between the wire and memory.
    fn runs(&self) -> bool {
        self.link.is_open() && self.master.is_open() && !self.resetting.is_open()
    }

    /// Lets the link follow AUTOC and the cable; losing it takes no time. Assumption: it needs an
    /// AUTOC.AN_RESTART after power-on and after each reset (2.3).
    fn follow_link(&mut self, board: &mut Board) {
        let up = self.started && !board.unplugged;
        self.link.ask(up, board.now + if up { LINK_TIME } else { 0 });
        if up && board.faults.has(InjectedFault::LinkNeverComes) {
            self.link.jam();
        }
        if self.link.tick(board.now) {
            self.interrupts.raise(interrupt::LSC, &self.file, board);
        }
    }
}

impl Device for Ixgbe {
    fn read(&mut self, board: &mut Board, at: u32) -> u32 {
        self.read_register(board, at)
    }

    fn write(&mut self, board: &mut Board, at: u32, value: u32) {
        self.write_register(board, at, value);
    }

    fn tick(&mut self, board: &mut Board) {
        let now = board.now;
        self.resetting.tick(now);
        if self.loading.tick(now) {
            self.load_nvm();
        }
        self.master.tick(now);
        for ring in &mut self.rx {
            ring.gate.tick(now);
        }
        for sender in &mut self.tx {
            if sender.ring.gate.tick(now) && !sender.ring.gate.is_open() {
                sender.abandon();
            }
        }
        if self.link.tick(now) {
            self.interrupts.raise(interrupt::LSC, &self.file, board);
        }
    }

    fn due(&self) -> Option<u64> {
        let gates = [self.resetting, self.loading, self.master, self.link].into_iter();
        let rings = self.rx.iter().map(|ring| ring.gate).chain(self.tx.iter().map(|tx| tx.ring.gate));
        gates.chain(rings).map(Gate::due).fold(None, sooner)
    }

    fn step(&mut self, board: &mut Board) -> bool {
        if !self.runs() {
            return false;
        }
        let received = self.step_receive(board);
        let sent = self.step_transmit(board);
        received || sent
    }

    fn listens(&self) -> bool {
        self.runs() && self.file.on(Reg::RXCTRL, RXEN)
    }

    fn held(&self) -> usize {
        usize::from(self.pending.is_some())
    }

    fn cable(&mut self, board: &mut Board) {
        self.follow_link(board);
    }

    fn check_unmap(&mut self, board: &mut Board, bus: u64, len: usize) {
        // A queue that can't fetch any more holds nothing: the master is off (2.1 step 4), and its last posted
        // writes have landed.
        if !self.master.may_land(board.now) {
            return;
        }
        for n in 0..self.rx.len() {
            let format = self.format(n);
            if rx::reaches(&self.rx[n], format, bus, len, board) {
                report_in_use(board, self.rx[n].name(), bus, len);
            }
        }
        for n in 0..self.tx.len() {
            if self.tx[n].reaches(bus, len, board) {
                report_in_use(board, self.tx[n].ring.name(), bus, len);
            }
        }
    }

    fn spurious_done(&mut self, board: &mut Board) -> bool {
        self.rx.iter().any(|ring| rx::spurious_done(ring, board))
    }

    fn line(&self) -> bool {
        self.interrupts.line(&self.file)
    }
}

/// Says that memory was unmapped under a running queue.
fn report_in_use(board: &mut Board, queue: &str, bus: u64, len: usize) {
    board.report(
        Rule::MemoryInUse,
        format!("unmap of {len} bytes at {bus:#x}, which the enabled queue {queue} can still reach"),
    );
}
