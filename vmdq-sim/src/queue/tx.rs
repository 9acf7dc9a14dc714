//! The transmit engine: takes one frame at a time out of the descriptors of one queue, and the arbiter
//! that visits the queues in turn.
//!
//! Facts: igb-hal/FACTS.md 2.4 (TDWBAL), 3.11, 4; ixgbe-hal/FACTS.md 1.6, 2.10, 3. Both families have the
//! advanced layout; the differences are in [`TxRules`].

use crate::board::Board;
use crate::fault::InjectedFault;
use crate::frame::FCS;
use crate::queue::{Ring, RingRules, overlap};
use crate::violation::Rule;

const EOP: u32 = 1 << 24;
const IFCS: u32 = 1 << 25;
const RS: u32 = 1 << 27;
const DEXT: u32 = 1 << 29;
const VLE: u32 = 1 << 30;
const TSE: u32 = 1 << 31;
const DATA: u32 = 3;
const CONTEXT: u32 = 2;

/// What a device asks of transmit descriptors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TxRules {
    /// Longest frame on the wire, with FCS.
    pub(crate) longest: usize,
    /// Whether the context index must be the ring's number (82575: igb-hal/FACTS.md 1 and 4).
    pub(crate) context_is_ring: bool,
    /// Bytes of a head write-back: 2 on the 82575 (igb-hal/FACTS.md 2.4), else 4.
    pub(crate) head_bytes: usize,
    /// A packet must leave this many descriptors of its ring free (82598: 31, ixgbe-hal/FACTS.md section 3).
    pub(crate) span_margin: u32,
}

/// One transmit queue.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    pub(crate) ring: Ring,
    /// TDWBAH and TDWBAL.
    pub(crate) write_back: u64,
    number: usize,
    /// The part of a frame that has been fetched already.
    partial: Vec<u8>,
    span: u32,
    /// IFCS of the first descriptor, which speaks for the packet (S75 p144).
    insert_fcs: bool,
}

/// What one turn of a queue gave.
#[derive(Default, Debug)]
pub(crate) struct Turn {
    /// The frame without FCS, before padding, and whether the device adds the FCS.
    pub(crate) frame: Option<(Vec<u8>, bool)>,
    /// Whether a descriptor was written back.
    pub(crate) reported: bool,
}

impl Sender {
    pub(crate) fn new(number: usize, rules: RingRules) -> Self {
        Self {
            ring: Ring::new("TX", number, rules),
            write_back: 0,
            number,
            partial: Vec::new(),
            span: 0,
            insert_fcs: false,
        }
    }

    /// Whether the queue has descriptors to fetch.
    pub(crate) fn backlogged(&self) -> bool {
        self.ring.gate.is_open() && self.ring.posted() > 0
    }

    /// Drops a frame that was fetched in part: the queue was stopped or reset.
    pub(crate) fn abandon(&mut self) {
        self.partial.clear();
        self.span = 0;
    }

    /// Fetches descriptors up to the end of one frame, or as many as there are.
    pub(crate) fn turn(&mut self, rules: TxRules, board: &mut Board) -> Turn {
        let mut turn = Turn::default();
        while turn.frame.is_none() && self.ring.posted() > 0 {
            let at = self.ring.address(0);
            let name = format_args!("descriptor of {}", self.ring.name());
            let Some(words) = board.memory.descriptor(at, &name, &mut board.log) else {
                self.ring.advance(1);
                continue;
            };
            let command = words[1] as u32;
            turn.frame = self.take(words, rules, board);
            self.ring.advance(1);
            if command & RS != 0 {
                self.report(at, rules, board);
                turn.reported = true;
            }
        }
        turn
    }

    /// Takes one descriptor; returns the frame that it completes.
    fn take(&mut self, words: [u64; 2], rules: TxRules, board: &mut Board) -> Option<(Vec<u8>, bool)> {
        let (command, options) = (words[1] as u32, (words[1] >> 32) as u32);
        let kind = command >> 20 & 0xf;
        if command & DEXT == 0 || !matches!(kind, DATA | CONTEXT) {
            self.complain(words, "needs DEXT and DTYP 2 or 3", board);
            return None;
        }
        let context = (options >> 4 & 0xf) as usize;
        if rules.context_is_ring && context != self.number {
            // igb-hal/FACTS.md section 1: on the 82575 IDX must be the ring's number.
            self.complain(words, "has another ring's context index", board);
        }
        if kind == CONTEXT {
            return None;
        }
        if command & (TSE | VLE) != 0 {
            board.report(
                Rule::NotModelled,
                format!("{}: segmentation or tag insertion ({command:#010x})", self.ring.name()),
            );
        }
        let len = (command & 0xffff) as usize;
        if self.span == 0 {
            self.insert_fcs = command & IFCS != 0;
        }
        self.span += 1;
        if len == 0 {
            self.complain(words, "has no data", board);
        }
        if self.span > 1 && self.ring.slots() < self.span + rules.span_margin {
            self.complain(words, "belongs to a packet that spans too much of the ring", board);
        }
        let start = self.partial.len();
        // One byte too many is enough to know: a driver must not fill the memory.
        let len = len.min((rules.longest + 1).saturating_sub(start));
        self.partial.resize(start + len, 0);
        let name = format_args!("frame of {}", self.ring.name());
        let fetched = board.memory.read(words[0], &mut self.partial[start..], &name, &mut board.log);
        if fetched.is_none() {
            // What was not granted is not read; nothing of the frame goes out.
            self.partial.truncate(start);
        }
        if command & EOP == 0 {
            return None;
        }
        self.span = 0;
        let mut frame = core::mem::take(&mut self.partial);
        if !self.insert_fcs {
            // Software has put the FCS at the end.
            frame.truncate(frame.len().saturating_sub(FCS));
        }
        if frame.len() + FCS > rules.longest {
            self.complain(words, &format!("ends a frame of {} bytes", frame.len() + FCS), board);
            return None;
        }
        (fetched.is_some() && !frame.is_empty()).then_some((frame, self.insert_fcs))
    }

