//! Benches of the VMDq crates: see the bench targets of this package. This is what they share.

mod callgrind;
mod clock;
mod goal;
mod memory;
mod nic;
mod plot;
mod progress;
mod registers;
mod sample;
mod table;

pub use callgrind::{count, count_if_possible, count_subjects, measured_region};
pub use clock::{Clock, Mode, ns};
pub use goal::{Bound, Goal, judge};
pub use memory::{pages, place};
pub use nic::{IGB, IXGBE, Layout0, Nic};
pub use plot::{Line, Panel, Scale, draw};
pub use progress::show;
pub use registers::{Machine, Registers};
pub use sample::Sample;
pub use table::{goal_table, table};

/// Returns what the bench was asked for; cargo's own argument is left out.
#[must_use]
pub fn arguments() -> Vec<String> {
    std::env::args().skip(1).filter(|arg| arg != "--bench").collect()
}
