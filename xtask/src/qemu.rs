//! `cargo xtask qemu`: a QEMU for the tests, unpacked below `target/`.
//!
//! QEMU's `igb` needs version 8.0, and only some builds have the `qtest` accelerator, with which
//! time stands still between a test's steps. Debian's backports have both. The packages and all
//! libraries that they need are unpacked into a folder and run from there: nothing is installed.
//! A machine without apt or network brings its own QEMU.
//!
//! The tests run on one for x86-64; the firmware of `examples/firmware` boots on one for each of its
//! architectures. They are unpacked together, because most of the libraries are the same.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::apt::{Apt, Wanted, unpack};
use crate::workspace::{on_path, output, target};

const PROGRAM: &str = "qemu-system-x86_64";
/// All programs, each with the package that has it.
const PROGRAMS: [(&str, &str); 3] = [
    (PROGRAM, "qemu-system-x86"),
    ("qemu-system-aarch64", "qemu-system-arm"),
    ("qemu-system-riscv64", "qemu-system-riscv"),
];
const SUITES: [&str; 2] = ["trixie", "trixie-backports"];
/// The version with which the tests were last run.
const VERSION: &str = "1:11.1.3+ds-1~bpo13+1";
/// Names a QEMU that is used as it is; `vmdq-sim` reads the same variable.
const VARIABLE: &str = "VMDQ_QEMU";
/// Dependencies of the package that only matter where it is installed.
const UNUSED: [&str; 6] = ["dpkg", "perl", "libperl", "systemd", "udev", "debconf"];
/// Written last; names the layout, so that an older one is replaced. It holds the version that was
/// asked for, so that another one is fetched when `VERSION` changes.
const STAMP: &str = "complete-3";

/// Makes a QEMU available; returns its program. Does nothing where that has been done.
///
/// # Errors
///
/// Says what to install where none can be fetched.
pub(crate) fn ensure() -> Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from) {
        if !has_igb(&named) {
            bail!("{VARIABLE} names {}, which does not run or has no `igb`", named.display());
        }
        return Ok(named);
    }
    let dir = target().join("qemu");
    let program = dir.join(PROGRAM);
    let done = fs::read_to_string(dir.join(STAMP)).is_ok_and(|version| version == VERSION);
    if done && PROGRAMS.iter().all(|(name, _)| dir.join(name).is_file()) {
        return Ok(program);
    }
    let Err(error) = fetch(&dir) else { return Ok(program) };
    let installed = on_path(PROGRAM).filter(|program| has_igb(program));
    if let Some(installed) = &installed {
        eprintln!("note: using {}, because {error:#}", installed.display());
    }
    installed.ok_or_else(|| error.context(advice(PROGRAM)))
}

/// Makes the QEMU of an architecture available (`aarch64`); returns its program.
///
/// It lies beside the one that [`ensure`] returns, or on the `PATH`.
///
/// # Errors
///
/// Says what to install where none can be fetched.
pub(crate) fn ensure_for(arch: &str) -> Result<PathBuf> {
    let beside = ensure();
    let name = format!("qemu-system-{arch}");
    let beside = beside.map(|program| if name == PROGRAM { program } else { program.with_file_name(&name) });
    let found =
        beside.as_ref().ok().cloned().into_iter().chain(on_path(&name)).find(|program| has_igb(program));
    found.map_or_else(|| beside.and_then(|_| bail!(advice(&name))), Ok)
}

/// Says what a machine needs from which nothing can be fetched.
fn advice(program: &str) -> String {
    format!(
        "there is no QEMU with an `igb` device; install QEMU 8.0 or later (the tests are run with 11.1; 10 has the \
         device, too) so that `{program} -device help` lists `igb`, and put it on the PATH or name {PROGRAM}, beside \
         which it lies, in {VARIABLE}"
    )
}

/// Runs the task by itself.
pub(crate) fn run() -> Result<()> {
    let program = ensure()?;
    println!("{}: {}", program.display(), version(&program)?);
    Ok(())
}

/// Returns the first line of what a QEMU says about itself.
pub(crate) fn version(program: &Path) -> Result<String> {
    let said = output(Command::new(program).arg("--version"))?;
    Ok(said.lines().next().unwrap_or_default().to_owned())
}

fn fetch(dir: &Path) -> Result<()> {
    let new = dir.with_extension("new");
    let apt_dir = dir.with_extension("apt");
    let _ = fs::remove_dir_all(&new);
    let root = new.join("root");
    for part in ["bin", "lib", "lib64", "sbin"] {
        fs::create_dir_all(root.join("usr").join(part))?;
        symlink(Path::new("usr").join(part), root.join(part))?;
    }
    let packages = PROGRAMS.map(|(_, package)| package);
    eprintln!("fetching Debian's {} into {}", packages.join(", "), dir.display());
    let apt = Apt::new(&apt_dir, &SUITES)?;
    for package in apt.download_with_dependencies(&packages, Wanted::Preferred(VERSION), SUITES[1])? {
        let name = package.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !UNUSED.iter().any(|unused| name.starts_with(unused)) {
            unpack(&package, &root, None)?;
        }
    }
    for (name, _) in PROGRAMS {
        let program = new.join(name);
        fs::write(&program, wrapper(name, &root)?)?;
        fs::set_permissions(&program, Permissions::from_mode(0o755))?;
        version(&program).context("what was unpacked does not run")?;
    }
    fs::write(new.join(STAMP), VERSION)?;
    let _ = fs::remove_dir_all(dir);
    // In one step: a folder that was cut short is never taken for a complete one.
    fs::rename(&new, dir)?;
    fs::remove_dir_all(apt_dir)?;
    Ok(())
}

/// Writes the script that runs a program with its own loader, libraries, modules and firmware.
fn wrapper(name: &str, root: &Path) -> Result<String> {
    // The libraries' folder is named after the machine's architecture.
    let modules = find(&root.join("usr/lib"), |path| path.join("qemu").is_dir())?;
    let loader = find(&modules, |path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld-linux"))
    })?;
    let below = |path: &Path| path.strip_prefix(root).map(|path| path.display().to_string());
    let (libraries, loader) = (below(&modules)?, below(&loader)?);
    Ok(format!(
        "#!/bin/sh\n\
         # Runs {name} out of this folder. Written by `cargo xtask qemu`.\n\
         root=$(dirname \"$(readlink -f \"$0\")\")/root\n\
         export QEMU_MODULE_DIR=\"$root/{libraries}/qemu\"\n\
         exec \"$root/{loader}\" --library-path \"$root/{libraries}\" \"$root/usr/bin/{name}\" \\\n\
         \x20   -L \"$root/usr/share/qemu\" -L \"$root/usr/share/seabios\" -L \"$root/usr/lib/ipxe/qemu\" \"$@\"\n"
    ))
}

fn find(dir: &Path, wanted: impl Fn(&Path) -> bool) -> Result<PathBuf> {
    let entries = fs::read_dir(dir).with_context(|| format!("can't read {}", dir.display()))?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths.find(|path| wanted(path)).with_context(|| format!("{} lacks a part of QEMU", dir.display()))
}

fn has_igb(program: &Path) -> bool {
    output(Command::new(program).args(["-device", "help"])).is_ok_and(|help| help.contains("\"igb\""))
}
