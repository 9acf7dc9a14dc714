//! A table that finds the value of a key in constant time and without a branch.
//!
//! Hash and displace: a key's hash names a bucket and a place. Each bucket has a displacement, which
//! moves its keys' places such that no two keys of the table share one; so a look-up reads one
//! displacement and one slot, and compares once. Nothing of it depends on how many keys there are or
//! on which one is asked for, so there is nothing to mispredict: that, not the number of
//! instructions, is what searching loops and probing hash tables lose their time to.
//!
//! The price is paid when a key comes: where its place is taken, another displacement of its bucket
//! is searched; where there is none, another hash.
#![forbid(unsafe_code)]

use core::fmt;
use core::hint::select_unpredictable;

use super::key::Key;

/// Small values by address and VLAN. At most `N` keys, 1 to 32768.
///
/// Takes `N` times 50 bytes if `V` takes up to 6.
///
/// The keys should be chosen by who configures the machine. Who can choose keys, and knows this
/// hash, can make [`insert`](Self::insert) slow and fail; look-ups stay as they are.
///
/// # Examples
///
/// ```
/// use vmdq_core::MacAddress;
/// use vmdq_core::classify::{ExactTable, Key};
///
/// let mut queues = ExactTable::<u8, 128>::new();
/// queues.insert(Key::new(MacAddress([2, 0, 0, 0, 0, 7]), Some(5)), 3)?;
///
/// let header = [2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 9, 8, 0];
/// assert_eq!(queues.get(Key::destination(&header, Some(5))), Some(3));
/// assert_eq!(queues.get(Key::destination(&header, Some(6))), None);
/// # Ok::<(), vmdq_core::classify::InsertError>(())
/// ```
#[derive(Clone)]
pub struct ExactTable<V, const N: usize> {
    multiplier: u64,
    len: usize,
    displacements: [u16; N],
    /// The first `SLOTS` of them are used.
    slots: [[Slot<V>; 3]; N],
}

#[derive(Clone, Copy)]
struct Slot<V> {
    /// The key's word, or `Key::NONE`.
    key: u64,
    value: Option<V>,
}

impl<V> Slot<V> {
    const EMPTY: Self = Self { key: Key::NONE, value: None };

    const fn is_empty(&self) -> bool {
        self.key == Key::NONE
    }
}

/// Hashes that are tried before a table gives up: each one fails one time in eight if the keys know
/// nothing of it.
const ATTEMPTS: u64 = 64;

/// Keys of one bucket. More than a handful means a hash that these keys defeat.
const MATES: usize = 16;

/// Returns the odd multiplier of an attempt: the golden ratio's, then what SplitMix64 makes of them.
const fn multiplier(attempt: u64) -> u64 {
    let mut bits = attempt.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits ^ bits >> 31) | 1
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

    /// Makes an empty table.
    #[must_use]
    pub const fn new() -> Self {
        Self::hashing_by(multiplier(0))
    }

    const fn hashing_by(multiplier: u64) -> Self {
        const { assert!(Self::SLOTS <= 1 << 16) };
        Self { multiplier, len: 0, displacements: [0; N], slots: [[Slot::EMPTY; 3]; N] }
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

    /// Finds the value of a key. Constant time, no branch.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, key: Key) -> Option<V> {
        let slot = &self.slots.as_flattened()[self.slot_of(key.word())];
        select_unpredictable(slot.key == key.word(), slot.value, None)
    }

    /// Sets the value of a key, and returns the one that it had.
    ///
    /// Time grows with `N`, and with its square where another hash is needed, which then is built
    /// aside: the stack must have room for a second table.
    ///
    /// # Errors
    ///
    /// [`InsertError`]; the table is then unchanged.
    pub fn insert(&mut self, key: Key, value: V) -> Result<Option<V>, InsertError> {
        self.insert_by(key, value, (1..=ATTEMPTS).map(multiplier))
    }

    /// Removes a key, and returns its value. Constant time.
    pub fn remove(&mut self, key: Key) -> Option<V> {
        let at = self.slot_of(key.word());
        let slot = &mut self.slots.as_flattened_mut()[at];
        if slot.key != key.word() {
            return None;
        }
        self.len -= 1;
        core::mem::replace(slot, Slot::EMPTY).value
    }

    /// Goes through all keys and values, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Key, V)> {
        self.slots.as_flattened().iter().filter_map(|slot| Some((Key::from_word(slot.key), slot.value?)))
    }

    /// Both halves of the product: so the upper bits of a key (VLAN, last bytes of the address)
    /// reach the lower bits of the hash, too.
    #[inline(always)]
    const fn hash(&self, key: u64) -> u64 {
        let product = key as u128 * self.multiplier as u128;
        (product >> 64) as u64 ^ product as u64
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

    fn insert_by(
        &mut self,
        key: Key,
        value: V,
        mut multipliers: impl Iterator<Item = u64>,
    ) -> Result<Option<V>, InsertError> {
        let entry = Slot { key: key.word(), value: Some(value) };
        let at = self.slot_of(entry.key);
        let slot = &mut self.slots.as_flattened_mut()[at];
        if slot.key == entry.key {
            return Ok(slot.value.replace(value));
        }
        if self.len == N {
            return Err(InsertError::Full);
        }
        if !self.add(entry) {
            let built = multipliers.any(|multiplier| self.rehash(multiplier, entry));
            if !built {
                return Err(InsertError::NoHash);
            }
        }
        Ok(None)
    }

    /// Changes to another hash, with one more key; tells whether all keys found a slot. If not, the
    /// table is unchanged.
    fn rehash(&mut self, multiplier: u64, entry: Slot<V>) -> bool {
        let mut fresh = Self::hashing_by(multiplier);
        let all = self.slots.as_flattened().iter().filter(|slot| !slot.is_empty());
        let built = all.chain([&entry]).all(|slot| fresh.add(*slot));
        if built {
            *self = fresh;
        }
        built
    }

    /// Adds a key that is not in the table; tells whether it found a slot. If not, the table is
    /// unchanged.
    fn add(&mut self, entry: Slot<V>) -> bool {
        let at = self.slot_of(entry.key);
        let slot = &mut self.slots.as_flattened_mut()[at];
        let added = if slot.is_empty() {
            *slot = entry;
            true
        } else {
            self.displace(entry)
        };
        self.len += usize::from(added);
        added
    }

    /// Moves a whole bucket, a new key with it, to where all of it has room; tells whether there is
    /// such a place.
    fn displace(&mut self, entry: Slot<V>) -> bool {
        let bucket = Self::bucket(self.hash(entry.key));
        let is_mate = |slot: &Slot<V>| !slot.is_empty() && Self::bucket(self.hash(slot.key)) == bucket;

        let slots = self.slots.as_flattened();
        let mut mates = heapless::Vec::<Slot<V>, MATES>::new();
        for slot in slots.iter().filter(|slot| is_mate(slot)).chain([&entry]) {
            if mates.push(*slot).is_err() {
                return false;
            }
        }
        let has_room = |displacement: &u16| {
            mates.iter().all(|mate| {
                let slot = &slots[Self::place(self.hash(mate.key), *displacement)];
                slot.is_empty() || is_mate(slot)
            })
        };
        let apart = mates.iter().enumerate().all(|(i, mate)| {
            let place = Self::place(self.hash(mate.key), 0);
            mates[..i].iter().all(|other| Self::place(self.hash(other.key), 0) != place)
        });
        let last = (Self::SLOTS - 1) as u16;
        let Some(displacement) = (0..=last).find(has_room).filter(|_| apart) else { return false };

        for mate in &mates[..mates.len() - 1] {
            let at = self.slot_of(mate.key);
            self.slots.as_flattened_mut()[at] = Slot::EMPTY;
        }
        self.displacements[bucket] = displacement;
        for mate in &mates {
            let at = self.slot_of(mate.key);
            self.slots.as_flattened_mut()[at] = *mate;
        }
        true
    }
}

