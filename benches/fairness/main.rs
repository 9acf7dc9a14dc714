//! Transmit fairness: shares, losses and delays on one wire, where 58.6 % comes from, and what a
//! pick costs.
//!
//! `cargo bench -p vmdq-bench --bench fairness [-- --json]`. Simulations of `vmdq_core::fair`, each
//! with a seed of its own, so that figures repeat; instructions are callgrind's. There is no
//! controller here: the wire sends frames back to back, and a virtual machine is a rate and a ring.
//! Fails if a goal is missed. Plots go to `target/plots/`.

#[path = "arbiter.rs"]
mod arbiter;
#[path = "cases.rs"]
mod cases;
#[path = "goal.rs"]
mod goal;
#[path = "pick.rs"]
mod pick;
#[path = "plot.rs"]
mod plot;
#[path = "saturation.rs"]
mod saturation;
#[path = "wire.rs"]
mod wire;

use std::process::ExitCode;

use goal::Goals;
use serde_json::json;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
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
    let mut goals = Goals::default();
    let wire = cases::measure(&mut goals);
    let saturation = saturation::measure(&mut goals);
    let picks = pick::measure(&mut goals);
    let plots = match plot::draw(&wire, &saturation) {
        Ok(plots) => plots,
        Err(error) => {
            eprintln!("no plots: {error}");
            return ExitCode::FAILURE;
        }
    };
    if as_json {
        let report = json!({
            "wire": wire.iter().map(cases::Row::json).collect::<Vec<_>>(),
            "saturation": saturation.iter().map(saturation::Row::json).collect::<Vec<_>>(),
            "picks": picks.iter().map(pick::Row::json).collect::<Vec<_>>(),
            "goals": goals.json(),
        });
        println!("{report}");
    } else {
        cases::print(&wire);
        saturation::print(&saturation);
        pick::print(&picks);
        goals.print();
        println!("plots: {}", plots.display());
    }
    if goals.hold() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
