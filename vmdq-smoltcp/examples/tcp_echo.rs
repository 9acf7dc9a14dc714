//! A virtual machine's stack on a model of a controller: TCP echo and ping from a station on the wire.
//!
//! `cargo run -p vmdq-smoltcp --example tcp_echo`; the program itself is in `common/one_machine.rs`.

mod common;

use std::process::ExitCode;

use common::{Shape, one_machine};
use igb_hal::I82576;
use vmdq_sim::Sim;

fn main() -> ExitCode {
    let (outcome, counters) = one_machine::<I82576>(Sim::i82576(), Shape::default());
    println!("{outcome}\n{counters:?}");
    if outcome.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
