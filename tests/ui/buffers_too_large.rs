//! A buffer has at most 16 KiB.

use vmdq::ring::BufferMemory;

fn main() {
    let _ = BufferMemory::<8, 17>::new();
}
