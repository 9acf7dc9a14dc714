//! Two virtual machines' stacks on one controller, talking to each other through the virtual switch.
//!
//! `cargo run -p vmdq-smoltcp --example two_machines`; the program itself is in `common/two_machines.rs`.

mod common;

use std::process::ExitCode;

use common::{PINGS, Shape, two_machines};
use igb_hal::I82576;
use vmdq_sim::Sim;

fn main() -> ExitCode {
    let between = two_machines::<I82576>(Sim::i82576(), Shape::default());
    let [asking, answering] = between.station;
    println!("from machine to machine: {}", between.machines);
    println!("from the wire: {asking} and {answering} of {PINGS} pings answered");
    println!("{:?}", between.counters);
    let complete = between.machines.is_complete() && between.station == [PINGS; 2];
    if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
