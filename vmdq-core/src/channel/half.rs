//! The producer and the consumer of a ring.
#![forbid(unsafe_code)]

use super::layout::Place;
use super::sync::{AtomicU32, Ordering, fence};

/// The other side's count is impossible.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Overrun;

/// The result of the producer's check of the event word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Notice {
    /// Nothing was produced since the last look.
    Nothing,
    /// The consumer did not ask to be woken: it is awake, or will look again before it sleeps.
    Suppressed,
    /// The consumer may be asleep: wake it.
    Needed,
}

/// The half that puts entries in; the protocol ensures that there is room, see [`put`](Self::put).
#[derive(Debug)]
pub(super) struct Producer<'m> {
    places: &'m [Place],
    produced: &'m AtomicU32,
    event: &'m AtomicU32,
    /// Entries put in, counted privately: what stands in `produced` is never read back.
    index: u32,
    /// What `index` was when the event was last looked at.
    notified: u32,
}

impl<'m> Producer<'m> {
    pub(super) const fn new(places: &'m [Place], produced: &'m AtomicU32, event: &'m AtomicU32) -> Self {
        Self { places, produced, event, index: 0, notified: 0 }
    }

    pub(super) const fn index(&self) -> u32 {
        self.index
    }

    /// Puts an entry in and publishes it.
    ///
    /// It does not check for room. A front-end posts request k + N only after it has taken response k at
    /// least, and the back-end wrote that one after it had read request k; so the place of
    /// request k is free. The back-end writes response k + N only if the front-end posted request
    /// k + N at least, that is after it took response k; so that place is free, too. (A front-end that
    /// breaks this overwrites what is its own.)
    #[inline]
    pub(super) fn put(&mut self, words: [u32; 4]) {
        let place = &self.places[self.index as usize & (self.places.len() - 1)];
        for (to, word) in place.iter().zip(words) {
            to.store(word, Ordering::Relaxed);
        }
        self.index = self.index.wrapping_add(1);
        // Release: whoever sees the new count sees the entry, and what this side did to the buffer
        // before. It also keeps this side's reads of the other ring before it, so that the other
        // may overwrite what was read (see above).
        self.produced.store(self.index, Ordering::Release);
    }

    /// Looks whether the consumer asked to be woken for what was put in since the last look.
    pub(super) fn notice(&mut self) -> Notice {
        let new = self.index.wrapping_sub(self.notified);
        if new == 0 {
            return Notice::Nothing;
        }
        // Sequentially consistent: the store of `produced` before the load of `event`. The consumer
        // has the same fence between its store of `event` and its load of `produced`. One fence is first
        // in the one order of all; the side whose fence is second sees what the other side stored: either
        // the consumer sees the entry and stays awake, or we see the event and wake it. Release and
        // acquire alone let both loads see the past.
        fence(Ordering::SeqCst);
        // Relaxed: no other read depends on it.
        let event = self.event.load(Ordering::Relaxed);
        // The event is among the entries `notified..index`, in numbers that wrap.
        let asked = event.wrapping_sub(self.notified) < new;
        self.notified = self.index;
        if asked { Notice::Needed } else { Notice::Suppressed }
    }
}

/// The half that takes entries out.
#[derive(Debug)]
pub(super) struct Consumer<'m> {
    places: &'m [Place],
    produced: &'m AtomicU32,
    event: &'m AtomicU32,
    /// Entries taken out; private to this side.
    index: u32,
    /// What `produced` was when it was last looked at, and found possible.
    seen: u32,
}

impl<'m> Consumer<'m> {
    pub(super) const fn new(places: &'m [Place], produced: &'m AtomicU32, event: &'m AtomicU32) -> Self {
        Self { places, produced, event, index: 0, seen: 0 }
    }

    pub(super) const fn index(&self) -> u32 {
        self.index
    }

    /// Reads the producer's count, of which at most `most` entries can be new. A count that went
    /// backwards is a jump ahead by nearly 2^32.
    #[inline]
    fn look(&mut self, most: u32) -> Result<bool, Overrun> {
        // Acquire: pairs with the release in `put`; the entry is read after it.
        let produced = self.produced.load(Ordering::Acquire);
        let ahead = produced.wrapping_sub(self.index);
        if ahead > most {
            return Err(Overrun);
        }
        self.seen = produced;
        Ok(ahead != 0)
    }

    /// Takes the next entry, as a copy: each word is read once. The producer's count is read only when
    /// all that was seen is taken.
    #[inline]
    pub(super) fn take(&mut self, most: u32) -> Result<Option<[u32; 4]>, Overrun> {
        if self.seen == self.index && !self.look(most)? {
            return Ok(None);
        }
        let place = &self.places[self.index as usize & (self.places.len() - 1)];
        self.index = self.index.wrapping_add(1);
        // Relaxed: `look` acquired them. A hostile producer may write meanwhile; the copy decides.
        Ok(Some(place.each_ref().map(|word| word.load(Ordering::Relaxed))))
    }

    /// Asks to be woken for the next entry; tells whether there is none yet.
    pub(super) fn ask(&mut self, most: u32) -> Result<bool, Overrun> {
        if self.seen != self.index {
            return Ok(false);
        }
        self.event.store(self.index, Ordering::Relaxed);
        // Sequentially consistent: the store of `event` before the load of `produced`; the other half
        // of the argument is in `notice`.
        fence(Ordering::SeqCst);
        Ok(!self.look(most)?)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Counts shortly before they wrap.
    const LATE: u32 = u32::MAX - 2;

    #[test]
    fn counts_wrap() {
        let places = [const { [const { AtomicU32::new(0) }; 4] }; 4];
        let (produced, event) = (AtomicU32::new(LATE), AtomicU32::new(0));
        let mut producer =
            Producer { index: LATE, notified: LATE, ..Producer::new(&places, &produced, &event) };
        let mut consumer = Consumer { index: LATE, seen: LATE, ..Consumer::new(&places, &produced, &event) };
        for round in 0..8 {
            assert_eq!(consumer.ask(4), Ok(true));
            for entry in 0..3 {
                producer.put([round, entry, 0, 0]);
            }
            assert_eq!(producer.notice(), Notice::Needed);
            for entry in 0..3 {
                assert_eq!(consumer.take(4), Ok(Some([round, entry, 0, 0])));
            }
            assert_eq!(consumer.take(4), Ok(None));
            producer.put([round, 3, 0, 0]);
            assert_eq!(producer.notice(), Notice::Suppressed);
            assert_eq!(producer.notice(), Notice::Nothing);
            assert_eq!(consumer.take(4), Ok(Some([round, 3, 0, 0])));
        }
    }

    #[test]
    fn a_count_may_be_as_far_ahead_as_allowed_and_no_further() {
        let places = [const { [const { AtomicU32::new(0) }; 4] }; 4];
        let (produced, event) = (AtomicU32::new(0), AtomicU32::new(0));
        for (count, most, expected) in [
            (3, 3, Ok(false)),
            (4, 3, Err(Overrun)),
            (LATE, 4, Err(Overrun)),
            (0, 0, Ok(true)),
            (1, 0, Err(Overrun)),
        ] {
            produced.store(count, Ordering::Relaxed);
            assert_eq!(Consumer::new(&places, &produced, &event).ask(most), expected);
        }
    }
}
