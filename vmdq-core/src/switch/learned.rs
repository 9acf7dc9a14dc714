//! Learned addresses: learning, moving and ageing.
//!
//! A table of buckets of [`WAYS`] places; an address can be in one bucket only, so that looking up and
//! learning look at one bucket (two cache lines). Half of each bucket is for what physical interfaces
//! learn and half for virtual ones, so neither can push out the other's.
//!
//! - On the physical side a new address replaces the one that has been silent longest.
//! - On the virtual side an interface replaces only its own addresses: it has a quota of the table, and of
//!   each bucket at most [`SHARE`] places. Beyond that it replaces its own oldest, or does not learn.
//!
//! An address that appears elsewhere moves, which counts against the same quotas. Addresses that were
//! silent for longer than the age limit are not found; they go when their place is wanted or at a sweep.
#![forbid(unsafe_code)]

use super::counters::LearningCounters;
use super::hash::Hash;
use super::header::Address;
use super::vlan::Vlan;

/// Places of a bucket.
pub(super) const WAYS: usize = 8;
/// Those of a bucket that are for physical interfaces: the first ones.
const PHYSICAL: usize = WAYS / 2;
/// Places of a bucket that one virtual interface may have.
const SHARE: usize = 2;

/// An address in a VLAN; 0 for an empty place.
type Key = u64;

/// When an address was seen last (upper 56 bits, in milliseconds), and at which interface.
#[derive(Clone, Copy)]
struct Sighting(u64);

impl Sighting {
    const NEVER: Self = Self(0);

    const fn new(now: u64, interface: u8) -> Self {
        Self(now << 8 | interface as u64)
    }
    const fn at(self) -> u64 {
        self.0 >> 8
    }
    const fn interface(self) -> u8 {
        self.0 as u8
    }
}

/// The interface that learns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Learner {
    Physical,
    /// With the quota of its interface.
    Virtual(u32),
}

pub(super) struct Learned<const INTERFACES: usize, const ADDRESSES: usize> {
    keys: [Key; ADDRESSES],
    sightings: [Sighting; ADDRESSES],
    /// How many addresses each interface has.
    held: [u32; INTERFACES],
    counters: LearningCounters,
    /// How many addresses went from their places.
    gone: u64,
    /// Milliseconds after which a silent address is forgotten.
    age: u64,
}

impl<const INTERFACES: usize, const ADDRESSES: usize> Learned<INTERFACES, ADDRESSES> {
    pub(super) const fn new(age: u64) -> Self {
        Self {
            keys: [0; ADDRESSES],
            sightings: [Sighting::NEVER; ADDRESSES],
            held: [0; INTERFACES],
            counters: LearningCounters { learned: 0, moved: 0, aged: 0, replaced: 0, not_learned: 0 },
            gone: 0,
            age,
        }
    }

    #[inline(always)]
    const fn key(address: Address, vlan: Vlan) -> Key {
        (vlan.id() as u64) << 48 | address.0
    }

    const fn is_old(&self, sighting: Sighting, now: u64) -> bool {
        now.saturating_sub(sighting.at()) > self.age
    }

    /// Returns the first place of the bucket of a key.
    #[inline(always)]
    const fn bucket(hash: Hash, key: Key) -> usize {
        hash.place(key, ADDRESSES / WAYS) * WAYS
    }

    #[inline(always)]
    fn way(keys: &[Key], key: Key) -> Option<usize> {
        // No early exit: which way it is no branch predictor knows.
        let found = keys.iter().enumerate().fold(WAYS, |found, (way, k)| if *k == key { way } else { found });
        (found < WAYS).then_some(found)
    }

    /// Finds the interface at which an address was seen, unless that is too long ago.
    #[inline]
    pub(super) fn find(&self, hash: Hash, address: Address, vlan: Vlan, now: u64) -> Option<u8> {
        let key = Self::key(address, vlan);
        let from = Self::bucket(hash, key);
        let way = Self::way(self.keys.get(from..from + WAYS)?, key)?;
        let sighting = *self.sightings.get(from + way)?;
        (!self.is_old(sighting, now)).then_some(sighting.interface())
    }

    /// Returns how many addresses went from their places so far: while it stays the same, what was
    /// learned is still known.
    #[inline(always)]
    pub(super) const fn gone(&self) -> u64 {
        self.gone
    }

