//! A ring has at least 8 descriptors.

use vmdq::ring::RingMemory;

fn main() {
    let _ = RingMemory::<4>::new();
}
