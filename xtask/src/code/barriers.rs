//! `cargo xtask barriers`: the memory barriers in the emitted code of each ring operation.
//!
//! A test on an x86 machine passes without them, and one on others mostly does. So they are looked for where
//! they can't hide: in the instructions. A barrier has one encoding, which nothing else in a function's code
//! has; how many an operation reaches is committed, so that one which is removed is missed.

use anyhow::{Result, ensure};

use super::encoded::Barriers;
use super::{PREFIX, build, operation};
use crate::committed::{self, Numbers};
use crate::targets;
use crate::terminal;
use crate::workspace::root;

/// The committed numbers.
const TABLE: &str = "benches/barriers.toml";
const WRITE: &str = "cargo xtask barriers --write";
/// The targets on which barriers are instructions. On the last one both are the same, and what follows a done
/// bit has one more: its processors read half a descriptor at a time.
const TARGETS: [&str; 3] = ["aarch64-unknown-none", "riscv64gc-unknown-none-elf", "thumbv7em-none-eabihf"];
/// Operations that hand descriptors to the device: a barrier before the tail.
const PUBLISH: [&str; 9] = [
    "receive",
    "receive_replacing",
    "receive_one",
    "refill",
    "send",
    "send_one",
    "exchange",
    "in_place",
    "targeted_refill",
];
/// Operations that take descriptors from the device: a barrier behind the done bit.
const OBSERVE: [&str; 7] =
    ["receive", "receive_replacing", "receive_one", "reclaim", "exchange", "in_place", "targeted_receive"];

/// Counts the memory barriers in the code of each ring operation, on the targets where both are
/// instructions. Fails where an operation has none that needs one.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Fails if the numbers differ from benches/barriers.toml
    #[arg(long, conflicts_with = "write")]
    check: bool,
    /// Writes benches/barriers.toml
    #[arg(long)]
    write: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let sysroot = targets::ensure()?;
    let mut rows = Vec::new();
    for target in TARGETS {
        let graph = build::graph(&sysroot, target, false)?;
        for symbol in graph.names(PREFIX) {
            let Some((_, operation)) = operation(symbol) else { continue };
            let needs = (PUBLISH.contains(&operation), OBSERVE.contains(&operation));
            if needs == (false, false) {
                continue;
            }
            let found = graph.reach(symbol)?.barriers;
            ensure!(!needs.0 || found.publish > 0, "{target}: {operation} has no barrier before the tail");
            ensure!(
                !needs.1 || found.observe > 0,
                "{target}: {operation} has no barrier behind the done bit"
            );
            rows.push((target, operation.to_owned(), found));
        }
    }
    let all = PUBLISH.iter().chain(&OBSERVE).all(|name| rows.iter().any(|(_, row, _)| row == name));
    ensure!(all, "the probe lacks operations");
    let path = root().join(TABLE);
    if args.write {
        let about =
            "Memory barriers in the code of each ring operation: before a tail, and behind a done bit.";
        committed::write(&path, &numbers(&rows), about, WRITE)
    } else if args.check {
        committed::check(&path, &numbers(&rows), |_| 0.0, WRITE)?;
        println!("the memory barriers of {} operations are as committed", rows.len());
        Ok(())
    } else {
        let row = |(target, operation, found): &(&str, String, Barriers)| {
            vec![
                (*target).to_owned(),
                operation.clone(),
                found.publish.to_string(),
                found.observe.to_string(),
            ]
        };
        let head = ["target", "operation", "before a tail", "behind a done bit"];
        print!(
            "{}",
            terminal::lay_out(&head, rows.iter().map(row).collect(), |column| column > 1, terminal::width())
        );
        Ok(())
    }
}

fn numbers(rows: &[(&str, String, Barriers)]) -> Numbers {
    let both = |(target, operation, found): &(&str, String, Barriers)| {
        [("publish", found.publish), ("observe", found.observe)]
            .map(|(kind, count)| (format!("{target} {operation} {kind}"), f64::from(count)))
    };
    rows.iter().flat_map(both).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_barrier_has_its_line() {
        let rows = [("aarch64-unknown-none", "send".to_owned(), Barriers { publish: 2, observe: 0 })];
        let names: Vec<_> = numbers(&rows);
        let line = |kind: &str| format!("aarch64-unknown-none send {kind}");
        assert_eq!(names, [(line("publish"), 2.0), (line("observe"), 0.0)]);
    }
}
