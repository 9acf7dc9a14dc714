//! Fair transmission (paper sections 2.2 and 3.6).
//!
//! The controller sends one frame from each of its queues in turn, so a virtual machine with a queue
//! of its own can't be kept from the wire. Three tasks are left to software:
//!
//! - **More virtual machines than queues.** Some share a queue, which sends frames in the order in which
//!   they were put there: the machine that puts in most gets most. [`Schedule`] works before the hardware's
//!   round robin; it knows which virtual machines send through which queue, and lets those of one queue take
//!   turns.
//! - **Bytes instead of frames.** A turn of frames gives a virtual machine with 1514-byte frames 18
//!   times the wire time of one with 60-byte frames. [`DeficitRoundRobin`] counts bytes, with a weight
//!   for each member; [`RoundRobin`] counts frames, as the hardware does.
//! - **Several queues for a sender.** [`FlowQueues`] chooses queues such that no flow is
//!   reordered, also when queues are stopped or drained.
//!
//! # Service bounds
//!
//! Between members that have something to send all the while, over any span of time:
//!
//! | | served units differ by at most | waits at most, for a member's next frame |
//! |---|---|---|
//! | [`RoundRobin`] | 1 frame | 1 frame of each other member |
//! | [`DeficitRoundRobin`] | 1 quantum and 2 longest frames, in bytes divided by weight | weight × quantum and 1 longest frame of each other member |
//!
//! Up to 64 members fit one machine word. For more, give the types more words and make them with `wide`:
//! at most 64 words with 4096 members, and still in constant time.
//!
//! [`DeficitRoundRobin`] argues for its bound. The bounds hold for an honest member among
//! hostile ones, no matter what those claim, post or withhold.
#![forbid(unsafe_code)]

mod deficit;
mod flow;
mod members;
mod passage;
mod schedule;
mod share;
mod turn;

pub use deficit::DeficitRoundRobin;
pub use flow::{FlowError, FlowQueues};
pub use schedule::{AssignError, Schedule};
pub use share::{MAX_QUANTUM, MAX_WEIGHT, QuantumError, WeightError, wire_bytes};
pub use turn::RoundRobin;
