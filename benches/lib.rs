//! Benches of the VMDq crates: see the bench targets of this package.
