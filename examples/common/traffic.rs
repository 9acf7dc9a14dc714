//! Generated traffic: eight virtual machines, one of which gets most frames, with broadcast, multicast and
//! unknown addresses. It is the same each time.

use vmdq::MacAddress;

use crate::source::Record;

const SEED: u64 = 0x82598;
const FRAMES: u64 = 20_000;
const GUESTS: u8 = 8;
/// The longest frame without FCS, untagged.
const LONGEST: usize = 1514;
const TPID: [u8; 2] = [0x81, 0x00];
/// The EtherType for experiments (IEEE 802): the payload can't be parsed.
const EXPERIMENT: [u8; 2] = [0x88, 0xb5];

/// Returns the address of a virtual machine, from 1.
const fn guest(number: u8) -> MacAddress {
    MacAddress([0x02, 0, 0, 0, 0, number])
}

pub(crate) struct Traffic {
    random: fastrand::Rng,
    made: u64,
    frame: Vec<u8>,
}

impl Traffic {
    pub(crate) fn new() -> Self {
        Self { random: fastrand::Rng::with_seed(SEED), made: 0, frame: Vec::new() }
    }

    /// Tells whether the address is one of the virtual machines'.
    pub(crate) fn is_guest(address: MacAddress) -> bool {
        (1..=GUESTS).any(|number| guest(number) == address)
    }

    pub(crate) fn progress(&self) -> (u64, u64) {
        (self.made, FRAMES)
    }

    /// Makes the next frame; `None` when there were enough.
    pub(crate) fn next(&mut self) -> Option<Record<'_>> {
        if self.made == FRAMES {
            return None;
        }
        self.made += 1;
        let random = &mut self.random;
        let destination = match random.u8(..100) {
            // The busy machine gets as much as all others together.
            0..44 => guest(1),
            44..88 => guest(random.u8(2..=GUESTS)),
            88..92 => MacAddress::BROADCAST,
            92..96 => MacAddress([0x01, 0x00, 0x5e, 0, 0, random.u8(1..8)]),
            _ => MacAddress([0x02, 0x5f, 0, 0, random.u8(..), random.u8(..)]),
        };
        // The busy machine's frames are long.
        let len = if destination == guest(1) { LONGEST } else { random.usize(42..=LONGEST) };
        let source = MacAddress([0x02, 0xaa, 0, 0, 0, random.u8(..16)]);
        self.frame.clear();
        self.frame.extend(destination.0);
        self.frame.extend(source.0);
        if random.u8(..8) == 0 {
            self.frame.extend(TPID);
            self.frame.extend(random.u16(1..4095).to_be_bytes());
        }
        self.frame.extend(EXPERIMENT);
        let header = self.frame.len();
        self.frame.resize(len, 0);
        random.fill(&mut self.frame[header..]);
        Some(Record { bytes: &self.frame, original: self.frame.len() as u64 })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn has_eight_guests_a_hog_and_the_rest_and_is_the_same_each_time() {
        let mut count = HashMap::new();
        let (mut one, mut other) = (Traffic::new(), Traffic::new());
        while let Some(record) = one.next() {
            assert_eq!(other.next().unwrap().bytes, record.bytes);
            assert!((42..=LONGEST + 4).contains(&record.bytes.len()));
            *count.entry(record.destination().unwrap()).or_insert(0_u64) += 1;
        }
        assert_eq!(count.values().sum::<u64>(), FRAMES);
        let of = |address| count.get(&address).copied().unwrap_or(0);
        let others = (2..=GUESTS).map(|number| of(guest(number))).collect::<Vec<_>>();
        assert!(others.iter().all(|&frames| frames > 500 && frames * 3 < of(guest(1))), "{others:?}");
        assert!(of(MacAddress::BROADCAST) > 0);
        assert!(count.keys().any(|to| to.is_group() && !to.is_broadcast()));
        assert!(count.keys().filter(|to| !to.is_group() && !Traffic::is_guest(**to)).count() > 100);
    }
}
