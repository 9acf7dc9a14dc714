//! What the tests share: a controller with VMDq on and its queues running, and frames.
#![allow(dead_code, unused_imports, reason = "each test program uses its part")]

mod forward;
pub(crate) mod frames;
mod lane;
mod rig;

pub(crate) use forward::{Forward, Joined, Look};
pub(crate) use frames::{GROUP, STRANGER, frame, matched, number, numbers, tagged, vm};
pub(crate) use lane::{Lane, buffers, rings};
pub(crate) use rig::{Concrete, Plan, Rig, gather, limits, pools, ready, ready_as};
