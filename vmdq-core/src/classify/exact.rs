//! A table that finds the value of a key in constant time and without a branch.
//!
//! Hash and displace: a key's hash names a bucket and a place. Each bucket has a displacement, which
//! moves its keys' places such that no two keys of the table share one; so a look-up reads one
//! displacement, one key and one value, and compares once. Nothing of it depends on how many keys
//! there are or on which one is asked for, so there is nothing to mispredict.
//!
//! The price is paid when a key comes: where its place is taken, another displacement of its bucket
//! is searched; where there is none, another hash.
#![forbid(unsafe_code)]

use core::fmt;
use core::hint::select_unpredictable;

use super::key::Key;

/// Small values by address and VLAN. At most `N` keys, 1 to 32768.
///
/// Takes `N` times 26 bytes, and room for `N` times three values.
///
/// The keys should come from the machine's configuration. An attacker who chooses a hundred of them
/// (learned addresses, for example) and knows this hash can make [`insert`](Self::insert) fail,
/// after a bounded number of attempts; the table and the time of look-ups stay as they are.
///
/// # Examples
///
/// ```
/// use vmdq_core::MacAddress;
/// use vmdq_core::classify::{ExactTable, Key};
///
/// const DEFAULT: u8 = 0;
/// let mut queues = ExactTable::<u8, 128>::new(DEFAULT);
/// queues.insert(Key::new(MacAddress([2, 0, 0, 0, 0, 7]), Some(5)), 3)?;
///
/// let header = [2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 9, 8, 0];
/// assert_eq!(queues.find(Key::destination(&header, Some(5))), 3);
/// assert_eq!(queues.find(Key::destination(&header, Some(6))), DEFAULT);
/// # Ok::<(), vmdq_core::classify::InsertError>(())
/// ```
#[derive(Clone)]
pub struct ExactTable<V, const N: usize> {
    multiplier: u64,
    len: usize,
    absent: V,
    displacements: [u16; N],
    /// The words of the keys, by slot: the first `SLOTS` of them are used. `Key::NONE` where the slot
    /// is free.
    keys: [[u64; 3]; N],
    /// The values, by slot. They are separate from the keys, so that a table takes less of the cache.
    values: [[V; 3]; N],
}

/// Hashes that are tried before a table gives up. For keys that are independent of it, one fails two
/// times in five at worst (a full table with two thirds of the slots taken).
const ATTEMPTS: u64 = 64;

/// The most keys of one bucket: more than a handful means that the keys defeat the hash. Bounds the
/// time of an attempt.
const MATES: usize = 16;

/// Returns the odd multiplier of an attempt: the golden ratio's, then what SplitMix64 makes of them.
const fn multiplier(attempt: u64) -> u64 {
    let mut bits = attempt.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits ^ bits >> 31) | 1
}

/// Both halves of the product: so the upper bits of a key (VLAN, last bytes of the address) reach
/// the lower bits of the hash, too.
#[inline(always)]
const fn hash(key: u64, multiplier: u64) -> u64 {
    let product = key as u128 * multiplier as u128;
    (product >> 64) as u64 ^ product as u64
}

impl<V: Copy, const N: usize> ExactTable<V, N> {
    /// Slots: the largest power of two that fits, so that one third to two thirds are taken when the
    /// table is full.
    const SLOTS: usize = {
        assert!(N >= 1 && N <= 32768, "an exact-match table has 1 to 32768 keys: choose another N");
        1 << (3 * N).ilog2()
    };
    /// The bits of a hash that name its bucket.
    const BUCKET_BITS: u32 = N.ilog2();

    /// Makes an empty table; `absent` is what [`find`](Self::find) returns for keys that are not in
    /// it.
    #[must_use]
    pub const fn new(absent: V) -> Self {
        Self::hashing_by(multiplier(0), absent)
    }

