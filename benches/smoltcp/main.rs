//! What `vmdq-smoltcp` costs for each frame, beside the bare rings.
//!
//! `cargo xtask bench` runs it after the data path, in the way of which it is done: the modules are the same. A
//! program of its own, since what else uses a ring in a program decides what the compiler makes of it.

mod answer;
#[path = "../datapath/goals.rs"]
mod goals;
#[path = "../datapath/measure.rs"]
mod measure;
#[path = "../datapath/report.rs"]
mod report;
#[path = "../datapath/run.rs"]
mod run;
#[path = "../datapath/start.rs"]
mod start;
#[path = "../datapath/subject.rs"]
#[allow(dead_code, reason = "its other paths are those of the data path")]
mod subject;
#[path = "../datapath/time.rs"]
mod time;

use std::process::ExitCode;

use answer::{Rings, Smoltcp};
use goals::{Most, What};
use igb_hal::I82576;
use subject::{Path, Subject};
use vmdq_bench::{IGB, Mode};

const SUBJECTS: [fn() -> Subject; 2] =
    [|| answer::subject::<I82576, Rings>(IGB), || answer::subject::<I82576, Smoltcp>(IGB)];

/// A stack takes one frame at a time.
const SIZES: [usize; 1] = [1];

/// By subject, path and batch. The second keeps the base honest: slow rings flatter.
const GOALS: [Most; 3] = [
    ("smoltcp", Path::Answer, 1, What::Instructions, 320.0),
    ("rings", Path::Answer, 1, What::Instructions, 250.0),
    ("smoltcp", Path::Answer, 1, What::Ratio(Mode::Warm), 1.7),
];

fn main() -> ExitCode {
    run::run("answer", &SUBJECTS, &SIZES, &GOALS)
}
