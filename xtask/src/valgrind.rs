//! `cargo xtask valgrind`: a valgrind that counts instructions, unpacked below `target/` where the
//! machine has none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use crate::apt::{Apt, unpack};
use crate::workspace::{on_path, output, target};

const PACKAGE: &str = "valgrind";
/// Its programs need no newer C library than this suite's.
const SUITE: &str = "trixie";
/// Written last; names the layout, so that an older one is replaced.
const STAMP: &str = "complete-1";

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
    if !dir.join(STAMP).is_file() || !own.program.is_file() {
        fetch(&dir).map_err(|error| anyhow!("{error:#}; there is no {PACKAGE} on the PATH either"))?;
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
    let package = Apt::new(&apt_dir, &[SUITE])?.download(PACKAGE, |_| true)?;
    unpack(&package, &new, None)?;
    fs::write(new.join(STAMP), "")?;
    let _ = fs::remove_dir_all(dir);
    // In one step: a folder that was cut short is never taken for a complete one.
    fs::rename(&new, dir)?;
    fs::remove_dir_all(apt_dir)?;
    Ok(())
}
