//! Tests that need the table's private parts.
#![forbid(unsafe_code)]

use super::*;

fn key(number: u64) -> Key {
    Key::from_word(number)
}

/// Multiplies by nothing: all keys share bucket and place.
const USELESS: u64 = 0;

#[test]
fn a_hash_that_fails_leaves_the_table_as_it_was() {
    let mut table = ExactTable::<u16, 8>::hashing_by(USELESS, 0);
    assert_eq!(table.insert_by(key(1), 1, [].into_iter()), Ok(None));
    assert_eq!(table.insert_by(key(2), 2, [USELESS; 3].into_iter()), Err(InsertError::NoHash));
    assert_eq!((table.get(key(1)), table.get(key(2)), table.len()), (Some(1), None, 1));
    // Replacing needs no slot.
    assert_eq!(table.insert_by(key(1), 5, [].into_iter()), Ok(Some(1)));
}

/// Two keys with the same bucket and the same place under a hash.
fn twins<const N: usize>(attempt: u64, from: u64) -> [u64; 2] {
    let mut seen = heapless::Vec::<(u64, usize, usize), 4096>::new();
    // Numbers in turn would be spread too well.
    for key in (from..).map(|number| multiplier(number) & !(0xf << 48)) {
        let hash = hash(key, multiplier(attempt));
        let at = (ExactTable::<u16, N>::bucket(hash), ExactTable::<u16, N>::place(hash, 0));
        if let Some((twin, ..)) = seen.iter().find(|(_, bucket, place)| (*bucket, *place) == at) {
            return [*twin, key];
        }
        seen.push((key, at.0, at.1)).unwrap();
    }
    unreachable!("numbers don't end")
}

#[test]
fn keys_that_defeat_every_hash_are_refused_and_nothing_is_lost() {
    let mut table = ExactTable::<u16, 256>::new(0);
    let mut inserted = heapless::Vec::<u64, 256>::new();
    let mut refused = 0;
    for attempt in 0..=ATTEMPTS {
        for word in twins::<256>(attempt, attempt * 10_000) {
            match table.insert(key(word), 7) {
                Ok(_) => inserted.push(word).unwrap(),
                Err(error) => {
                    assert_eq!(error, InsertError::NoHash);
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 0);
    assert_eq!(table.len(), inserted.len());
    assert!(inserted.iter().all(|word| table.get(key(*word)) == Some(7)));
    // With fewer of them, there is room again.
    for word in &inserted[..inserted.len() / 2] {
        assert_eq!(table.remove(key(*word)), Some(7));
    }
    assert_eq!(table.insert(key(1), 1), Ok(None));
}

#[test]
fn another_hash_takes_all_keys_over() {
    let mut table = ExactTable::<u16, 8>::hashing_by(USELESS, 0);
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
        let mut table = ExactTable::<u16, 5>::hashing_by(multiplier(attempt), 0);
        let added = [0, 1, 2, 3, 4].map(|number| table.add((number, number as u16)));
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
        let mut table = ExactTable::<u16, 1024>::new(0);
        for number in 0..1024 {
            let added = table.insert_by(key(number * step), 0, (1..=8).map(multiplier));
            assert_eq!(added, Ok(None), "{number} times {step}");
        }
    }
}
