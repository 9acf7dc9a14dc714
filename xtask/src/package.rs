//! `cargo xtask package`: whether each published crate could be published as it is.
//!
//! The crates are packed as for publishing, where each warning counts, and what a registry and its readers
//! look for is there. What is packed is not built: the other checks build the same sources. The network is
//! used only where what the packing needs was not fetched for building.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::workspace::{cargo, output, root, target};

/// What each package has besides its sources.
const FILES: [&str; 4] = ["Cargo.toml", "README.md", "LICENSE-APACHE", "LICENSE-MIT"];
/// Keys of a manifest that a registry shows. There is no `repository`: no public address exists yet.
const KEYS: [&str; 7] =
    ["description", "license", "readme", "documentation", "rust_version", "keywords", "categories"];
/// How many keywords and categories a registry takes.
const MOST: usize = 5;

/// Runs the task.
pub(crate) fn run() -> Result<()> {
    let said = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&said).context("cargo's metadata is no JSON")?;
    let packages = metadata["packages"].as_array().context("metadata without packages")?;
    // What is published nowhere has an empty list of registries.
    let published: Vec<_> = packages.iter().filter(|package| package["publish"].is_null()).collect();
    ensure!(!published.is_empty(), "the workspace has no crate that is published");
    let names: Vec<_> = published.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut faults: Vec<_> = published.iter().flat_map(|package| lacks(package)).collect();
    faults.extend(warnings(&pack(&names)?));
    for name in &names {
        let listed = output(command().args(["--list", "--package", name]))?;
        let lacking = FILES.iter().filter(|file| !listed.lines().any(|line| line == **file));
        faults.extend(lacking.map(|file| format!("{name}: {file} is not packed")));
        let texts = listed.lines().filter(|file| file.starts_with("LICENSE-"));
        faults.extend(
            texts
                .filter(|file| !same_text(name, file, packages))
                .map(|file| format!("{name}: {file} differs from the root's")),
        );
    }
    if !faults.is_empty() {
        bail!("not ready to be published: {}", faults.join("; "));
    }
    println!("{} crates are ready to be published: {}", names.len(), names.join(", "));
    Ok(())
}

fn command() -> Command {
    let mut command = cargo();
    command.args(["package", "--no-verify", "--allow-dirty"]);
    command.arg("--target-dir").arg(target().join("package-check"));
    command
}

/// Packs the crates; returns what cargo said.
fn pack(names: &[&str]) -> Result<String> {
    let pack = |more: &[&str]| {
        let mut command = command();
        command.args(names.iter().flat_map(|name| ["--package", name])).args(more);
        command.output().context("can't run cargo")
    };
    let mut done = pack(&["--offline"])?;
    if !done.status.success() {
        done = pack(&[])?;
    }
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    ensure!(done.status.success(), "the crates can't be packed: {}", said.trim_end());
    Ok(said)
}

fn warnings(said: &str) -> Vec<String> {
    said.lines().filter(|line| line.starts_with("warning")).map(str::to_owned).collect()
}

/// Returns what a manifest lacks.
fn lacks(package: &Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let filled = |value: &Value| match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => (1..=MOST).contains(&list.len()),
        _ => false,
    };
    let mut lacking: Vec<_> =
        KEYS.into_iter().filter(|key| !filled(&package[*key])).map(str::to_owned).collect();
    let docs = &package["metadata"]["docs"]["rs"];
    // The test bench needs a standard library and has no features.
    let no_std = package["categories"].as_array().is_some_and(|all| all.contains(&"no-std::no-alloc".into()));
    if no_std && (docs["all-features"] != true || docs["targets"].as_array().is_none_or(Vec::is_empty)) {
        lacking.push("metadata.docs.rs".into());
    }
    lacking.into_iter().map(|key| format!("{name}: no {key}, or too many")).collect()
}

/// Tells whether a licence beside a crate is the one beside the workspace.
fn same_text(name: &str, file: &str, packages: &[Value]) -> bool {
    let manifest = packages.iter().find(|package| package["name"] == name);
    let folder = manifest.and_then(|package| Path::new(package["manifest_path"].as_str()?).parent());
    let read = |folder: &Path| std::fs::read(folder.join(file)).ok();
    folder.is_some_and(|folder| read(folder).is_some_and(|text| Some(text) == read(&root())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_manifest_without_something_is_named() {
        let mut package = json!({
            "name": "a", "description": "A crate", "license": "MIT", "readme": "README.md",
            "documentation": "somewhere", "rust_version": "1.88", "keywords": ["x"],
            "categories": ["no-std::no-alloc"],
            "metadata": { "docs": { "rs": { "all-features": true, "targets": ["x86_64-unknown-linux-gnu"] } } },
        });
        assert_eq!(lacks(&package), [""; 0]);
        package["keywords"] = json!(["a", "b", "c", "d", "e", "f"]);
        package["readme"] = Value::Null;
        package["metadata"] = Value::Null;
        let lacking = lacks(&package).join(" ");
        for key in ["readme", "keywords", "metadata.docs.rs"] {
            assert!(lacking.contains(&format!("no {key}")), "{lacking}");
        }
    }

    #[test]
    fn every_warning_counts() {
        let said = "   Packaging a v0.1.0\nwarning: manifest has no documentation\n    Packaged 3 files\n";
        assert_eq!(warnings(said), ["warning: manifest has no documentation"]);
    }
}