impl<V: Copy, const N: usize> Default for ExactTable<V, N> {
    fn default() -> Self {
        Self::new()
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
    /// None of 64 hashes tells all keys apart: the keys were made so.
    NoHash,
}

impl fmt::Display for InsertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the table is full: remove a key, or choose a larger N",
            Self::NoHash => "no hash tells these keys apart: remove the keys of who made them so",
        })
    }
}
impl core::error::Error for InsertError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> Key {
        Key::from_word(number)
    }

    /// Multiplies by nothing: all keys share bucket and place.
    const USELESS: u64 = 0;

    #[test]
    fn a_hash_that_fails_leaves_the_table_as_it_was() {
        let mut table = ExactTable::<u16, 8>::hashing_by(USELESS);
        assert_eq!(table.insert_by(key(1), 1, [].into_iter()), Ok(None));
        assert_eq!(table.insert_by(key(2), 2, [USELESS; 3].into_iter()), Err(InsertError::NoHash));
        assert_eq!((table.get(key(1)), table.get(key(2)), table.len()), (Some(1), None, 1));
        // Replacing needs no slot.
        assert_eq!(table.insert_by(key(1), 5, [].into_iter()), Ok(Some(1)));
    }

    #[test]
    fn another_hash_takes_all_keys_over() {
        let mut table = ExactTable::<u16, 8>::hashing_by(USELESS);
        for number in 0..8 {
            assert_eq!(table.insert_by(key(number), number as u16, [USELESS, 3].into_iter()), Ok(None));
        }
        assert_eq!(table.len(), 8);
        assert!((0..8).all(|number| table.get(key(number)) == Some(number as u16)));
    }

    #[test]
    fn a_bucket_that_moves_keeps_its_keys() {
        // 4 buckets and 8 slots for 5 keys: many insertions displace, some fail.
        let mut failed = 0;
        for attempt in 0..50 {
            let mut table = ExactTable::<u16, 5>::hashing_by(multiplier(attempt));
            let added =
                [0, 1, 2, 3, 4].map(|number| table.add(Slot { key: number, value: Some(number as u16) }));
            for (number, added) in (0..).zip(added) {
                assert_eq!(table.get(key(number)), added.then_some(number as u16));
            }
            failed += 5 - table.len();
        }
        assert!((1..50).contains(&failed), "{failed} of 250 insertions failed");
    }

    #[test]
    fn the_first_hashes_do_for_usual_keys() {
        // Numbers in the first, the last or the middle bytes of an address; VLANs of one address.
        for step in [1, 1 << 38, 1 << 24, 1 << 52] {
            let mut table = ExactTable::<u16, 1024>::new();
            for number in 0..1024 {
                let added = table.insert_by(key(number * step), 0, (1..=8).map(multiplier));
                assert_eq!(added, Ok(None), "{number} times {step}");
            }
        }
    }
}
