//! A virtual machine monitor's switch on VMDq: sorts a capture into one queue for each virtual
//! machine, and lets each of them answer through its own transmit queue.
//!
//! ```text
//! cargo run --release --example vmm_switch -- [CAPTURE] [--device 82575|82576|82598] [--bus sim|qemu]
//!                                             [--vms N] [--max-frame BYTES] [--json]
//! ```
//!
//! It runs on the models of `vmdq-sim`, or on QEMU's `igb`, and needs no hardware. Without a capture
//! it makes traffic itself. Where to look: `switch.rs` drives the port, `answer.rs` checks what
//! the wire saw, `plan.rs` chooses the virtual machines.

mod answer;
#[path = "../common/capture.rs"]
mod capture;
mod cli;
#[path = "../common/command_line.rs"]
mod command_line;
#[path = "../common/device.rs"]
mod device;
#[path = "../common/plan.rs"]
mod plan;
#[path = "../common/progress.rs"]
mod progress;
mod report;
mod run;
#[path = "../common/source.rs"]
mod source;
mod switch;
mod table;
#[path = "../common/terminal.rs"]
mod terminal;
#[path = "../common/traffic.rs"]
mod traffic;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use vmdq_sim::{Qemu, Sim};

use cli::{Bus, Options};
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
    let report = match (options.bus, options.device) {
        (Bus::Qemu, _) => run::run(Qemu::start().context("--bus qemu")?, options, &plan),
        (Bus::Sim, Device::I82575) => run::run(Sim::i82575(), options, &plan),
        (Bus::Sim, Device::I82576) => run::run(Sim::i82576(), options, &plan),
        (Bus::Sim, Device::I82598) => run::run(Sim::i82598(), options, &plan),
    }?;
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
