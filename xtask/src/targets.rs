//! `cargo xtask targets`: makes the bare targets buildable.
//!
//! Where the toolchain has their libraries, they are used. Where it lacks one, `core` and `alloc` are
//! built once into a sysroot below `target/`, from the library source of exactly the compiler's
//! version: the toolchain's own (rustup's component `rust-src`), else Debian's copy. The toolchain
//! itself is not touched, and rustup is never run: what it would change lies outside `target/`.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::apt::{Apt, Wanted, unpack};
use crate::workspace::{cargo, output, rustc, target, watched};

/// The targets without an operating system that the crates are built for.
pub(crate) const TARGETS: [&str; 4] =
    ["x86_64-unknown-none", "aarch64-unknown-none", "riscv64gc-unknown-none-elf", "thumbv7em-none-eabihf"];

/// What a sysroot holds for each target.
const CRATES: [&str; 3] = ["core", "alloc", "compiler_builtins"];
/// Where Debian has the versions that its stable release lacks.
const SUITES: [&str; 4] = ["trixie-backports", "trixie", "testing", "sid"];

/// Where the targets' libraries are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Sysroot {
    /// In the toolchain: nothing has to be said.
    Toolchain,
    /// Here.
    Own(PathBuf),
}

impl Sysroot {
    /// Lets a cargo command with `--target` use it. What is built for the host does not.
    pub(crate) fn apply(&self, command: &mut Command) {
        if let Self::Own(dir) = self {
            // In this form, a folder's name may hold blanks.
            command.env("CARGO_ENCODED_RUSTFLAGS", format!("--sysroot={}", dir.display()));
        }
    }
}

/// Makes the targets buildable. Does nothing where that has been done.
///
/// # Errors
///
/// Says what to add to the toolchain where the libraries can't be built.
pub(crate) fn ensure() -> Result<Sysroot> {
    let toolchain = PathBuf::from(output(rustc().args(["--print", "sysroot"]))?.trim_end());
    if complete(&toolchain) {
        return Ok(Sysroot::Toolchain);
    }
    let compiler = output(rustc().arg("-vV"))?;
    let own = target().join("sysroot");
    // Written last; another compiler needs another sysroot.
    let stamp = own.join("complete");
    if fs::read_to_string(&stamp).is_ok_and(|made_for| made_for == compiler) && complete(&own) {
        return Ok(Sysroot::Own(own));
    }
    build(&toolchain, &own, &compiler)?;
    fs::write(stamp, compiler)?;
    Ok(Sysroot::Own(own))
}

/// Runs the task by itself.
pub(crate) fn run() -> Result<()> {
    match ensure()? {
        Sysroot::Toolchain => println!("the toolchain has all {} targets", TARGETS.len()),
        Sysroot::Own(dir) => {
            println!("build for the bare targets with RUSTFLAGS=--sysroot={}", dir.display())
        }
    }
    Ok(())
}

fn complete(sysroot: &Path) -> bool {
    TARGETS
        .iter()
        .all(|target| CRATES.iter().all(|name| library(&libraries(sysroot, target), name).is_some()))
}

fn libraries(sysroot: &Path, target: &str) -> PathBuf {
    sysroot.join("lib/rustlib").join(target).join("lib")
}

/// Finds a crate's library in a folder; `core` must not find `core_arch`.
fn library(dir: &Path, name: &str) -> Option<PathBuf> {
    let start = format!("lib{name}-");
    let mut entries = fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path());
    entries.find(|path| {
        path.extension().is_some_and(|extension| extension == "rlib")
            && path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&start))
    })
}

/// Returns where builds for these targets go: to a folder of their own, so that no other build waits for them.
pub(crate) fn target_dir() -> PathBuf {
    target().join("no-std")
}

