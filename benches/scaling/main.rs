//! What happens to the cost when there is more of something: longer rings, more queues, more idle
//! queues, more filters.
//!
//! `cargo xtask bench --scaling [--json] [--quick]`. Plots (SVG) go to `plots/` below the target
//! folder.

#[path = "../datapath/clock.rs"]
mod clock;
#[path = "../datapath/count.rs"]
mod count;
#[path = "load.rs"]
mod load;
#[path = "lookup.rs"]
mod lookup;
#[path = "../datapath/memory.rs"]
mod memory;
#[path = "../datapath/nic.rs"]
mod nic;
#[path = "plot.rs"]
mod plot;
#[path = "../datapath/progress.rs"]
mod progress;
#[path = "queues.rs"]
mod queues;
#[path = "report.rs"]
mod report;
#[path = "series.rs"]
mod series;

use std::process::ExitCode;

use series::series;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["--count", name, x] => load::run_counted(&series(), name, x),
        _ if args.iter().all(|arg| ["--json", "--quick"].contains(arg)) => {
            report::run(&series(), args.contains(&"--json"), args.contains(&"--quick"))
        }
        _ => Err("usage: scaling [--json] [--quick]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
