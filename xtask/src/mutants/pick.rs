//! Which mutants are tried.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::workspace::output;

/// The crates that mutants are made in.
const CRATES: [&str; 4] = ["vmdq-core", "vmdq-hal", "igb-hal", "ixgbe-hal"];
/// Files that hold no code by hand.
const GENERATED: &str = "**/regs.rs";
/// What only shows values.
const SHOWS: &str = r"impl (fmt::|core::fmt::)?(Debug|Display) for|impl defmt::Format for";
/// The filter code, all of which is tried: folders and files.
const FILTERS: [&str; 4] = [
    "vmdq-hal/src/filter/",
    "vmdq-hal/src/device/shared/filters.rs",
    "igb-hal/src/filters.rs",
    "ixgbe-hal/src/filters.rs",
];

/// A mutant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mutant {
    /// The crate that it is made in.
    pub(super) package: String,
    /// What cargo-mutants calls it: file, line, column, and what is replaced by what.
    pub(super) name: String,
}

impl Mutant {
    /// Tells whether it is one of the filter code.
    pub(super) fn is_of_filters(&self) -> bool {
        FILTERS.iter().any(|path| self.name.starts_with(path))
    }

    /// Returns the file that it is made in.
    pub(super) fn file(&self) -> &str {
        self.name.split(':').next().unwrap_or_default()
    }

    /// Returns an expression that it alone matches.
    pub(super) fn pattern(&self) -> String {
        let mut pattern = String::from("^");
        for symbol in self.name.chars() {
            // Not all punctuation: `\<` and `\>` mean something.
            if r"\.+*?()|[]{}^$#&-~".contains(symbol) {
                pattern.push('\\');
            }
            pattern.push(symbol);
        }
        pattern + "$"
    }

    #[cfg(test)]
    pub(super) fn named(package: &str, number: usize) -> Self {
        let name = format!("{package}/src/lib.rs:{number}:1: replace a -> bool with true");
        Self { package: package.to_owned(), name }
    }
}

/// Lists all mutants of the crates.
pub(super) fn list(tool: &Path, tree: &Path) -> Result<Vec<Mutant>> {
    let mut command = Command::new(tool);
    command.args(["mutants", "--list", "--json", "--no-config", "--colors=never", "--dir"]).arg(tree);
    command.args(CRATES.iter().flat_map(|name| ["--package", name]));
    command.args(["--exclude", GENERATED, "--exclude-re", SHOWS]);
    let listed: Vec<Value> = serde_json::from_str(&output(&mut command)?).context("no list of mutants")?;
    let text = |mutant: &Value, key: &str| mutant[key].as_str().map(str::to_owned);
    let all: Vec<_> = listed
        .iter()
        .map(|mutant| Some(Mutant { package: text(mutant, "package")?, name: text(mutant, "name")? }))
        .collect::<Option<_>>()
        .context("a mutant without name or package")?;
    for path in FILTERS {
        ensure!(
            all.iter().any(|mutant| mutant.name.starts_with(path)),
            "{path} has no mutants: did it move?"
        );
    }
    Ok(all)
}

/// Picks all mutants of the filter code, and `count` of the others; in an order by chance, which the seed
/// gives, so that what is not tried for want of time is a sample, too.
pub(super) fn sample(mut all: Vec<Mutant>, count: usize, seed: u64) -> Vec<Mutant> {
    all.sort_by(|a, b| a.name.cmp(&b.name));
    fastrand::Rng::with_seed(seed).shuffle(&mut all);
    let (mut picked, others): (Vec<_>, Vec<_>) = all.into_iter().partition(Mutant::is_of_filters);
    picked.extend(others.into_iter().take(count));
    picked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_name_as_it_is() {
        let name = "igb-hal/src/a.rs:1:2: replace | with ^ in <impl A for B<M>>::c -> Option<(u32, [u8; 6])>";
        let mutant = Mutant { package: "igb-hal".into(), name: name.into() };
        let pattern = r"^igb\-hal/src/a\.rs:1:2: replace \| with \^ in <impl A for B<M>>::c \-> Option<\(u32, \[u8; 6\]\)>$";
        assert_eq!((mutant.file(), mutant.pattern().as_str()), ("igb-hal/src/a.rs", pattern));
    }

    #[test]
    fn a_sample_is_the_seeds() {
        let mut all: Vec<_> = (0..100).map(|i| Mutant::named("vmdq-core", i)).collect();
        let filter =
            Mutant { package: "igb-hal".into(), name: "igb-hal/src/filters.rs:3:1: delete !".into() };
        all.push(filter.clone());
        let picked = sample(all.clone(), 10, 1);
        assert_eq!((picked.len(), &picked[0]), (11, &filter));
        // Whatever the order of the list.
        all.reverse();
        assert_eq!(sample(all.clone(), 10, 1), picked);
        assert_ne!(sample(all, 10, 2), picked);
    }
}