/// Builds the sysroot. Meanwhile it replaces the toolchain's own, because cargo looks
/// for the library source in the sysroot that the compiler reports.
fn build(toolchain: &Path, own: &Path, compiler: &str) -> Result<()> {
    let field = |name: &str| compiler.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let host = field("host:").context("rustc names no host")?;
    let version = field("release:").context("rustc names no release")?;
    let _ = fs::remove_dir_all(own);
    // Cargo does not notice that the libraries below what it built were replaced.
    let _ = fs::remove_dir_all(target_dir());
    fs::create_dir_all(own.join("lib/rustlib/src"))?;
    // The host's libraries, for build scripts, and its linker, for programs.
    symlink(toolchain.join("lib/rustlib").join(host), own.join("lib/rustlib").join(host))?;

    let work = own.join("build");
    let component = toolchain.join("lib/rustlib/src/rust");
    let source = if has_source(&component) {
        component
    } else {
        debian_source(version, &work).with_context(|| advice(version, &component))?
    };
    symlink(source, own.join("lib/rustlib/src/rust"))?;

    eprintln!("building core and alloc {version} for {} targets", TARGETS.len());
    let probe = work.join("probe");
    fs::create_dir_all(probe.join("src"))?;
    let manifest = "[package]\nname = \"probe\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
    fs::write(probe.join("Cargo.toml"), manifest)?;
    fs::write(probe.join("src/lib.rs"), "#![no_std]\nextern crate alloc;\n")?;
    let wrapper = work.join("rustc");
    fs::write(&wrapper, format!("#!/bin/sh\nexec \"$@\" --sysroot '{}'\n", own.display()))?;
    fs::set_permissions(&wrapper, Permissions::from_mode(0o755))?;
    let built = work.join("target");
    let mut command = cargo();
    command
        .current_dir(&probe)
        .args(["build", "--release", "-Zbuild-std=core,alloc", "--target-dir"])
        .arg(&built)
        .args(TARGETS.iter().flat_map(|target| ["--target", target]))
        // This one build asks for what only nightly offers; what is built is the stable library.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC_WRAPPER", &wrapper)
        // As the libraries are shipped, so that they can take part in link-time optimization.
        .env("CARGO_ENCODED_RUSTFLAGS", "-Cembed-bitcode=yes");
    watched(command, |_| true).context("can't build core and alloc")?;

    for target in TARGETS {
        let into = libraries(own, target);
        fs::create_dir_all(&into)?;
        for name in CRATES {
            let from = library(&built.join(target).join("release/deps"), name)
                .with_context(|| format!("no {name} was built for {target}"))?;
            fs::copy(&from, into.join(from.file_name().unwrap_or_default()))?;
        }
    }
    ensure!(complete(own), "the sysroot in {} is incomplete", own.display());
    fs::remove_file(own.join("lib/rustlib/src/rust"))?;
    fs::remove_dir_all(work)?;
    Ok(())
}

fn has_source(dir: &Path) -> bool {
    dir.join("library/Cargo.lock").is_file()
}

/// Says what a machine needs that has neither the libraries nor their source.
fn advice(version: &str, component: &Path) -> String {
    format!(
        "the toolchain lacks libraries for targets without an operating system, and their source; give it one \
         of them: `rustup target add {}`, or `rustup component add rust-src`, or without rustup your \
         distribution's rust-src of {version}, which belongs in {}",
        TARGETS.join(" "),
        component.display()
    )
}

/// Fetches the library source of the compiler's version from Debian; its dependencies come along.
fn debian_source(version: &str, work: &Path) -> Result<PathBuf> {
    eprintln!("fetching Debian's rust-src {version} into {}", work.display());
    let apt = Apt::new(&work.join("apt"), &SUITES)?;
    let package = apt.download("rust-src", Wanted::Upstream(version))?;
    let unpacked = work.join("source");
    fs::create_dir_all(&unpacked)?;
    let inside = format!("usr/src/rustc-{version}");
    unpack(&package, &unpacked, Some(&format!("./{inside}/library")))?;
    let source = unpacked.join(inside);
    if !has_source(&source) {
        bail!("Debian's rust-src {version} is not laid out as expected");
    }
    Ok(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_folder_is_no_sysroot() {
        assert!(!complete(Path::new(env!("CARGO_MANIFEST_DIR"))));
    }

    #[test]
    fn only_an_own_sysroot_is_named() {
        let environment = |sysroot: Sysroot| {
            let mut command = Command::new("cargo");
            sysroot.apply(&mut command);
            command.get_envs().count()
        };
        assert_eq!(environment(Sysroot::Toolchain), 0);
        assert_eq!(environment(Sysroot::Own("/a b".into())), 1);
    }
}
