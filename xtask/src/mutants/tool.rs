//! cargo-mutants, installed below `target/`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::{cargo, output, target};

/// The version whose options and files are used here.
const VERSION: &str = "27.1.0";

/// Makes cargo-mutants available. Does nothing where it is.
///
/// # Errors
///
/// Says what is missing where it can't be installed.
pub(super) fn ensure() -> Result<PathBuf> {
    let root = target().join("tools");
    let program = root.join("bin/cargo-mutants");
    if output(Command::new(&program).args(["mutants", "--version"]))
        .is_ok_and(|said| said.trim().ends_with(VERSION))
    {
        return Ok(program);
    }
    eprintln!("installing cargo-mutants {VERSION} into {}", root.display());
    let mut install = cargo();
    install.args(["install", "cargo-mutants", "--version", VERSION, "--locked", "--root"]).arg(&root);
    // A folder of its own, so that it doesn't wait for other builds.
    install.arg("--target-dir").arg(root.join("build"));
    // A program in `target/tools/bin` is meant to be off the PATH: cargo need not warn.
    let done = install.status().context("can't start cargo")?;
    ensure!(
        done.success(),
        "cargo-mutants {VERSION} can't be installed: it needs crates.io, or cargo's cache of it"
    );
    Ok(program)
}
