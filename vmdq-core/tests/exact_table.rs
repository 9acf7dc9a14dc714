//! The exact-match table beside a map of the standard library, for keys of all kinds.

use std::collections::HashMap;

use proptest::prelude::*;
use vmdq_core::MacAddress;
use vmdq_core::classify::{ExactTable, InsertError, Key};

const N: usize = 48;
const ABSENT: u16 = 0xabcd;

#[derive(Clone, Copy, Debug)]
enum Step {
    Insert(Key, u16),
    Remove(Key),
    Get(Key),
}

/// A key of a small world, so that steps meet: addresses that differ in one byte only (the first,
/// the last or the middle), and few VLANs.
fn any_key() -> impl Strategy<Value = Key> {
    let address = (0..6_usize, 0..40_u8).prop_map(|(at, byte)| {
        let mut address = [2, 0, 0, 0, 0, 0];
        address[at] = byte;
        MacAddress(address)
    });
    (address, proptest::option::of(0..3_u16)).prop_map(|(address, vlan)| Key::new(address, vlan))
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any_key(), any::<u16>()).prop_map(|(key, value)| Step::Insert(key, value)),
        2 => any_key().prop_map(Step::Remove),
        1 => any_key().prop_map(Step::Get),
    ]
}

fn check<const N: usize>(table: &ExactTable<u16, N>, model: &HashMap<Key, u16>) {
    assert_eq!(table.len(), model.len());
    assert_eq!(table.is_empty(), model.is_empty());
    for (&key, &value) in model {
        assert_eq!((table.get(key), table.find(key)), (Some(value), value), "{key}");
    }
    assert_eq!(table.iter().collect::<HashMap<_, _>>(), *model);
}

proptest! {
    #[test]
    fn it_is_a_map_of_limited_size(steps in proptest::collection::vec(any_step(), 1..400)) {
        let mut table = ExactTable::<u16, N>::new(ABSENT);
        let mut model = HashMap::new();
        for step in steps {
            match step {
                Step::Insert(key, value) if model.len() == N && !model.contains_key(&key) => {
                    prop_assert_eq!(table.insert(key, value), Err(InsertError::Full));
                }
                Step::Insert(key, value) => {
                    prop_assert_eq!(table.insert(key, value), Ok(model.insert(key, value)));
                }
                Step::Remove(key) => prop_assert_eq!(table.remove(key), model.remove(&key)),
                Step::Get(key) => {
                    let expected = model.get(&key).copied();
                    prop_assert_eq!(table.get(key), expected);
                    prop_assert_eq!(table.find(key), expected.unwrap_or(ABSENT));
                }
            }
            check(&table, &model);
        }
    }

    #[test]
    fn a_header_gives_the_key_that_its_addresses_make(header in any::<[u8; 14]>(), tag: Option<u16>) {
        let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = header;
        let (to, from) = (MacAddress([a, b, c, d, e, f]), MacAddress([g, h, i, j, k, l]));
        prop_assert_eq!(Key::destination(&header, tag), Key::new(to, tag));
        prop_assert_eq!(Key::source(&header, tag), Key::new(from, tag));
        prop_assert_eq!(Key::new(to, tag).address(), to);
        prop_assert_eq!(Key::new(to, tag).vlan(), tag.unwrap_or(0) & 0xfff);
    }

    #[test]
    fn other_addresses_and_other_vlans_are_other_keys(a: [u8; 6], b: [u8; 6], v in 0..4096_u16, w in 0..4096_u16) {
        let (left, right) = (Key::new(MacAddress(a), Some(v)), Key::new(MacAddress(b), Some(w)));
        prop_assert_eq!(left == right, a == b && v == w);
        prop_assert_eq!(Key::new(MacAddress(a), None) == right, a == b && w == 0);
    }
}

/// Fills a table, asks for all keys and for as many that are not in it, empties it in another order
/// and fills it again.
fn fill_and_empty<const N: usize>(key: impl Fn(usize) -> Key) {
    let mut table = Box::new(ExactTable::<u16, N>::new(ABSENT));
    for round in 0..3 {
        let mut model = HashMap::new();
        for number in 0..N {
            let value = (number + round) as u16;
            assert_eq!(table.insert(key(number), value), Ok(None), "key {number} of {N}");
            model.insert(key(number), value);
        }
        check(&table, &model);
        for stranger in (N..2 * N).map(&key) {
            assert_eq!((table.get(stranger), table.find(stranger)), (None, ABSENT));
            assert_eq!(table.insert(stranger, 0), Err(InsertError::Full));
            assert_eq!(table.remove(stranger), None);
        }
        check(&table, &model);
        // Every third first.
        for number in (0..N).step_by(3).chain((0..N).filter(|number| number % 3 != 0)) {
            assert_eq!(table.remove(key(number)), model.remove(&key(number)));
            assert_eq!(table.get(key(number)), None);
        }
        check(&table, &model);
    }
}

/// The key whose address and VLAN are these bits.
fn of_bits(address: u64, vlan: u64) -> Key {
    let [a, b, c, d, e, f, ..] = address.to_le_bytes();
    Key::new(MacAddress([a, b, c, d, e, f]), Some(vlan as u16))
}

fn all_kinds_of_keys<const N: usize>() {
    // Sequential in the last byte, as on the wire, and in the first.
    fill_and_empty::<N>(|i| of_bits((i as u64).swap_bytes() >> 16, 0));
    fill_and_empty::<N>(|i| of_bits(i as u64, 0));
    // One address, all VLANs; and a grid of both.
    fill_and_empty::<N>(|i| of_bits(0xaa00_0000_0002, i as u64));
    fill_and_empty::<N>(|i| of_bits((i as u64 % 32) << 40 | 2, i as u64 / 32));
    // The same low bits, up to 36 of them; the same high bits.
    for low in [8, 16, 24, 36] {
        fill_and_empty::<N>(|i| of_bits((i as u64) << low | 0x5a, 7));
    }
    // Single bits and pairs of them.
    fill_and_empty::<N>(|i| {
        of_bits(1 << (i % 48) | 1 << (i / 48 % 48), (i as u64 / 48 / 48) | ((i as u64 % 48) << 6))
    });
}

#[test]
fn keys_of_a_pattern_fill_tables_of_any_size() {
    fill_and_empty::<1>(|i| of_bits(i as u64, 0));
    fill_and_empty::<2>(|i| of_bits(i as u64, 0));
    all_kinds_of_keys::<15>();
    all_kinds_of_keys::<24>();
    all_kinds_of_keys::<85>();
    all_kinds_of_keys::<127>();
    all_kinds_of_keys::<1024>();
}

#[test]
fn the_largest_load_fits() {
    // The largest N below a power of two of slots: two thirds are taken.
    fill_and_empty::<341>(|i| of_bits((i as u64).swap_bytes() >> 16, 5));
    fill_and_empty::<1365>(|i| of_bits((i as u64).swap_bytes() >> 16, 5));
}
