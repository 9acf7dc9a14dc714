//! What the examples and the tests share: a controller on its model, stacks on it, and a station on its wire.

#![allow(dead_code, unreachable_pub, unused_imports)] // Each program uses its own part.

mod echo;
mod lab;
mod one_machine;
mod outcome;
mod ping;
mod stack;
mod two_machines;
mod wire;

pub use echo::{Client, PORT, Server};
pub use lab::{Lab, Machine, Pair, Shape};
pub use one_machine::one_machine;
pub use outcome::Outcome;
pub use ping::Pinger;
pub use stack::{Stack, address, mac};
pub use two_machines::{Between, two_machines};
pub use wire::Wire;

/// Bytes that are echoed.
pub const MEBIBYTE: usize = 1 << 20;
/// Echo requests that are sent.
pub const PINGS: u16 = 100;
/// Steps of a millisecond after which something is wrong.
pub const STEPS: usize = 4_000;