    /// Learns that an address is at an interface.
    #[inline(always)]
    pub(super) fn learn(&mut self, hash: Hash, address: Address, vlan: Vlan, by: (u8, Learner), now: u64) {
        let key = Self::key(address, vlan);
        let from = Self::bucket(hash, key);
        let old = Self::way(&self.keys[from..from + WAYS], key).map(|way| from + way);
        // What is known nearly always.
        if let Some(sighting) = old.and_then(|place| self.sightings.get_mut(place))
            && sighting.interface() == by.0
            && now.saturating_sub(sighting.at()) <= self.age
        {
            *sighting = Sighting::new(now, by.0);
            return;
        }
        self.learn_new(key, from, old, by, now);
    }

    /// Learns what was not known, or not there. `old` is the place that it has.
    #[inline(never)]
    fn learn_new(&mut self, key: Key, from: usize, mut old: Option<usize>, by: (u8, Learner), now: u64) {
        if let Some(place) = old.filter(|place| self.is_old(self.sightings[*place], now)) {
            self.forget(place);
            self.counters.aged += 1;
            old = None;
        }
        let Some(place) = self.choose(from, old, by, now) else {
            self.counters.not_learned += 1;
            return;
        };
        match old {
            Some(old) => {
                self.forget(old);
                self.counters.moved += 1;
            }
            None => self.counters.learned += 1,
        }
        if self.keys[place] != 0 {
            let aged = self.is_old(self.sightings[place], now);
            *(if aged { &mut self.counters.aged } else { &mut self.counters.replaced }) += 1;
            self.forget(place);
        }
        self.keys[place] = key;
        self.sightings[place] = Sighting::new(now, by.0);
        self.held[usize::from(by.0)] += 1;
    }

    /// Chooses the place for a new address in a bucket. `moving` is the place that it leaves.
    fn choose(
        &self,
        from: usize,
        moving: Option<usize>,
        (interface, learner): (u8, Learner),
        now: u64,
    ) -> Option<usize> {
        let ways = match learner {
            Learner::Physical => from..from + PHYSICAL,
            Learner::Virtual(_) => from + PHYSICAL..from + WAYS,
        };
        let live = |place: &usize| self.keys[*place] != 0 && !self.is_old(self.sightings[*place], now);
        let own = |place: &usize| live(place) && self.sightings[*place].interface() == interface;
        let oldest =
            |places: &mut dyn Iterator<Item = usize>| places.min_by_key(|place| self.sightings[*place].at());
        let empty = |place: &usize| self.keys[*place] == 0;
        let free = || {
            let leaves = moving.filter(|place| ways.contains(place));
            leaves.or_else(|| ways.clone().find(empty)).or_else(|| ways.clone().find(|place| !live(place)))
        };
        match learner {
            Learner::Physical => free().or_else(|| oldest(&mut ways.clone())),
            Learner::Virtual(quota) => {
                // Expired addresses count until they are swept, else a quota could be exceeded.
                let full =
                    self.held[usize::from(interface)] >= quota || ways.clone().filter(own).count() >= SHARE;
                let own_oldest = || {
                    let mine = |p: &usize| self.keys[*p] != 0 && self.sightings[*p].interface() == interface;
                    oldest(&mut ways.clone().filter(mine))
                };
                if full { own_oldest() } else { free().or_else(own_oldest) }
            }
        }
    }

    fn forget(&mut self, place: usize) {
        self.held[usize::from(self.sightings[place].interface())] -= 1;
        self.keys[place] = 0;
        self.gone += 1;
    }

    /// Forgets every address for which `is_gone` holds, given its VLAN and interface; returns how many.
    pub(super) fn forget_if(&mut self, is_gone: impl Fn(Address, u16, u8) -> bool) -> usize {
        let mut gone = 0;
        for place in 0..ADDRESSES {
            let (key, interface) = (self.keys[place], self.sightings[place].interface());
            if key != 0 && is_gone(Address(key & 0xffff_ffff_ffff), (key >> 48) as u16, interface) {
                self.forget(place);
                gone += 1;
            }
        }
        gone
    }

    /// Forgets all that were silent for too long; returns how many.
    pub(super) fn sweep(&mut self, now: u64) -> usize {
        let mut gone = 0;
        for place in 0..ADDRESSES {
            if self.keys[place] != 0 && self.is_old(self.sightings[place], now) {
                self.forget(place);
                gone += 1;
            }
        }
        self.counters.aged += gone as u64;
        gone
    }

    pub(super) const fn set_age(&mut self, age: u64) {
        self.age = age;
    }

    pub(super) fn held(&self, interface: u8) -> usize {
        self.held.get(usize::from(interface)).map_or(0, |held| *held as usize)
    }

    pub(super) const fn counters(&self) -> LearningCounters {
        self.counters
    }
}
