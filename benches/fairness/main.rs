//! Transmit fairness: shares, losses and delays on one wire, where 58.6 % comes from, and what a
//! pick costs.
//!
//! `cargo bench -p vmdq-bench --bench fairness [-- --json]`. Simulations of `vmdq_core::fair`, each
//! with a seed of its own, so that figures repeat; instructions are callgrind's. There is no
//! controller here: the wire sends frames back to back, and a virtual machine is a rate and a ring.
//! Fails if a goal is missed. Plots go to `target/plots/`.

mod arbiter;
mod cases;
mod pick;
mod plot;
mod saturation;
mod wire;

use std::process::ExitCode;

use serde_json::json;
use vmdq_bench::{Goal, arguments, goal_table};

fn main() -> ExitCode {
    let args = arguments();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--picks", row] => pick::run(row),
        [] => report(false),
        ["--json"] => report(true),
        _ => {
            eprintln!("usage: fairness [--json]");
            ExitCode::FAILURE
        }
    }
}

fn report(as_json: bool) -> ExitCode {
    let mut goals = Vec::new();
    let wire = cases::measure(&mut goals);
    let saturation = saturation::measure(&mut goals);
    let done = pick::measure(&mut goals).and_then(|picks| {
        let plots = plot::draw(&wire, &saturation).map_err(|error| format!("no plots: {error}"))?;
        Ok((picks, plots))
    });
    let (picks, plots) = match done {
        Ok(done) => done,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let missed: Vec<_> = goals.iter().filter(|goal| goal.is_missed()).collect();
    if as_json {
        let report = json!({
            "wire": wire.iter().map(cases::Row::json).collect::<Vec<_>>(),
            "saturation": saturation.iter().map(saturation::Row::json).collect::<Vec<_>>(),
            "picks": picks.iter().map(pick::Row::json).collect::<Vec<_>>(),
            "goals": goals.iter().map(Goal::json).collect::<Vec<_>>(),
        });
        println!("{report}");
    } else {
        cases::print(&wire);
        saturation::print(&saturation);
        pick::print(&picks);
        println!("{} goals, {} missed", goals.len(), missed.len());
        if !missed.is_empty() {
            print!("{}", goal_table(missed.iter().copied()));
        }
        println!("plots: {}", plots.display());
    }
    if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
