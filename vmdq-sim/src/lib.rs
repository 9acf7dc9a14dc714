//! Device models.

mod testbed;
mod violation;

pub use testbed::{Sent, Settled, Testbed};
pub use violation::{Rule, Violation};
