//! What happens to the cost when there is more of something: longer rings, more queues, more idle
//! queues, more filters.
//!
//! `cargo xtask bench --scaling [--json] [--quick]`. Plots (SVG) go to `plots/` below the target
//! folder.

mod load;
mod lookup;
mod plot;
mod queues;
mod report;
mod series;

use std::process::ExitCode;

use series::series;
use vmdq_bench::arguments;

fn main() -> ExitCode {
    let args = arguments();
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
