//! Benches of the VMDq crates: see the bench targets of this package. This is what they share.

mod callgrind;
mod goal;
mod plot;
mod sample;

pub use callgrind::{instructions, measured_work};
pub use goal::{Goal, judge};
pub use plot::{Line, draw};
pub use sample::{Sample, ns};
