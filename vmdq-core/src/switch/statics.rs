//! Static addresses: those that a hypervisor bound to virtual interfaces.
//!
//! A hash table with linear probing, at most half full, in which no address is further than
//! [`REACH`] places from where its search begins: a look-up is bounded, and takes one or two places
//! on average. Nothing that comes in a frame changes it.
#![forbid(unsafe_code)]

use super::hash::Hash;
use super::header::Address;
use super::vlan::Vlan;

/// Places for each interface; half of them can be used.
const PLACES: usize = 8;
/// How many places a search looks at.
const REACH: usize = 32;
/// Stands for the VLAN of an address that is bound in every VLAN of its interface.
const ANY: u64 = 0xffff << 48;

pub(super) struct Statics<const INTERFACES: usize> {
    /// Address and VLAN; 0 is an empty place, for zero is no station.
    keys: [[u64; PLACES]; INTERFACES],
    owners: [[u8; PLACES]; INTERFACES],
    bound: usize,
    /// Those that are bound in every VLAN.
    anywhere: usize,
}

/// The table is full.
pub(super) struct Full;

impl<const INTERFACES: usize> Statics<INTERFACES> {
    const PLACES: usize = INTERFACES * PLACES;
    pub(super) const CAPACITY: usize = Self::PLACES / 2;

    pub(super) const fn new() -> Self {
        Self { keys: [[0; PLACES]; INTERFACES], owners: [[0; PLACES]; INTERFACES], bound: 0, anywhere: 0 }
    }

    const fn key(address: Address, only: Option<Vlan>) -> u64 {
        match only {
            Some(vlan) => (vlan.id() as u64) << 48 | address.0,
            None => ANY | address.0,
        }
    }

    const fn next(place: usize) -> usize {
        if place + 1 == Self::PLACES { 0 } else { place + 1 }
    }

    /// Finds the interface to which an address is bound in a VLAN.
    #[inline(always)]
    pub(super) fn find(
        &self,
        hash: Hash,
        address: Address,
        vlan: Vlan,
        carries: impl Fn(u8) -> bool,
    ) -> Option<u8> {
        let found = self.probe(hash, Self::key(address, Some(vlan)), |_| true);
        if found.is_some() || self.anywhere == 0 {
            return found;
        }
        self.probe(hash, Self::key(address, None), carries)
    }

    #[inline(always)]
    fn probe(&self, hash: Hash, key: u64, wanted: impl Fn(u8) -> bool) -> Option<u8> {
        let (keys, owners) = (self.keys.as_flattened(), self.owners.as_flattened());
        let mut place = hash.place(key, keys.len());
        for _ in 0..REACH {
            let (&found, &owner) = (keys.get(place)?, owners.get(place)?);
            if found == key && wanted(owner) {
                return Some(owner);
            }
            if found == 0 {
                return None;
            }
            place = Self::next(place);
        }
        None
    }

    /// Finds an interface that has the address and is in the way of another. Looks at all.
    pub(super) fn conflict(&self, address: Address, in_the_way: impl Fn(u8) -> bool) -> Option<u8> {
        let mut owners = self.all().filter(|(other, _)| *other == address).map(|(_, owner)| owner);
        owners.find(|owner| in_the_way(*owner))
    }

