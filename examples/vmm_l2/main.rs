//! A hypervisor on VMDq with targeted receive: each virtual machine has memory of its own, runs its
//! own driver, and gets its frames where it wants them.
//!
//! ```text
//! cargo run --release --example vmm_l2 -- [CAPTURE] [--device 82575|82576|82598] [--vms N] [--sharing K]
//!                                         [--hostile H] [--json]
//! ```
//!
//! It runs on the models of `vmdq-sim` and needs no hardware. Without a capture it makes traffic
//! itself. The first K virtual machines share buffers, into which the controller then writes; to all
//! others frames are copied. The last H do all that they can to break out.
//!
//! Where the parts of the paper (figures 4 and 5) are:
//!
//! | the paper | here |
//! |---|---|
//! | virtual machine, virtual driver (front-end) | `vm/`: memory, a driver that receives, one that attacks |
//! | virtual machine monitor: memory of virtual machines | `vmdq_sim::Guests`, a `Vmm` |
//! | I/O container | `hypervisor/`, all of it |
//! | physical driver: queues, filters, rings | `hypervisor/start.rs`, `hypervisor/stop.rs` |
//! | virtual interface (back-end), shared buffers | `hypervisor/line.rs` |
//! | virtual switch, group indication, flooding by copy | `hypervisor/forward.rs` |
//!
//! `run.rs` is the wire and the clock: it lets hypervisor and virtual machines take turns.

#[path = "../common/capture.rs"]
mod capture;
mod cli;
#[path = "../common/command_line.rs"]
mod command_line;
#[path = "../common/device.rs"]
mod device;
mod digest;
mod hypervisor;
#[path = "../common/plan.rs"]
mod plan;
#[path = "../common/progress.rs"]
mod progress;
mod report;
mod run;
#[path = "../common/source.rs"]
mod source;
mod table;
#[path = "../common/terminal.rs"]
mod terminal;
#[path = "../common/traffic.rs"]
mod traffic;
mod vm;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use vmdq_sim::Sim;

use cli::Options;
use device::Device;
use plan::Plan;

fn main() -> ExitCode {
    let options = match Options::from_command_line() {
        Ok(options) => options,
        Err(code) => return code,
    };
    match start(&options) {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(problems) => {
            problems.iter().for_each(|problem| eprintln!("error: {problem}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does it all and prints the result; returns what went wrong after all that could be printed was.
fn start(options: &Options) -> Result<Vec<String>> {
    let plan = Plan::make(&options.source, options.vms)?;
    let bed = match options.device {
        Device::I82575 => Sim::i82575(),
        Device::I82576 => Sim::i82576(),
        Device::I82598 => Sim::i82598(),
    };
    let report = run::run(bed, options, &plan)?;
    if report.tells_something() {
        let text = if options.json { report.json()? } else { table::render(&report) };
        match writeln!(io::stdout(), "{text}") {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => written.context("standard output")?,
        }
    }
    Ok(report.problems)
}
