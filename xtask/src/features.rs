//! `cargo xtask features`: every published crate with every set of its features.
//!
//! A program that switches on one feature of one crate builds a combination that no other check
//! builds, because cargo unites the features of all that it builds at once.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::workspace::{cargo, output, target};

/// Runs the task by itself.
pub(crate) fn run() -> Result<()> {
    let checks = checks()?;
    let of = checks.len();
    for mut check in checks {
        ensure!(check.status()?.success(), "a set of features does not compile");
    }
    println!("{of} sets of features compile");
    Ok(())
}

/// Returns the commands, each of which checks one crate with one set of features.
pub(crate) fn checks() -> Result<Vec<Command>> {
    let said = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let sets = sets(&serde_json::from_str(&said).context("cargo's metadata is no JSON")?)?;
    ensure!(!sets.is_empty(), "the workspace has no crate that is published");
    Ok(sets.iter().map(|(package, features)| check(package, features)).collect())
}

fn check(package: &str, features: &[String]) -> Command {
    let mut command = cargo();
    command.args(["check", "--lib", "--package", package, "--no-default-features"]);
    command.arg(format!("--features={}", features.join(",")));
    // A folder of its own: with another flag, all that is built elsewhere would be built again.
    command.arg("--target-dir").arg(target().join("features"));
    command.env("CARGO_ENCODED_RUSTFLAGS", "-Dwarnings");
    command
}

/// Returns each published package with each set of its features.
fn sets(metadata: &Value) -> Result<Vec<(String, Vec<String>)>> {
    let packages = metadata["packages"].as_array().context("metadata without packages")?;
    let mut sets = Vec::new();
    // What is published nowhere has an empty list of registries.
    for package in packages.iter().filter(|package| package["publish"].is_null()) {
        let name = package["name"].as_str().context("a package without a name")?;
        let features = package["features"].as_object().context("a package without features")?;
        let features: Vec<_> = features.keys().filter(|feature| *feature != "default").collect();
        ensure!(features.len() <= 6, "{name} has too many features to try all sets of them");
        for set in 0..1_u32 << features.len() {
            let chosen = features.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1);
            sets.push((name.to_owned(), chosen.map(|(_, feature)| feature.to_string()).collect()));
        }
    }
    Ok(sets)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_set_of_what_is_published() {
        let metadata = json!({ "packages": [
            { "name": "a", "publish": null, "features": { "default": [], "x": [], "y": [] } },
            { "name": "b", "publish": [], "features": { "x": [] } },
            { "name": "c", "publish": null, "features": {} },
        ] });
        let sets: Vec<_> = sets(&metadata)
            .unwrap()
            .into_iter()
            .map(|(name, set)| format!("{name} {}", set.join("+")))
            .collect();
        assert_eq!(sets, ["a ", "a x", "a y", "a x+y", "c "]);
    }

    #[test]
    fn all_library_crates_are_checked_with_both_loggers() {
        let checks = checks().unwrap();
        for package in ["vmdq-core", "vmdq-hal", "igb-hal", "ixgbe-hal", "vmdq"] {
            let of = |check: &&Command| {
                let args: Vec<_> = check.get_args().collect();
                args.contains(&package.as_ref()) && args.contains(&"--features=defmt,log".as_ref())
            };
            assert_eq!(checks.iter().filter(of).count(), 1, "{package}");
        }
    }
}
