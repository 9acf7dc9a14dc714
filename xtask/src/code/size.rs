//! `cargo xtask size`: bytes of code for each operation, and of a whole firmware (`examples/firmware`).

use anyhow::{Context, Result};
use serde_json::json;

use super::{PREFIX, build, operation};
use crate::committed::{self, Numbers, Table};
use crate::firmware;
use crate::targets::{self, TARGETS};
use crate::terminal;
use crate::workspace::root;

/// The committed sizes.
const TABLE: &str = "benches/size.toml";
const WRITE: &str = "cargo xtask size --write";

/// Measures the code of each operation on the bare targets, without and with defmt, and that of the firmware.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Prints one JSON object instead of a table
    #[arg(long, conflicts_with_all = ["check", "write"])]
    json: bool,
    /// Fails if the sizes differ from benches/size.toml
    #[arg(long, conflicts_with = "write")]
    check: bool,
    /// Writes benches/size.toml
    #[arg(long)]
    write: bool,
}

/// The size of one operation.
struct Row {
    target: &'static str,
    model: String,
    operation: String,
    defmt: bool,
    bytes: u64,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let rows = measure()?;
    let path = root().join(TABLE);
    if args.write {
        return committed::write(
            &path,
            &numbers(&rows),
            "Bytes of code for each operation, with what it reaches in our crates, built with opt-level 3; and of the firmware, with \"s\".",
            WRITE,
        );
    }
    if args.check {
        committed::check(&path, &numbers(&rows), tolerance, WRITE)?;
        println!("{} sizes are as committed", rows.len());
    } else if args.json {
        let row = |row: &Row| {
            json!({ "target": row.target, "model": row.model, "operation": row.operation,
                    "defmt": row.defmt, "bytes": row.bytes })
        };
        println!("{}", json!({ "rows": rows.iter().map(row).collect::<Vec<_>>() }));
    } else {
        print!("{}", table(&rows, terminal::width()));
    }
    Ok(())
}

/// Says why sizes can't be compared with the committed ones here.
pub(crate) fn obstacle() -> Option<String> {
    let fits = Table::read(&root().join(TABLE)).and_then(|table| table.fits(WRITE));
    fits.err().map(|error| format!("{error:#}"))
}

/// Returns the version of the compiler with which everything is checked that depends on one.
pub(crate) fn pinned() -> Result<String> {
    Ok(Table::read(&root().join(TABLE))?.rustc().to_owned())
}

/// How much a size may differ: 5 %, and 32 bytes at least.
fn tolerance(old: f64) -> f64 {
    (old * 0.05).max(32.0)
}

fn measure() -> Result<Vec<Row>> {
    let sysroot = targets::ensure()?;
    let mut rows = Vec::new();
    for target in TARGETS {
        for defmt in [false, true] {
            let graph = build::graph(&sysroot, target, defmt)?;
            for symbol in graph.names(PREFIX) {
                let (model, operation) = operation(symbol).context("a probe without an operation")?;
                let (model, operation) = (model.to_owned(), operation.to_owned());
                rows.push(Row { target, model, operation, defmt, bytes: graph.reach(symbol)?.code });
            }
        }
    }
    for (target, bytes) in firmware::code_sizes(&sysroot)? {
        let (model, operation) = ("firmware".to_owned(), "program".to_owned());
        rows.push(Row { target, model, operation, defmt: false, bytes });
    }
    Ok(rows)
}

fn numbers(rows: &[Row]) -> Numbers {
    let name = |Row { target, model, operation, defmt, .. }: &Row| {
        let with = if *defmt { " defmt" } else { "" };
        format!("{target} {model} {operation}{with}")
    };
    rows.iter().map(|row| (name(row), row.bytes as f64)).collect()
}

/// Returns a table: a line for each operation, for each target the bytes without and with defmt.
fn table(rows: &[Row], width: u16) -> String {
    let short = |target: &'static str| target.split('-').next().unwrap_or(target);
    let head: Vec<_> = ["bytes of code"].into_iter().chain(TARGETS.map(short)).collect();
    let line = |Row { model, operation, .. }: &Row| {
        let bytes = TARGETS.map(|target| {
            let of = |with: bool| {
                let same = |row: &&Row| {
                    row.target == target
                        && row.model == *model
                        && row.operation == *operation
                        && row.defmt == with
                };
                rows.iter().find(same).map_or_else(|| "-".to_owned(), |row| row.bytes.to_string())
            };
            format!("{} / {}", of(false), of(true))
        });
        [format!("{model} {operation}")].into_iter().chain(bytes).collect()
    };
    let first = rows.iter().filter(|row| row.target == TARGETS[0] && !row.defmt);
    terminal::lay_out(&head, first.map(line).collect(), |column| column > 0, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_functions_may_differ_by_some_instructions() {
        assert_eq!(tolerance(100.0), 32.0);
        assert_eq!(tolerance(1000.0), 50.0);
    }

    #[test]
    fn names_and_lines_have_all_of_a_row() {
        let row = |defmt, bytes| {
            let (model, operation) = ("82598".to_owned(), "send".to_owned());
            Row { target: TARGETS[0], model, operation, defmt, bytes }
        };
        let rows = [row(false, 100), row(true, 120)];
        let names: Vec<_> = numbers(&rows).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["x86_64-unknown-none 82598 send", "x86_64-unknown-none 82598 send defmt"]);
        let table = table(&rows, 120);
        let line: Vec<_> = table.lines().nth(1).unwrap().split_whitespace().take(5).collect();
        assert_eq!(line, ["82598", "send", "100", "/", "120"]);
    }
}
