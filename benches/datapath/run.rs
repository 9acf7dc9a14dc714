//! The program of a bench: its arguments, and what they ask for.

use std::process::ExitCode;

use vmdq_bench::arguments;

use crate::goals::Most;
use crate::report::Report;
use crate::subject::Subject;
use crate::{measure, time};

/// Does what the arguments say.
pub(crate) fn run(
    name: &str,
    subjects: &[fn() -> Subject],
    sizes: &[usize],
    goals: &'static [Most],
) -> ExitCode {
    let args = arguments();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let ["--regions", subject, size] = args[..] {
        let make = subject.parse().ok().and_then(|subject: usize| subjects.get(subject));
        let (Some(make), Ok(size)) = (make, size.parse()) else { return ExitCode::FAILURE };
        return measure::run_regions(make(), size);
    }
    let known = ["--json", "--quick", "--instructions"];
    if let Some(unknown) = args.iter().find(|arg| !known.contains(arg)) {
        eprintln!("`{unknown}` is unknown; usage: {name} [--json] [--quick] [--instructions]");
        return ExitCode::FAILURE;
    }
    let has = |arg| args.contains(&arg);
    let effort = if has("--quick") { time::Effort::QUICK } else { time::Effort::FULL };
    match Report::make(subjects, sizes, goals, (!has("--instructions")).then_some(effort)) {
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
