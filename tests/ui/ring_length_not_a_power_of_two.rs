//! A ring's length is a power of two.

use vmdq::ring::RxMemory;

fn main() {
    let _ = RxMemory::<48>::new();
}
