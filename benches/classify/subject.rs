//! What is measured: ways to find the queue of an address and a VLAN.

use rustc_hash::FxBuildHasher;
use vmdq_core::classify::{ExactTable, Key};

/// The header of a received frame, and the tag that the controller removed.
pub(crate) struct Query {
    pub(crate) header: [u8; 14],
    pub(crate) tag: u16,
}

impl Query {
    #[inline(always)]
    fn key(&self) -> Key {
        Key::destination(&self.header, Some(self.tag))
    }
}

/// A table of filters.
pub(crate) trait Subject {
    /// Adds up the queues of all queries, 0 for those that no filter matches.
    fn sum(&self, queries: &[Query]) -> u64;
}

/// The names of the subjects, in the order of [`subject`]. Ours is the first.
pub(crate) const NAMES: [&str; 4] = ["exact table", "hashbrown + Fx", "heapless FnvIndexMap", "linear scan"];

/// How many filters there are.
pub(crate) const SIZES: [usize; 5] = [4, 16, 24, 128, 1024];

/// Makes the subject of a number, for filters of one of the [`SIZES`].
pub(crate) fn subject(number: usize, filters: &[(Key, u16)]) -> Option<Box<dyn Subject>> {
    match filters.len() {
        4 => sized::<4, 8>(number, filters),
        16 => sized::<16, 32>(number, filters),
        24 => sized::<24, 64>(number, filters),
        128 => sized::<128, 256>(number, filters),
        1024 => sized::<1024, 2048>(number, filters),
        _ => None,
    }
}

/// `ROOM`: heapless asks for a power of two, and is slow when it is full; so at most half is.
fn sized<const N: usize, const ROOM: usize>(
    number: usize,
    filters: &[(Key, u16)],
) -> Option<Box<dyn Subject>> {
    Some(match number {
        0 => {
            let mut table = ExactTable::<u16, N>::new(0);
            for &(key, queue) in filters {
                table.insert(key, queue).ok()?;
            }
            Box::new(table)
        }
        1 => Box::new(Hashbrown(filters.iter().copied().collect())),
        2 => {
            let mut map = heapless::index_map::FnvIndexMap::<Key, u16, ROOM>::new();
            for &(key, queue) in filters {
                map.insert(key, queue).ok()?;
            }
            Box::new(Fnv(map))
        }
        3 => Box::new(Scan(filters.to_vec())),
        _ => return None,
    })
}

struct Hashbrown(hashbrown::HashMap<Key, u16, FxBuildHasher>);
struct Fnv<const N: usize>(heapless::index_map::FnvIndexMap<Key, u16, N>);
struct Scan(Vec<(Key, u16)>);

fn sum_by(queries: &[Query], queue: impl Fn(Key) -> Option<u16>) -> u64 {
    queries.iter().map(|query| u64::from(queue(query.key()).unwrap_or(0))).sum()
}

impl<const N: usize> Subject for ExactTable<u16, N> {
    fn sum(&self, queries: &[Query]) -> u64 {
        queries.iter().map(|query| u64::from(self.find(query.key()))).sum()
    }
}

impl Subject for Hashbrown {
    fn sum(&self, queries: &[Query]) -> u64 {
        sum_by(queries, |key| self.0.get(&key).copied())
    }
}

impl<const N: usize> Subject for Fnv<N> {
    fn sum(&self, queries: &[Query]) -> u64 {
        sum_by(queries, |key| self.0.get(&key).copied())
    }
}

impl Subject for Scan {
    fn sum(&self, queries: &[Query]) -> u64 {
        sum_by(queries, |key| self.0.iter().find(|(other, _)| *other == key).map(|(_, queue)| *queue))
    }
}
