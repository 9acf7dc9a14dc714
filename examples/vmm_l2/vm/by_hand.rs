//! One direction of the I/O channel as a hostile machine writes it: word by word, past the
//! front-end's checks. The layout is that of `vmdq::channel`.

use core::sync::atomic::{AtomicU32, Ordering};

use vmdq::vmm::GuestRange;

use super::layout::ENTRIES;

/// Where the counts of both sides are.
const PRODUCED: usize = 16;
const RESPONDED: usize = 32;
/// Where the requests begin, of four words each.
const REQUESTS: usize = 48;

/// Marks that word 3 has a tag, in its upper half.
const TAGGED: u32 = 1 << 24;

pub(super) struct ByHand {
    words: &'static [AtomicU32],
    produced: u32,
}

impl ByHand {
    pub(super) const fn new(words: &'static [AtomicU32]) -> Self {
        Self { words, produced: 0 }
    }

    /// Tells whether one more request still looks honest.
    pub(super) fn has_room(&self) -> bool {
        let responded = self.words[RESPONDED].load(Ordering::Acquire);
        self.produced.wrapping_sub(responded) < ENTRIES as u32
    }

    /// Posts four words as they are, if there is room.
    pub(super) fn post(&mut self, request: [u32; 4]) {
        if self.has_room() {
            let at = REQUESTS + 4 * (self.produced as usize % ENTRIES);
            for (word, value) in self.words[at..].iter().zip(request) {
                word.store(value, Ordering::Relaxed);
            }
            self.count(1);
        }
    }

    /// Claims to have posted `count` entries.
    pub(super) fn count(&mut self, more: u32) {
        self.produced = self.produced.wrapping_add(more);
        self.words[PRODUCED].store(self.produced, Ordering::Release);
    }

    /// Overwrites a word that is neither side's count of entries: those are for an attack of its own.
    pub(super) fn scribble(&self, random: &mut fastrand::Rng) {
        self.overwrite(random.usize(..self.words.len()), random.u32(..));
    }

    /// The same, but not what was posted.
    pub(super) fn scribble_over_responses(&self, random: &mut fastrand::Rng) {
        let at = random.usize(..self.words.len());
        if !(REQUESTS..REQUESTS + 4 * ENTRIES).contains(&at) {
            self.overwrite(at, random.u32(..));
        }
    }

    fn overwrite(&self, at: usize, word: u32) {
        if at != PRODUCED && at != RESPONDED {
            self.words[at].store(word, Ordering::Relaxed);
        }
    }
}

/// Packs a request.
pub(super) fn request(id: u16, range: GuestRange, tag: Option<u16>) -> [u32; 4] {
    let (tagged, tag) = tag.map_or((0, 0), |tag| (TAGGED, tag));
    let [low, high] = [range.at as u32, (range.at >> 32) as u32];
    [low, high, range.len | tagged, u32::from(id) | u32::from(tag) << 16]
}

#[cfg(test)]
mod tests {
    use vmdq::channel::{BackEnd, words};

    use super::*;

    #[test]
    fn the_back_end_reads_what_is_written_by_hand() {
        let memory: Vec<_> = (0..words(ENTRIES as u32)).map(|_| AtomicU32::new(0)).collect();
        let memory: &'static [AtomicU32] = memory.leak();
        let mut back_end = BackEnd::new(memory, ENTRIES as u32).unwrap();
        let mut hand = ByHand::new(memory);
        let range = GuestRange { at: 0x1_2345_6780, len: 2048 };
        hand.post(request(7, range, Some(0xa005)));
        let posted = back_end.next().unwrap().unwrap();
        assert_eq!((posted.id(), posted.range(), posted.tag()), (7, range, Some(0xa005)));
        (1..ENTRIES).for_each(|_| hand.post(request(1, range, None)));
        assert!(!hand.has_room());
        back_end.complete(posted, 60, None).unwrap();
        assert!(hand.has_room());
        hand.count(ENTRIES as u32);
        assert!((0..=ENTRIES).any(|_| matches!(back_end.next(), Some(Err(_)))));
        assert!(back_end.is_corrupt());
    }
}
