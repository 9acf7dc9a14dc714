//! Classification in software: which queue a frame belongs to.
//!
//! [`Rules`] are the paper's receive rules (sections 2.1 and 3.4): the reference that hardware and
//! models are compared with, and what a virtual switch uses for frames that no filter in hardware
//! sorted. [`ExactTable`] finds the value of an address and a VLAN in constant time; the rules keep
//! their filters in one.
#![forbid(unsafe_code)]

mod exact;
mod key;
mod rules;

pub use exact::{ExactTable, InsertError};
pub use key::Key;
pub use rules::{Destination, Full, Rules};
