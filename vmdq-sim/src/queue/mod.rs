//! Descriptor rings and the two engines that work on them. Both families use these unchanged.
//!
//! Facts: igb-hal/FACTS.md 2.4, 3.10, 3.11, 4, 5; ixgbe-hal/FACTS.md 1.5, 1.6, 3.

pub(crate) mod rx;
pub(crate) mod tx;

use crate::board::Board;
use crate::clock::{Gate, US};
use crate::fault::InjectedFault;
use crate::register::Reg;
use crate::violation::Rule;

/// Bytes of a descriptor.
pub(crate) const DESCRIPTOR: u32 = 16;

/// RDLEN and TDLEN, 19:7: the length in bytes.
const LENGTH: u32 = 0xf_ff80;

/// RXDCTL.ENABLE and TXDCTL.ENABLE.
pub(crate) const ENABLE: u32 = 1 << 25;
/// RXDCTL.SWFLSH and TXDCTL.SWFLSH, which clear themselves.
pub(crate) const SWFLSH: u32 = 1 << 26;

/// How long a queue takes to start and to stop. The facts give only the bound that drivers wait
/// (10 x 1 ms), so that these are chosen: long enough that a driver which doesn't poll is caught, and a
/// stop just before the poll that sees it, so that one which doesn't wait for what is under way is, too.
const START: u64 = 20 * US;
const STOP: u64 = 950 * US;

/// What a device asks of its rings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RingRules {
    /// Alignment of the base: 128 (igb-hal/FACTS.md section 5), 16 on the 82598 (ixgbe-hal/FACTS.md section 4).
    pub(crate) alignment: u64,
    /// Whether a tail counts as soon as ENABLE is asked for, before it reads 1: on the 82598 the bit
    /// reads 0 as long as the link is down (ixgbe-hal/FACTS.md 2.3), so that software can't wait for it.
    pub(crate) tail_when_asked: bool,
}

/// One descriptor ring and its registers.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    /// For messages: `RX 3`.
    name: String,
    rules: RingRules,
    base: u64,
    len: u32,
    head: u32,
    tail: u32,
    pub(crate) gate: Gate,
}

impl Ring {
    pub(crate) fn new(kind: &str, number: usize, rules: RingRules) -> Self {
        let name = format!("{kind} {number}");
        Self { name, rules, base: 0, len: 0, head: 0, tail: 0, gate: Gate::default() }
    }

    /// Forgets everything, as a reset does.
    pub(crate) fn restore(&mut self, gate: Gate) {
        let name = core::mem::take(&mut self.name);
        *self = Self { name, rules: self.rules, base: 0, len: 0, head: 0, tail: 0, gate };
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How many descriptors the ring holds.
    pub(crate) const fn slots(&self) -> u32 {
        (self.len & LENGTH) / DESCRIPTOR
    }

    /// How many descriptors software has handed over.
    pub(crate) const fn posted(&self) -> u32 {
        let slots = self.slots();
        if slots == 0 || self.tail >= slots || self.head >= slots {
            return 0;
        }
        (self.tail + slots - self.head) % slots
    }

    pub(crate) const fn head(&self) -> u32 {
        self.head
    }

    /// Where the ring begins; the low bits of the base are ignored.
    const fn start(&self) -> u64 {
        self.base & !(self.rules.alignment - 1)
    }

    /// Bus address of the descriptor `ahead` places behind the head.
    pub(crate) const fn address(&self, ahead: u32) -> u64 {
        let slot = (self.head + ahead) % self.slots();
        self.start().wrapping_add((slot * DESCRIPTOR) as u64)
    }

    /// Gives `count` descriptors back to software.
    pub(crate) const fn advance(&mut self, count: u32) {
        self.head = (self.head + count) % self.slots();
    }

    /// Whether the ring's memory or a byte of it lies in `[bus, bus + len)`.
    pub(crate) fn overlaps(&self, bus: u64, len: usize) -> bool {
        overlap(self.start(), (self.len & LENGTH) as usize, bus, len)
    }

    /// Reads a ring register; `None` if it is none.
    pub(crate) const fn read(&self, reg: Reg) -> Option<u32> {
        Some(match reg {
            Reg::RDBAL | Reg::TDBAL => self.start() as u32,
            Reg::RDBAH | Reg::TDBAH => (self.base >> 32) as u32,
            Reg::RDLEN | Reg::TDLEN => self.len & LENGTH,
            Reg::RDH | Reg::TDH => self.head,
            Reg::RDT | Reg::TDT => self.tail,
            _ => return None,
        })
    }

    /// Writes a ring register.
    pub(crate) fn write(&mut self, reg: Reg, value: u32, board: &mut Board) {
        let shown = format!("{reg:?} of {} := {value:#x}", self.name);
        if matches!(reg, Reg::RDT | Reg::TDT) {
            return self.write_tail(value, &shown, board);
        }
        if self.gate.in_use() {
            // igb-hal/FACTS.md 2.4 (I210 p436): written only while the queue is disabled; the head is read-only
            // in use (S75 p359). ixgbe-hal/FACTS.md 1.6: TDH only while ENABLE is 0.
            board.report(Rule::WrongOrder, format!("{shown} while the queue is enabled"));
            return;
        }
        match reg {
            Reg::RDBAL | Reg::TDBAL => self.base = self.base >> 32 << 32 | u64::from(value),
            Reg::RDBAH | Reg::TDBAH => self.base = self.base & 0xffff_ffff | u64::from(value) << 32,
            Reg::RDLEN | Reg::TDLEN => self.len = value,
            _ => self.head = value & 0xffff,
        }
    }

    fn write_tail(&mut self, value: u32, shown: &str, board: &mut Board) {
        let enabled = self.gate.is_open() || self.rules.tail_when_asked && self.gate.asked();
        if !enabled {
            // igb-hal/FACTS.md 2.4 (S75 p359): the write is ignored while the queue is disabled. Zero is part
            // of the set-up sequence (3.10, 3.11).
            if value == 0 {
                self.tail = 0;
            } else {
                board.report(Rule::WrongOrder, format!("{shown} while the queue is disabled: ignored"));
            }
        } else if value >= self.slots() && !(value == 0 && self.len == 0) {
            board.report(Rule::TailBeyondRing, format!("{shown}, ring of {} descriptors", self.slots()));
        } else {
            self.tail = value;
        }
    }

    /// Takes the ENABLE bit of RXDCTL or TXDCTL.
    pub(crate) fn ask(&mut self, on: bool, board: &mut Board) {
        if on && !self.gate.asked() {
            if !self.base.is_multiple_of(self.rules.alignment) {
                board.report(
                    Rule::BadRing,
                    format!(
                        "{}: base {:#x} is not {}-byte aligned",
                        self.name, self.base, self.rules.alignment
                    ),
                );
            }
            // igb-hal/FACTS.md 2.4 and 5: RDLEN 19:7, a multiple of 128 bytes.
            if self.len == 0 || !self.len.is_multiple_of(128) || self.len > LENGTH {
                board.report(
                    Rule::BadRing,
                    format!("{}: length {:#x} is no multiple of 128", self.name, self.len),
                );
            }
        }
        self.gate.ask(on, board.now + if on { START } else { STOP });
        let jam = if on { InjectedFault::QueueNeverEnables } else { InjectedFault::QueueNeverDisables };
        if board.faults.has(jam) {
            self.gate.jam();
        }
    }
}

/// Whether two ranges share a byte.
pub(crate) fn overlap(a: u64, a_len: usize, b: u64, b_len: usize) -> bool {
    a < b.saturating_add(b_len as u64) && b < a.saturating_add(a_len as u64)
}

#[cfg(test)]
mod tests {
    use super::{Ring, RingRules};
    use crate::board::Board;
    use crate::register::Reg;
    use crate::violation::Rule;

