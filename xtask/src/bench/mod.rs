//! `cargo xtask bench`: the cost of the data path, in time and in instructions.
//!
//! Time differs from machine to machine and from run to run; instructions do not, so that they are
//! what is checked.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::committed::{self, Numbers, Table};
use crate::valgrind;
use crate::workspace::{cargo, root, target};

/// The committed counts.
const TABLE: &str = "benches/instructions.toml";
const WRITE: &str = "cargo xtask bench --write";
/// How much a count may differ: 2 %.
const TOLERANCE: f64 = 0.02;
/// The subjects whose counts are committed. A peer's depend on the machine's C library and can't be fixed
/// here.
const OWN: [&str; 4] = ["hal", "limit", "rings", "smoltcp"];
/// The benches whose counts are committed, by package and name.
const DATAPATH: (&str, &str) = ("vmdq-bench", "datapath");
const SMOLTCP: (&str, &str) = ("vmdq-smoltcp-bench", "answer");

/// Measures the data path beside hand-written loops and other drivers.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Prints one JSON object instead of a table
    #[arg(long, conflicts_with_all = ["check", "write"])]
    json: bool,
    /// Measures fewer regions in one run: faster, and less certain
    #[arg(long, conflicts_with_all = ["check", "write"])]
    quick: bool,
    /// Measures how the cost grows with rings, queues and filters instead, and draws plots
    #[arg(long, conflicts_with_all = ["check", "write"])]
    scaling: bool,
    /// Measures the tokens of vmdq-smoltcp beside the bare rings instead
    #[arg(long, conflicts_with_all = ["check", "write", "scaling"])]
    smoltcp: bool,
    /// Counts instructions only, and fails if they differ from benches/instructions.toml
    #[arg(long, conflicts_with = "write")]
    check: bool,
    /// Counts instructions only, and writes benches/instructions.toml
    #[arg(long)]
    write: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.check || args.write {
        return counts(args.write);
    }
    let (package, name) = if args.smoltcp { SMOLTCP } else { DATAPATH };
    let mut bench = bench(package, if args.scaling { "scaling" } else { name });
    bench.env("VMDQ_PLOTS", target().join("plots"));
    bench.args(args.json.then_some("--json")).args(args.quick.then_some("--quick"));
    match valgrind::ensure() {
        Ok(valgrind) => valgrind.apply(&mut bench),
        Err(error) => eprintln!("instructions are not counted: {error:#}"),
    }
    ensure!(bench.status().context("can't start the bench")?.success(), "the bench failed");
    Ok(())
}

/// Says why counts can't be compared with the committed ones here.
pub(crate) fn obstacle() -> Option<String> {
    if !has_v3() {
        return Some("the committed counts are of x86-64-v3, which this processor is not".into());
    }
    let fits = Table::read(&root().join(TABLE)).and_then(|table| table.fits(WRITE));
    fits.err().map(|error| format!("{error:#}"))
}

fn counts(write: bool) -> Result<()> {
    ensure!(has_v3(), "the committed counts are of x86-64-v3, which this processor is not");
    let valgrind = valgrind::ensure()?;
    let mut numbers = Numbers::new();
    for (package, name) in [DATAPATH, SMOLTCP] {
        let mut bench = bench(package, name);
        bench.args(["--instructions", "--json"]).stdin(Stdio::null()).stderr(Stdio::inherit());
        valgrind.apply(&mut bench);
        let done = bench.output().context("can't start the bench")?;
        ensure!(done.status.success(), "the bench {name} failed");
        let report: Value = serde_json::from_slice(&done.stdout).context("the bench printed no report")?;
        numbers.extend(self::numbers(&report)?);
    }
    let path = root().join(TABLE);
    if write {
        return committed::write(&path, &numbers, "Instructions for each frame, built for x86-64-v3.", WRITE);
    }
    committed::check(&path, &numbers, |old| old * TOLERANCE, WRITE)?;
    println!("{} counts are as committed", numbers.len());
    Ok(())
}

/// Names the counts in a report.
fn numbers(report: &Value) -> Result<Numbers> {
    let rows = report["rows"].as_array().context("a report without rows")?;
    let text = |row: &Value, key: &str| row[key].as_str().map(str::to_owned).context("a row without names");
    let mut numbers = Numbers::new();
    for row in rows {
        let (subject, device, path) = (text(row, "subject")?, text(row, "device")?, text(row, "path")?);
        if OWN.contains(&subject.as_str()) {
            let count = row["instructions_per_frame"].as_f64().context("a row without a count")?;
            let name = format!("{subject} {device} {path} {}", row["batch"]);
            numbers.push((name, (count * 100.0).round() / 100.0));
        }
    }
    if numbers.is_empty() {
        bail!("the report has no rows of {OWN:?}");
    }
    Ok(numbers)
}

/// Returns the command that builds and runs a bench; arguments for it can be added.
fn bench(package: &str, name: &str) -> Command {
    let mut command = cargo();
    command.args(["bench", "--package", package, "--bench", name]);
    // A folder of its own: with other flags, all that is built elsewhere would be built again.
    command.arg("--target-dir").arg(target().join("bench")).arg("--");
    if has_v3() {
        command.env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-cpu=x86-64-v3");
    }
    command
}

/// Tells whether this processor is one for which the figures are made.
#[cfg(target_arch = "x86_64")]
fn has_v3() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("f16c")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("movbe")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_v3() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(subject: &str, count: Value) -> Value {
        json!({ "subject": subject, "device": "82598", "path": "burst", "batch": 32, "instructions_per_frame": count })
    }

    #[test]
    fn own_rows_are_named_and_rounded() {
        let report = json!({ "rows": [row("hal", json!(70.123)), row("a peer", json!(200.0))] });
        assert_eq!(numbers(&report).unwrap(), [("hal 82598 burst 32".to_owned(), 70.12)]);
    }

    #[test]
    fn a_missing_count_is_no_count() {
        assert!(numbers(&json!({ "rows": [row("hal", Value::Null)] })).is_err());
        assert!(numbers(&json!({ "rows": [row("a peer", json!(1.0))] })).is_err());
        assert!(numbers(&json!({})).is_err());
    }
}
