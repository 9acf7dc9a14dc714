//! The 82575 and the 82576: registers with side effects, reset, and the data paths.
//!
//! One struct serves both; what differs is in [`Chip`]. An I350 would be another `Chip`, with its own
//! register list and the sorting of the 82576.
//!
//! Facts: igb-hal/FACTS.md. Files: `registers` (where they are), `access` (what writes do), `interrupt`, `phy`,
//! `receive`, `transmit`, and one file for the sorting of each chip.

mod access;
mod i82575;
mod i82576;
mod interrupt;
mod phy;
mod receive;
mod registers;
mod transmit;

pub(crate) use i82575::I82575;
pub(crate) use i82576::I82576;

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
use interrupt::{Interrupts, Routing};
use phy::Phy;

/// RCTL bits.
const RXEN: u32 = 1 << 1;
const SBP: u32 = 1 << 2;
const UPE: u32 = 1 << 3;
const MPE: u32 = 1 << 4;
const LPE: u32 = 1 << 5;
const BAM: u32 = 1 << 15;
const VFE: u32 = 1 << 18;
const DPF: u32 = 1 << 22;
const SECRC: u32 = 1 << 26;

/// CTRL bits.
const MASTER_DISABLE: u32 = 1 << 2;
const SLU: u32 = 1 << 6;
const RST: u32 = 1 << 26;
const VME: u32 = 1 << 30;
const PHY_RST: u32 = 1 << 31;

/// EECD.AUTO_RD.
const AUTO_RD: u32 = 1 << 9;

/// How long things take. The facts give the bounds of the drivers (800 x 100 us for the master,
/// 10 x 1 ms for AUTO_RD); these are chosen within them.
const RESET_TIME: u64 = 2 * US;
const NVM_TIME: u64 = 2 * MS;
/// Just before a poll of the driver, so that one which doesn't wait for what is under way is caught.
const MASTER_TIME: u64 = 290 * US;

/// What one device of the family has.
pub(crate) struct Chip {
    pub(crate) name: &'static str,
    /// The station address in the NVM, unless a test chose another.
    pub(crate) mac: [u8; 6],
    registers: fn() -> Vec<Spec>,
    queues: usize,
    filters: usize,
    routing: Routing,
    /// RAH bits that are ignored on a write.
    rah_ignored: u32,
    /// Whether two valid filters may hold one address.
    shared_addresses: bool,
    /// MRQC.MRQE values that are modelled besides 0.
    vmdq: u32,
    transmit: TxRules,
    /// Chooses the queues of a frame that the L2 filter has accepted.
    sort: fn(&File, &Frame, &mut Board) -> Verdict,
    /// Whether a queue may transmit.
    may_send: fn(&File, usize) -> bool,
}

/// A controller of the family.
pub(crate) struct Igb {
    chip: &'static Chip,
    /// The station address in the NVM.
    mac: [u8; 6],
    file: File,
    rx: Vec<Ring>,
    tx: Vec<Sender>,
    arbiter: RoundRobin,
    interrupts: Interrupts,
    phy: Phy,
    /// Open while CTRL.RST reads 1.
    resetting: Gate,
    /// Open while the NVM is being read.
    loading: Gate,
    /// Open while the controller may be bus master (STATUS.GIO_MASTER_ENABLE).
    master: Gate,
    pending: Option<Pending>,
}

impl Igb {
    pub(crate) fn new(chip: &'static Chip, mac: [u8; 6]) -> Self {
        let rules = RingRules { alignment: 128, tail_when_asked: false };
        let mut igb = Self {
            chip,
            mac,
            file: File::new((chip.registers)()),
            rx: (0..chip.queues).map(|n| Ring::new("RX", n, rules)).collect(),
            tx: (0..chip.queues).map(|n| Sender::new(n, rules)).collect(),
            arbiter: RoundRobin::default(),
            interrupts: Interrupts::new(chip.routing),
            phy: Phy::default(),
            resetting: Gate::default(),
            loading: Gate::default(),
            master: Gate::OPEN,
            pending: None,
        };
        igb.restore();
        igb.load_nvm();
        igb
    }

    /// Puts everything but the registers that survive into the state after a reset. Queue 0 is
    /// enabled then (igb-hal/FACTS.md 2.4: L:4335).
    fn restore(&mut self) {
        self.file.restore(false);
        for (n, ring) in self.rx.iter_mut().enumerate() {
            ring.restore(if n == 0 { Gate::OPEN } else { Gate::default() });
        }
        for (n, sender) in self.tx.iter_mut().enumerate() {
            sender.ring.restore(if n == 0 { Gate::OPEN } else { Gate::default() });
            sender.write_back = 0;
            sender.abandon();
        }
        self.arbiter = RoundRobin::default();
        self.interrupts = Interrupts::new(self.chip.routing);
        self.master = Gate::OPEN;
        self.pending = None;
    }

    /// RAR0 comes from the NVM with AV set (S75 p380).
    fn load_nvm(&mut self) {
        let [a, b, c, d, e, f] = self.mac;
        self.file.set(Reg::RAL, 0, u32::from_le_bytes([a, b, c, d]));
        self.file.set(Reg::RAH, 0, u32::from(u16::from_le_bytes([e, f])) | AV);
    }

    fn begin_reset(&mut self, board: &mut Board) {
        board.drops.reset += (self.held() + board.wire.reset()) as u64;
        self.restore();
        // Assumption: CTRL.RST resets the PHY's link too, as QEMU's model does.
        self.phy.drop_link(board.now);
        self.phy = Phy::default();
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
        self.phy.link.is_open() && self.master.is_open() && !self.resetting.is_open()
    }

    fn link_changed(&mut self, board: &mut Board) {
        self.interrupts.raise(interrupt::LSC, &self.file, board);
    }

    /// Lets the link follow CTRL.SLU and the cable; losing it takes no time.
    fn follow_link(&mut self, board: &mut Board) {
        self.phy.follow(self.file.on(Reg::CTRL, SLU), board);
        if self.phy.tick(board.now) {
            self.link_changed(board);
        }
    }
}

impl Device for Igb {
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
        if self.phy.tick(now) {
            self.link_changed(board);
        }
    }

    fn due(&self) -> Option<u64> {
        let gates = [self.resetting, self.loading, self.master].into_iter();
        let rings = self.rx.iter().map(|ring| ring.gate).chain(self.tx.iter().map(|tx| tx.ring.gate));
        gates.chain(rings).map(Gate::due).fold(self.phy.due(), sooner)
    }

    fn step(&mut self, board: &mut Board) -> bool {
        if !self.runs() {
            return false;
        }
        // Both directions of the wire work at the same time; neither may starve the other.
        let received = self.step_receive(board);
        let sent = self.step_transmit(board);
        received || sent
    }

    fn listens(&self) -> bool {
        self.runs() && self.file.on(Reg::RCTL, RXEN)
    }

    fn held(&self) -> usize {
        usize::from(self.pending.is_some())
    }

    fn cable(&mut self, board: &mut Board) {
        self.follow_link(board);
    }

    fn check_unmap(&mut self, board: &mut Board, bus: u64, len: usize) {
        // A queue that can't fetch any more holds nothing: the master is off (3.1), and its last posted
        // writes have landed.
        if !self.master.may_land(board.now) {
            return;
        }
        for n in 0..self.chip.queues {
            let format = self.format(n);
            let receives = rx::reaches(&self.rx[n], format, bus, len, board);
            if receives || self.tx[n].reaches(bus, len, board) {
                access::report_in_use(board, n, bus, len);
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
