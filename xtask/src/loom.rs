//! `cargo xtask loom`: the I/O channel under the model checker, which tries every order in which two
//! processors can see each other's writes.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::workspace::{cargo, target};

/// Runs the task by itself.
pub(crate) fn run() -> Result<()> {
    ensure!(command().status()?.success(), "the model checker found an order that fails");
    Ok(())
}

/// Returns the command that builds and runs the models.
pub(crate) fn command() -> Command {
    let mut command = cargo();
    command.args(["test", "--release", "--package", "vmdq-core", "--lib"]);
    // A folder of its own: with another flag, all that is built elsewhere would be built again.
    command.arg("--target-dir").arg(target().join("loom")).arg("channel::loom");
    // This variable has precedence over all others that hold flags, so none replaces the flag that matters.
    command.env("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}loom");
    // Fast enough to run, and much faster to build.
    command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    command
}