    /// Lists every address with its interface.
    pub(super) fn all(&self) -> impl Iterator<Item = (Address, u8)> + '_ {
        let places = self.keys.as_flattened().iter().zip(self.owners.as_flattened());
        places.filter(|(key, _)| **key != 0).map(|(key, owner)| (Address(key & !ANY), *owner))
    }

    /// Adds an address of which the caller knows that it makes no conflict.
    pub(super) fn insert(
        &mut self,
        hash: Hash,
        address: Address,
        only: Option<Vlan>,
        owner: u8,
    ) -> Result<(), Full> {
        if self.bound == Self::CAPACITY {
            return Err(Full);
        }
        let key = Self::key(address, only);
        let (keys, owners) = (self.keys.as_flattened_mut(), self.owners.as_flattened_mut());
        let mut place = hash.place(key, keys.len());
        for _ in 0..REACH {
            if keys[place] == 0 {
                (keys[place], owners[place]) = (key, owner);
                self.bound += 1;
                self.anywhere += usize::from(only.is_none());
                return Ok(());
            }
            place = Self::next(place);
        }
        Err(Full)
    }

    /// Removes an address of an interface; tells whether it had it.
    pub(super) fn remove(&mut self, hash: Hash, address: Address, owner: u8) -> bool {
        let place = self.place_of(|key, by| key & !ANY == address.0 && by == owner);
        place.map(|place| self.empty(hash, place)).is_some()
    }

    /// Removes every address of an interface.
    pub(super) fn remove_all(&mut self, hash: Hash, owner: u8) {
        // Each removal may move another address into a place that was seen already.
        while let Some(place) = self.place_of(|_, by| by == owner) {
            self.empty(hash, place);
        }
    }

    fn place_of(&self, wanted: impl Fn(u64, u8) -> bool) -> Option<usize> {
        let mut places = self.keys.as_flattened().iter().zip(self.owners.as_flattened());
        places.position(|(key, owner)| *key != 0 && wanted(*key, *owner))
    }

    /// Empties a place and moves up those behind that it would cut off from their search.
    fn empty(&mut self, hash: Hash, place: usize) {
        let (keys, owners) = (self.keys.as_flattened_mut(), self.owners.as_flattened_mut());
        self.bound -= 1;
        self.anywhere -= usize::from(keys[place] & ANY == ANY);
        let behind = |from: usize, to: usize| (to + Self::PLACES - from) % Self::PLACES;
        let (mut hole, mut at) = (place, Self::next(place));
        // Half of the places are empty, so this ends.
        while keys[at] != 0 {
            let home = hash.place(keys[at], keys.len());
            if behind(home, at) >= behind(hole, at) {
                (keys[hole], owners[hole]) = (keys[at], owners[at]);
                hole = at;
            }
            at = Self::next(at);
        }
        keys[hole] = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every home is one of few, so that searches overlap and wrap; each order of removal leaves
    /// the rest found.
    #[test]
    fn removal_cuts_nobody_off() {
        let vlan = Vlan::new(7).unwrap();
        for seed in 0..200 {
            let hash = Hash::new(seed);
            let mut table = Statics::<2>::new();
            let addresses: [Address; 8] = core::array::from_fn(|i| Address(2 + 256 * (i as u64 * 31 + seed)));
            for (i, address) in addresses.into_iter().enumerate() {
                assert!(table.insert(hash, address, (i % 3 != 0).then_some(vlan), (i % 2) as u8).is_ok());
            }
            assert!(table.insert(hash, Address(2), None, 0).is_err());
            for gone in 0..8 {
                let at = (gone * 5 + seed as usize) % 8;
                assert!(table.remove(hash, addresses[at], (at % 2) as u8));
                assert!(!table.remove(hash, addresses[at], (at % 2) as u8));
                let left = (0..8)
                    .filter(|i| table.find(hash, addresses[*i], vlan, |_| true) == Some((*i % 2) as u8))
                    .count();
                assert_eq!(left, 7 - gone);
            }
            assert_eq!((table.bound, table.anywhere), (0, 0));
        }
    }

    #[test]
    fn an_interface_takes_its_addresses_with_it() {
        let (hash, vlan) = (Hash::new(3), Vlan::new(1).unwrap());
        let mut table = Statics::<4>::new();
        for i in 0..16u64 {
            assert!(table.insert(hash, Address(2 | i << 40), Some(vlan), (i % 2) as u8).is_ok());
        }
        table.remove_all(hash, 0);
        assert_eq!(table.all().count(), 8);
        assert!(table.all().all(|(_, owner)| owner == 1));
    }
}
