//! Where things are, and how other programs are run.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Returns the workspace's folder.
pub(crate) fn root() -> PathBuf {
    let package =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
}

/// Returns the folder below which everything is put that a task fetches or builds.
pub(crate) fn target() -> PathBuf {
    let named = env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty());
    root().join(named.as_deref().unwrap_or(OsStr::new("target")))
}

/// Returns whether this runs where nothing may be left out.
pub(crate) fn ci() -> bool {
    env::var_os("CI").is_some_and(|ci| ci == "true")
}

/// Returns a command that runs this very cargo in the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Returns a command that runs the compiler which cargo uses.
pub(crate) fn rustc() -> Command {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.current_dir(root());
    command
}

/// Returns where on the `PATH` a program is.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// Runs a command to its end; returns what it printed on standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("can't run `{name}`"))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        bail!("`{name}` failed ({}): {}", done.status, said.trim_end());
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Runs a command in silence and ends it if it takes longer than `most`; returns whether it succeeded.
pub(crate) fn succeeds_within(command: &mut Command, most: Duration) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = silent.spawn() else { return false };
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if start.elapsed() < most => std::thread::sleep(Duration::from_millis(50)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_or_the_reason() {
        assert!(output(rustc().arg("--version")).unwrap().starts_with("rustc "));
        let error = output(rustc().arg("--no-such-option")).unwrap_err().to_string();
        assert!(error.contains("no-such-option"), "{error}");
        assert!(output(&mut Command::new("no-such-program-anywhere")).is_err());
    }

    #[test]
    fn success_is_told_from_failure() {
        let most = Duration::from_secs(60);
        assert!(succeeds_within(rustc().arg("--version"), most));
        assert!(!succeeds_within(rustc().arg("--no-such-option"), most));
        assert!(!succeeds_within(&mut Command::new("no-such-program-anywhere"), most));
    }

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("Cargo.lock").is_file());
    }
}
