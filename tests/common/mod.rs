//! What the tests share: a controller with VMDq on and its queues running, and frames.
#![allow(dead_code, unused_imports, unused_macros, reason = "each test program uses its part")]

mod forward;
pub(crate) mod frames;
mod guests;
mod qemu;
mod queue_pair;
mod setup;

pub(crate) use forward::{Forward, Joined, Look};
pub(crate) use frames::{GROUP, STRANGER, frame, matched, number, numbers, tagged, vm};
pub(crate) use guests::memory_of_guests;
pub(crate) use qemu::qemu;
pub(crate) use queue_pair::{QueuePair, buffers, rings};
pub(crate) use setup::{Concrete, Plan, Setup, SimMachine, gather, limits, pools, ready, ready_as, tails};
