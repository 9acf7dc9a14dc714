//! A ring has at least 8 descriptors.

use vmdq::ring::TxMemory;

fn main() {
    let _ = TxMemory::<4>::new();
}
