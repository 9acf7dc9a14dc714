//! `cargo xtask no-std`: builds the crates that a firmware uses, for targets without a standard
//! library, where a hidden dependency on one can't compile.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::targets::{self, Sysroot, TARGETS, target_dir};
use crate::workspace::cargo;

/// The crates that need no standard library.
const CRATES: [&str; 6] = ["vmdq-core", "vmdq-hal", "igb-hal", "ixgbe-hal", "vmdq", "vmdq-smoltcp"];
/// What is switched on in each build.
const FEATURES: [&[&str]; 2] = [&[], &["--features", "defmt,vmdq/pci"]];

/// Runs the task by itself.
pub(crate) fn run() -> Result<()> {
    let sysroot = targets::ensure()?;
    for mut build in builds(&sysroot) {
        ensure!(build.status()?.success(), "a build without the standard library failed");
    }
    println!("{} crates built for {} targets, without and with defmt and pci", CRATES.len(), TARGETS.len());
    Ok(())
}

/// Lets defmt compile messages of every level: by itself it leaves all but errors out.
pub(crate) fn compile_all_messages(command: &mut Command) {
    command.env("DEFMT_LOG", "trace");
}

/// Returns the commands, each of which builds for all targets.
pub(crate) fn builds(sysroot: &Sysroot) -> Vec<Command> {
    let build = |features: &&[&str]| {
        let mut command = cargo();
        command
            .args(["build", "--release", "--lib"])
            .args(CRATES.iter().flat_map(|name| ["--package", name]))
            .args(TARGETS.iter().flat_map(|target| ["--target", target]))
            .args(*features)
            .arg("--target-dir")
            .arg(target_dir());
        compile_all_messages(&mut command);
        sysroot.apply(&mut command);
        command
    };
    FEATURES.iter().map(build).collect()
}