    const RULES: RingRules = RingRules { alignment: 128, tail_when_asked: false };

    fn ring(board: &mut Board, base: u32, len: u32) -> Ring {
        let mut ring = Ring::new("RX", 1, RULES);
        ring.write(Reg::RDBAL, base, board);
        ring.write(Reg::RDBAH, 7, board);
        ring.write(Reg::RDLEN, len, board);
        ring.ask(true, board);
        ring.gate.tick(u64::MAX);
        ring
    }

    fn rules(board: &Board) -> Vec<Rule> {
        board.log.list().iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn counts_what_is_posted_across_the_end() {
        let mut board = Board::default();
        let mut ring = ring(&mut board, 0x1000, 128);
        assert_eq!((ring.slots(), ring.posted()), (8, 0));
        ring.write(Reg::RDT, 7, &mut board);
        assert_eq!(ring.posted(), 7);
        ring.advance(6);
        ring.write(Reg::RDT, 2, &mut board);
        assert_eq!(ring.posted(), 4);
        assert_eq!(ring.address(3), 0x7_0000_1010);
        assert_eq!(rules(&board), []);
    }

    #[test]
    fn base_and_length_are_checked_when_the_queue_starts() {
        for (base, len, bad) in
            [(0x1000, 128, 0), (0x1010, 128, 1), (0x1000, 0, 1), (0x1000, 200, 1), (0x1001, 1, 2)]
        {
            let mut board = Board::default();
            ring(&mut board, base, len);
            assert_eq!(rules(&board), vec![Rule::BadRing; bad], "{base:#x} {len}");
        }
    }

    #[test]
    fn a_tail_beyond_the_ring_or_before_the_start_is_ignored() {
        let mut board = Board::default();
        let mut ring = ring(&mut board, 0x1000, 128);
        ring.write(Reg::RDT, 8, &mut board);
        assert_eq!((ring.posted(), rules(&board)), (0, vec![Rule::TailBeyondRing]));

        let mut board = Board::default();
        let mut stopped = Ring::new("TX", 0, RULES);
        stopped.write(Reg::TDLEN, 128, &mut board);
        stopped.write(Reg::TDT, 0, &mut board);
        assert_eq!(rules(&board), []);
        stopped.write(Reg::TDT, 3, &mut board);
        assert_eq!((stopped.read(Reg::TDT), rules(&board)), (Some(0), vec![Rule::WrongOrder]));
    }

    #[test]
    fn a_running_ring_keeps_its_place() {
        let mut board = Board::default();
        let mut ring = ring(&mut board, 0x1000, 128);
        for reg in [Reg::RDBAL, Reg::RDBAH, Reg::RDLEN, Reg::RDH] {
            ring.write(reg, 0x2000, &mut board);
        }
        assert_eq!(rules(&board), [Rule::WrongOrder; 4]);
        assert_eq!(ring.read(Reg::RDBAL), Some(0x1000));
    }
}
