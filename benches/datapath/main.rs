//! Receive, touch, send, reclaim: time and instructions for each frame.
//!
//! `cargo xtask bench` runs it; `cargo bench -p vmdq-bench --bench datapath -- [--json] [--quick]`
//! does without the processor's vector instructions. The figures say what a driver costs the
//! processor: there is no PCIe and no real DMA here.

mod goals;
mod hal;
mod limit;
mod measure;
mod peer;
mod report;
mod run;
mod start;
#[allow(dead_code, reason = "one path is of vmdq-smoltcp's bench")]
mod subject;
mod time;

use std::process::ExitCode;

use goals::{Most, What};
use igb_hal::I82576;
use ixgbe_hal::I82598;
use subject::{Path, Subject};
use vmdq_bench::{IGB, IXGBE, Mode};

/// What is measured. Each path needs its base: the limit.
const SUBJECTS: [fn() -> Subject; 11] = [
    || limit::subject::<limit::Burst>(IXGBE, "82598"),
    || hal::subject::<I82598, hal::Bursts>(IXGBE),
    || hal::subject::<I82576, hal::Bursts>(IGB),
    || limit::subject::<limit::Exchange>(IXGBE, "82598"),
    || hal::subject::<I82598, hal::Exchanging>(IXGBE),
    || hal::subject::<I82576, hal::Exchanging>(IGB),
    || limit::subject::<limit::InPlace>(IXGBE, "82598"),
    || hal::subject::<I82598, hal::StayingInPlace>(IXGBE),
    || hal::subject::<I82576, hal::StayingInPlace>(IGB),
    peer::ixgbe_driver::subject,
    peer::eth_igb::subject,
];

/// Frames of a burst.
const SIZES: [usize; 4] = [1, 8, 32, 64];

/// By subject, path and batch. The last four keep the limits honest: a slow limit flatters.
const GOALS: [Most; 10] = [
    ("hal", Path::Burst, 32, What::Instructions, 72.0),
    ("hal", Path::Burst, 1, What::Instructions, 144.0),
    ("hal", Path::Exchange, 32, What::Instructions, 48.0),
    ("hal", Path::InPlace, 32, What::Instructions, 28.0),
    ("hal", Path::Burst, 32, What::Ratio(Mode::Warm), 1.08),
    ("hal", Path::Burst, 32, What::Ratio(Mode::Swept), 1.1),
    ("limit", Path::Burst, 32, What::Instructions, 70.0),
    ("limit", Path::Burst, 1, What::Instructions, 140.0),
    ("limit", Path::Exchange, 32, What::Instructions, 47.5),
    ("limit", Path::InPlace, 32, What::Instructions, 27.0),
];

fn main() -> ExitCode {
    run::run("datapath", &SUBJECTS, &SIZES, &GOALS)
}
