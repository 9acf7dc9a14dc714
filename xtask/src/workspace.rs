//! Where things are, and how other programs are run.

use std::collections::VecDeque;
use std::env;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// How many lines of a command that failed are repeated.
const LAST: usize = 3;

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

/// Runs a command to its end and shows of what it prints the lines that `worth` picks, as they come, on
/// standard error. The reason of a failure holds the last of all lines.
pub(crate) fn watched(mut command: Command, worth: impl Fn(&str) -> bool) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("can't run `{name}`"))?;
    // With it go this process's ends of the pipe: else reading would never end.
    drop(command);
    let mut last = VecDeque::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).trim_end().to_owned();
        if worth(&line) {
            eprintln!("    {line}");
        }
        last.push_back(line);
        if last.len() > LAST {
            last.pop_front();
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{name}` failed ({status}): {}", last.make_contiguous().join("; "));
    }
    Ok(())
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
    fn what_is_watched_ends_or_names_its_last_lines() {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            watched(command, |_| true)
        };
        shell("echo to one; echo to the other >&2").unwrap();
        let error = shell("for i in 1 2 3 4 5; do echo line $i; done >&2; exit 7").unwrap_err().to_string();
        assert!(error.contains("7): line 3; line 4; line 5"), "{error}");
        assert!(watched(Command::new("no-such-program-anywhere"), |_| true).is_err());
    }

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("Cargo.lock").is_file());
    }
}