    fn complain(&self, words: [u64; 2], what: &str, board: &mut Board) {
        board.report(
            Rule::BadDescriptor,
            format!("{}: descriptor {:#018x} {:#018x} {what}", self.ring.name(), words[0], words[1]),
        );
    }

    /// Tells software how far the queue has come: by the descriptor, or by the head alone if TDWBAL
    /// says so (then the descriptor is untouched).
    fn report(&self, at: u64, rules: TxRules, board: &mut Board) {
        let name = format_args!("write-back of {}", self.ring.name());
        if self.write_back & 1 != 0 {
            let wild = board.faults.strike(InjectedFault::WildHead);
            let head = if wild { u32::MAX } else { self.ring.head() };
            let bytes = &head.to_le_bytes()[..rules.head_bytes];
            board.memory.write(self.write_back & !3, bytes, &name, &mut board.log);
        } else {
            // All but DD is reserved in a write-back: software must not find its own words there.
            board.memory.write_back(at, [0, 1 << 32], &name, &mut board.log);
        }
    }

    /// Returns whether the ring, a posted buffer or the head write-back lies in `[bus, bus + len)`.
    pub(crate) fn reaches(&self, bus: u64, len: usize, board: &mut Board) -> bool {
        if !self.ring.gate.may_land(board.now) || self.ring.slots() == 0 {
            return false;
        }
        self.ring.overlaps(bus, len)
            || self.write_back & 1 != 0 && overlap(self.write_back & !3, 4, bus, len)
            || (0..self.ring.posted()).any(|ahead| {
                let at = self.ring.address(ahead);
                let found = board.memory.descriptor(at, &self.ring.name(), &mut board.log);
                found.is_some_and(|[buffer, command]| {
                    command as u32 >> 20 & 0xf == DATA && overlap(buffer, command as usize & 0xffff, bus, len)
                })
            })
    }
}

/// Visits queues in turn, one frame each (igb-hal/FACTS.md 3.11; ixgbe-hal/FACTS.md 2.10: the reset state).
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct RoundRobin {
    next: usize,
}

impl RoundRobin {
    /// Picks the next queue of `count` that is ready.
    pub(crate) fn pick(&mut self, count: usize, ready: impl Fn(usize) -> bool) -> Option<usize> {
        let queue = (0..count).map(|step| (self.next + step) % count).find(|&queue| ready(queue))?;
        self.next = queue + 1;
        Some(queue)
    }
}

#[cfg(test)]
mod tests {
    use core::alloc::Layout;

    use vmdq_hal::dma::Direction;

    use super::*;
    use crate::memory::alloc;

    #[test]
    fn a_frame_without_end_is_bounded() {
        const LEN: usize = 0xf000;
        let rules = TxRules { longest: 0x3f00, context_is_ring: false, head_bytes: 4, span_margin: 0 };
        let mut sender = Sender::new(0, RingRules { alignment: 128, tail_when_asked: false });
        let mut board = Board::default();
        let bus =
            board.memory.map(alloc(Layout::from_size_align(LEN, 64).unwrap()), LEN, Direction::ToDevice);
        let part = u64::from(DEXT | IFCS | DATA << 20) | LEN as u64;
        for _ in 0..1000 {
            assert!(sender.take([bus, part], rules, &mut board).is_none());
        }
        assert_eq!(sender.partial.len(), rules.longest + 1);
        board.log.forget();
        assert!(sender.take([bus, part | u64::from(EOP)], rules, &mut board).is_none());
        assert!(sender.partial.is_empty());
        assert!(board.log.list().iter().any(|violation| violation.what.contains("ends a frame")));
    }

    #[test]
    fn nobody_is_passed_over() {
        let mut arbiter = RoundRobin::default();
        let mut left = [3, 0, 1, 2];
        let mut order = Vec::new();
        while let Some(queue) = arbiter.pick(4, |queue| left[queue] > 0) {
            left[queue] -= 1;
            order.push(queue);
        }
        assert_eq!(order, [0, 2, 3, 0, 3, 0]);
    }
}
