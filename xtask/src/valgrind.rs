//! `cargo xtask valgrind`: a valgrind that counts instructions, unpacked below `target/` where the
//! machine has none. A machine without apt or network brings its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt::{Apt, Wanted, unpack};
use crate::workspace::{on_path, output, target};

const PACKAGE: &str = "valgrind";
/// Its programs need no newer C library than this suite's.
const SUITE: &str = "trixie";
/// The version with which instructions were last counted.
const VERSION: &str = "1:3.24.0-3";
/// Written last; names the layout, so that an older one is replaced. It holds the version that was
/// asked for, so that another one is fetched when `VERSION` changes.
const STAMP: &str = "complete-2";

/// A valgrind.
#[derive(Clone, Debug)]
pub(crate) struct Valgrind {
    program: PathBuf,
    /// Where its tools are, if that is not where it was built for.
    tools: Option<PathBuf>,
}

impl Valgrind {
    /// Lets a bench use it.
    pub(crate) fn apply(&self, command: &mut Command) {
        command.env("VMDQ_VALGRIND", &self.program);
        if let Some(tools) = &self.tools {
            command.env("VALGRIND_LIB", tools);
        }
    }

    /// Returns what it says of its version.
    fn version(&self) -> Result<String> {
        let mut command = Command::new(&self.program);
        if let Some(tools) = &self.tools {
            command.env("VALGRIND_LIB", tools);
        }
        // The tool itself, not only what starts it.
        let said = output(command.args(["--tool=callgrind", "--version"]))?;
        Ok(said.trim().to_owned())
    }
}

/// Makes a valgrind available. Does nothing where there is one.
///
/// # Errors
///
/// Says what to install where none can be fetched.
pub(crate) fn ensure() -> Result<Valgrind> {
    if let Some(program) = on_path(PACKAGE) {
        let installed = Valgrind { program, tools: None };
        if installed.version().is_ok() {
            return Ok(installed);
        }
    }
    let dir = target().join(PACKAGE);
    let own =
        Valgrind { program: dir.join("usr/bin/valgrind.bin"), tools: Some(dir.join("usr/libexec/valgrind")) };
    let done = fs::read_to_string(dir.join(STAMP)).is_ok_and(|version| version == VERSION);
    if !done || !own.program.is_file() {
        fetch(&dir).context(
            "there is no valgrind on the PATH that runs callgrind; install your distribution's `valgrind`, 3.19 or \
             later",
        )?;
    }
    own.version().context("what was unpacked does not run")?;
    Ok(own)
}

/// Runs the task by itself.
pub(crate) fn run() -> Result<()> {
    let valgrind = ensure()?;
    println!("{}: {}", valgrind.program.display(), valgrind.version()?);
    Ok(())
}

fn fetch(dir: &Path) -> Result<()> {
    let new = dir.with_extension("new");
    let apt_dir = dir.with_extension("apt");
    let _ = fs::remove_dir_all(&new);
    fs::create_dir_all(&new)?;
    eprintln!("fetching Debian's {PACKAGE} into {}", dir.display());
    let package = Apt::new(&apt_dir, &[SUITE])?.download(PACKAGE, Wanted::Preferred(VERSION))?;
    unpack(&package, &new, None)?;
    fs::write(new.join(STAMP), VERSION)?;
    let _ = fs::remove_dir_all(dir);
    // In one step: a folder that was cut short is never taken for a complete one.
    fs::rename(&new, dir)?;
    fs::remove_dir_all(apt_dir)?;
    Ok(())
}
