//! Measured numbers that are committed, so that a change that makes one grow shows in the diff.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::workspace::{output, rustc};

/// Names and numbers, in the order in which they were measured.
pub(crate) type Numbers = Vec<(String, f64)>;

/// A committed table.
#[derive(Deserialize, Debug)]
pub(crate) struct Table {
    /// The compiler that built what was measured; another one builds something else.
    rustc: String,
    numbers: toml::Table,
}

impl Table {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not such a table", path.display()))
    }

    /// Returns the version of the compiler that the table is of.
    pub(crate) fn rustc(&self) -> &str {
        &self.rustc
    }

    /// Fails if the table says nothing of what this compiler builds.
    pub(crate) fn fits(&self, command: &str) -> Result<()> {
        let own = compiler()?;
        if self.rustc == own {
            return Ok(());
        }
        bail!(
            "the committed table is of rustc {}, this is {own}: use that compiler, or run `{command}`",
            self.rustc
        )
    }

    /// Compares; returns a line for each number that left the tolerance, appeared or disappeared.
    pub(crate) fn compare(&self, measured: &Numbers, tolerance: impl Fn(f64) -> f64) -> Vec<String> {
        let of = |value: &toml::Value| value.as_float().or(value.as_integer().map(|it| it as f64));
        let mut lines = Vec::new();
        for (name, new) in measured {
            match self.numbers.get(name).and_then(of) {
                Some(old) if new - old > tolerance(old) => {
                    lines.push(format!("{name}: {new}, which is {:.2} more than {old}", new - old));
                }
                Some(old) if old - new > tolerance(old) => {
                    lines.push(format!("{name}: {new}, which is {:.2} less than {old}", old - new));
                }
                Some(_) => {}
                None => lines.push(format!("{name}: {new}, which the table lacks")),
            }
        }
        let gone = self.numbers.keys().filter(|name| !measured.iter().any(|(it, _)| it == *name));
        lines.extend(gone.map(|name| format!("{name}: in the table, but not measured")));
        lines
    }
}

/// Checks numbers against the table at `path`, which `command` writes.
pub(crate) fn check(
    path: &Path,
    measured: &Numbers,
    tolerance: impl Fn(f64) -> f64,
    command: &str,
) -> Result<()> {
    let table = Table::read(path)?;
    table.fits(command)?;
    let lines = table.compare(measured, tolerance);
    if lines.is_empty() {
        return Ok(());
    }
    for line in &lines {
        eprintln!("{line}");
    }
    bail!(
        "{} differs in {} numbers: if the change is intended, run `{command}` and commit the table",
        path.display(),
        lines.len()
    )
}

/// Writes the table at `path`. `about` says in a line what the numbers are.
pub(crate) fn write(path: &Path, measured: &Numbers, about: &str, command: &str) -> Result<()> {
    let mut text =
        format!("# {about}\n# Written by `{command}`.\n\nrustc = \"{}\"\n\n[numbers]\n", compiler()?);
    for (name, number) in measured {
        text += &format!("\"{name}\" = {number}\n");
    }
    fs::write(path, text).with_context(|| format!("can't write {}", path.display()))
}

/// Returns the version of the compiler that cargo uses here.
pub(crate) fn compiler() -> Result<String> {
    let said = output(rustc().arg("--version"))?;
    said.split_whitespace().nth(1).map(str::to_owned).context("rustc does not tell its version")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        toml::from_str("rustc = \"1\"\n[numbers]\n\"a 1\" = 100.0\n\"b\" = 50\n").unwrap()
    }

    fn compare(numbers: &[(&str, f64)]) -> Vec<String> {
        let measured = numbers.iter().map(|&(name, number)| (name.to_owned(), number)).collect();
        table().compare(&measured, |old| old * 0.02)
    }

    #[test]
    fn what_stays_within_the_tolerance_is_the_same() {
        assert_eq!(compare(&[("a 1", 101.9), ("b", 49.1)]), [] as [&str; 0]);
    }

    #[test]
    fn growth_and_shrinking_are_told() {
        let lines = compare(&[("a 1", 102.1), ("b", 48.9)]);
        assert_eq!(lines, ["a 1: 102.1, which is 2.10 more than 100", "b: 48.9, which is 1.10 less than 50"]);
    }

    #[test]
    fn both_sides_have_the_same_rows() {
        let lines = compare(&[("a 1", 100.0), ("c", 1.0)]);
        assert_eq!(lines, ["c: 1, which the table lacks", "b: in the table, but not measured"]);
    }

    #[test]
    fn another_compiler_is_told() {
        assert!(table().fits("write").unwrap_err().to_string().contains("rustc 1, this is "));
    }
}