    const fn hashing_by(multiplier: u64, absent: V) -> Self {
        // Displacements have 16 bits; and here `N` is checked.
        const { assert!(Self::SLOTS <= 1 << 16) };
        Self {
            multiplier,
            len: 0,
            absent,
            displacements: [0; N],
            keys: [[Key::NONE; 3]; N],
            values: [[absent; 3]; N],
        }
    }

    /// Returns how many keys are in the table.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Tells whether no key is in the table.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Finds the value of a key, or the one for absent keys. Constant time, no branch.
    #[inline(always)]
    #[must_use]
    pub fn find(&self, key: Key) -> V {
        let slot = self.slot_of(key.word());
        let same = self.key_in(slot) == key.word();
        select_unpredictable(same, self.values.as_flattened()[slot], self.absent)
    }

    /// Finds the value of a key, if it is in the table. Constant time.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, key: Key) -> Option<V> {
        let slot = self.slot_of(key.word());
        (self.key_in(slot) == key.word()).then_some(self.values.as_flattened()[slot])
    }

    /// Sets the value of a key, and returns the one that it had.
    ///
    /// Mostly constant time. Where the key's slot is taken, time grows with `N`. Where another hash is
    /// needed, which is tried aside, it grows with `N log N`, and the stack must have room for two
    /// tables.
    ///
    /// # Errors
    ///
    /// [`InsertError`]; the table is then unchanged.
    pub fn insert(&mut self, key: Key, value: V) -> Result<Option<V>, InsertError> {
        self.insert_by(key, value, (1..=ATTEMPTS).map(multiplier))
    }

    /// Removes a key, and returns its value. Constant time.
    pub fn remove(&mut self, key: Key) -> Option<V> {
        let value = self.get(key)?;
        self.set(self.slot_of(key.word()), (Key::NONE, self.absent));
        self.len -= 1;
        Some(value)
    }

    /// Goes through all keys and values, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Key, V)> {
        self.entries().map(|(word, value)| (Key::from_word(word), value))
    }

    #[inline(always)]
    const fn hash(&self, key: u64) -> u64 {
        hash(key, self.multiplier)
    }

    /// Two shifts: one by 64 is not defined.
    #[inline(always)]
    const fn bucket(hash: u64) -> usize {
        (hash >> 1 >> (63 - Self::BUCKET_BITS)) as usize
    }

    /// The place of a hash under a displacement. Displacements are XORed, so what has a place of its
    /// own in the bucket has one under each displacement.
    #[inline(always)]
    const fn place(hash: u64, displacement: u16) -> usize {
        (hash as usize ^ displacement as usize) & (Self::SLOTS - 1)
    }

    #[inline(always)]
    fn slot_of(&self, key: u64) -> usize {
        let hash = self.hash(key);
        Self::place(hash, self.displacements[Self::bucket(hash)])
    }

    #[inline(always)]
    const fn key_in(&self, slot: usize) -> u64 {
        self.keys.as_flattened()[slot]
    }

    const fn set(&mut self, slot: usize, (key, value): (u64, V)) {
        self.keys.as_flattened_mut()[slot] = key;
        self.values.as_flattened_mut()[slot] = value;
    }

    fn entries(&self) -> impl Iterator<Item = (u64, V)> {
        let all = self.keys.as_flattened()[..Self::SLOTS].iter().zip(self.values.as_flattened());
        all.filter(|(key, _)| **key != Key::NONE).map(|(key, value)| (*key, *value))
    }

    fn insert_by(
        &mut self,
        key: Key,
        value: V,
        mut multipliers: impl Iterator<Item = u64>,
    ) -> Result<Option<V>, InsertError> {
        let entry = (key.word(), value);
        if let Some(old) = self.get(key) {
            self.set(self.slot_of(key.word()), entry);
            return Ok(Some(old));
        }
        if self.len == N {
            return Err(InsertError::Full);
        }
        let added = self.add(entry) || multipliers.any(|multiplier| self.rehash(multiplier, entry));
        if added { Ok(None) } else { Err(InsertError::NoHash) }
    }

    /// Adds a key that is not in the table; tells whether it found a slot. If not, the table is
    /// unchanged.
    fn add(&mut self, entry: (u64, V)) -> bool {
        let slot = self.slot_of(entry.0);
        let added = if self.key_in(slot) == Key::NONE {
            self.set(slot, entry);
            true
        } else {
            self.move_bucket(entry)
        };
        self.len += usize::from(added);
        added
    }

    /// Moves the bucket of a new key, and the key with it, to where all of it has room; tells whether
    /// there is such a place. If not, the table is unchanged.
    fn move_bucket(&mut self, entry: (u64, V)) -> bool {
        let bucket = |key| Self::bucket(self.hash(key));
        let own = bucket(entry.0);
        let mut mates = heapless::Vec::<(u64, V), MATES>::new();
        for mate in self.entries().filter(|(key, _)| bucket(*key) == own).chain([entry]) {
            if mates.push(mate).is_err() {
                return false;
            }
        }
        let old = &mates[..mates.len() - 1];
        for (key, _) in old {
            self.set(self.slot_of(*key), (Key::NONE, self.absent));
        }
        let settled = self.settle(&mates);
        if !settled {
            for mate in old {
                self.set(self.slot_of(mate.0), *mate);
            }
        }
        settled
    }

    /// Finds a displacement that gives each key of a bucket a free slot, and puts them there; tells
    /// whether there is one. If not, the table is unchanged.
    fn settle(&mut self, mates: &[(u64, V)]) -> bool {
        let place = |mate: &(u64, V), displacement| Self::place(self.hash(mate.0), displacement);
        let apart = mates.iter().enumerate().take(MATES).all(|(i, mate)| {
            let own = place(mate, 0);
            mates[..i].iter().all(|other| place(other, 0) != own)
        });
        let Some(first) = mates.first().filter(|_| apart && mates.len() <= MATES) else { return false };
        let has_room = |displacement: &u16| {
            mates.iter().all(|mate| self.key_in(place(mate, *displacement)) == Key::NONE)
        };
        let last = (Self::SLOTS - 1) as u16;
        let Some(displacement) = (0..=last).find(has_room) else { return false };
        self.displacements[Self::bucket(self.hash(first.0))] = displacement;
        for mate in mates {
            self.set(self.slot_of(mate.0), *mate);
        }
        true
    }

    /// Changes to another hash, with one more key; tells whether all keys found a slot. If not, the
    /// table is unchanged.
    fn rehash(&mut self, multiplier: u64, entry: (u64, V)) -> bool {
        let mut fresh = Self::hashing_by(multiplier, self.absent);
        let mut all = heapless::Vec::<(u64, V), N>::new();
        for entry in self.entries().chain([entry]) {
            if all.push(entry).is_err() {
                return false;
            }
        }
        // Bucket by bucket, so that none has to be gathered from the table.
        all.sort_unstable_by_key(|(key, _)| Self::bucket(hash(*key, multiplier)));
        let same = |a: &(u64, V), b: &(u64, V)| {
            Self::bucket(hash(a.0, multiplier)) == Self::bucket(hash(b.0, multiplier))
        };
        let built = all.chunk_by(same).all(|mates| fresh.settle(mates));
        if built {
            fresh.len = all.len();
            *self = fresh;
        }
        built
    }
}

impl<V: Copy + Default, const N: usize> Default for ExactTable<V, N> {
    fn default() -> Self {
        Self::new(V::default())
    }
}

impl<V: Copy + fmt::Debug, const N: usize> fmt::Debug for ExactTable<V, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Why a key was not inserted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum InsertError {
    /// The table has as many keys as it can have.
    Full,
    /// None of 64 hashes separates all keys: remove keys that an attacker chose.
    NoHash,
}

impl fmt::Display for InsertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the table is full: remove a key, or choose a larger N",
            Self::NoHash => "no hash separates the keys: remove keys that an attacker chose",
        })
    }
}
impl core::error::Error for InsertError {}

#[cfg(test)]
mod tests;
