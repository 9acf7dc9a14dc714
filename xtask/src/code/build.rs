//! Builds the probe for one target and finds the libraries.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::graph::Graph;
use crate::no_std;
use crate::targets::{self, Sysroot};
use crate::workspace::cargo;

/// The crates whose code counts as an operation's own. What comes with every program, such as
/// `core` and the copying of memory, does not.
const CRATES: [&str; 6] = ["vmdq_core", "vmdq_hal", "igb_hal", "ixgbe_hal", "vmdq", "vmdq_probe"];

/// Builds the probe as a firmware is built, and reads the code of its crates.
pub(super) fn graph(sysroot: &Sysroot, target: &str, defmt: bool) -> Result<Graph> {
    let mut command = cargo();
    command.args(["build", "--release", "--package", "vmdq-probe", "--target", target]);
    // Where the same crates were just built for the same targets.
    command.arg("--target-dir").arg(targets::target_dir());
    command.args(["--message-format", "json-render-diagnostics"]);
    command.args(defmt.then_some("--features=defmt"));
    no_std::compile_all_messages(&mut command);
    sysroot.apply(&mut command);
    let built =
        command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("can't start cargo")?;
    ensure!(built.status.success(), "the probe can't be built for {target}");
    let mut graph = Graph::default();
    for library in libraries(&String::from_utf8_lossy(&built.stdout))? {
        let bytes = fs::read(&library).with_context(|| format!("can't read {}", library.display()))?;
        graph.add_library(&bytes).with_context(|| format!("can't understand {}", library.display()))?;
    }
    Ok(graph)
}

/// Finds the libraries in cargo's messages.
fn libraries(messages: &str) -> Result<Vec<PathBuf>> {
    let artifacts: Vec<Value> = messages.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let library = |name: &str| {
        let of = |artifact: &&Value| artifact["target"]["name"] == name && artifact["filenames"].is_array();
        let files = artifacts.iter().find(of)?["filenames"].as_array()?;
        files.iter().filter_map(Value::as_str).find(|file| file.ends_with(".rlib")).map(PathBuf::from)
    };
    CRATES
        .iter()
        .map(|name| library(name).with_context(|| format!("cargo names no library {name}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_crates_are_needed() {
        let line = |name: &str| {
            format!(
                "{{\"target\":{{\"name\":\"{name}\"}},\"filenames\":[\"/t/{name}.rmeta\",\"/t/{name}.rlib\"]}}\n"
            )
        };
        let all: String = CRATES.iter().map(|name| line(name)).collect();
        assert_eq!(libraries(&all).unwrap()[CRATES.len() - 1], PathBuf::from("/t/vmdq_probe.rlib"));
        assert!(libraries(&line("vmdq_core")).is_err());
    }
}
