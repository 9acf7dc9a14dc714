//! Receive, touch, send, reclaim: time and instructions for each frame.
//!
//! `cargo xtask bench` runs it; `cargo bench -p vmdq-bench --bench datapath -- [--json] [--quick]`
//! does without the processor's vector instructions. The figures say what a driver costs the
//! processor: there is no PCIe and no real DMA here.

mod answer;
mod goals;
mod hal;
mod limit;
mod measure;
mod peer;
mod report;
mod subject;
mod time;

use std::process::ExitCode;

use igb_hal::I82576;
use ixgbe_hal::I82598;
use report::Report;
use subject::Subject;
use vmdq_bench::{IGB, IXGBE, arguments};

/// What is measured. Each path needs its base: the limit, or the bare rings.
const SUBJECTS: [fn() -> Subject; 13] = [
    || limit::subject::<limit::Burst>(IXGBE, "82598"),
    || hal::subject::<I82598, hal::Bursts>(IXGBE),
    || hal::subject::<I82576, hal::Bursts>(IGB),
    || limit::subject::<limit::Exchange>(IXGBE, "82598"),
    || hal::subject::<I82598, hal::Exchanging>(IXGBE),
    || hal::subject::<I82576, hal::Exchanging>(IGB),
    || limit::subject::<limit::InPlace>(IXGBE, "82598"),
    || hal::subject::<I82598, hal::StayingInPlace>(IXGBE),
    || hal::subject::<I82576, hal::StayingInPlace>(IGB),
    || answer::subject::<I82576, answer::Rings>(IGB),
    || answer::subject::<I82576, answer::Smoltcp>(IGB),
    peer::ixgbe_driver::subject,
    peer::eth_igb::subject,
];

/// Frames of a burst.
const SIZES: [usize; 4] = [1, 8, 32, 64];

fn main() -> ExitCode {
    let args = arguments();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let ["--regions", subject, size] = args[..] {
        let make = subject.parse().ok().and_then(|subject: usize| SUBJECTS.get(subject));
        let (Some(make), Ok(size)) = (make, size.parse()) else { return ExitCode::FAILURE };
        return measure::run_regions(make(), size);
    }
    let known = ["--json", "--quick", "--instructions"];
    if let Some(unknown) = args.iter().find(|arg| !known.contains(arg)) {
        eprintln!("`{unknown}` is unknown; usage: datapath [--json] [--quick] [--instructions]");
        return ExitCode::FAILURE;
    }
    let has = |arg| args.contains(&arg);
    let effort = if has("--quick") { time::Effort::QUICK } else { time::Effort::FULL };
    match Report::make(&SUBJECTS, &SIZES, (!has("--instructions")).then_some(effort)) {
        Ok(report) => {
            if has("--json") {
                println!("{}", report.json());
            } else {
                print!("{}", report.table());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
