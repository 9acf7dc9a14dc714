//! A buffer has at least 1 KiB.

use vmdq::ring::BufferMemory;

fn main() {
    let _ = BufferMemory::<8, 0>::new();
}
