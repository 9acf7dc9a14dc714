//! A ring's length is a power of two.

use vmdq::ring::RingMemory;

fn main() {
    let _ = RingMemory::<48>::new();
}
