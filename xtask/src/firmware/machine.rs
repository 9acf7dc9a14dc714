//! The machines on which the firmware boots, and how it is built for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::no_std;
use crate::targets::{self, Sysroot};
use crate::workspace::{cargo, root};

/// QEMU's exit status where all went well, on every machine.
pub(super) const PASSED: i32 = 33;
/// Returns the firmware's manifest.
pub(super) fn manifest() -> PathBuf {
    root().join("examples/firmware/Cargo.toml")
}

/// A machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    pub(super) arch: &'static str,
    pub(super) target: &'static str,
    /// What makes QEMU this machine.
    pub(super) arguments: &'static [&'static str],
    /// Whether the firmware takes interrupts there.
    pub(super) interrupts: bool,
    /// Whether it can be built with defmt.
    pub(super) defmt: bool,
}

/// All machines.
pub(super) const MACHINES: [Machine; 3] = [
    Machine {
        arch: "x86_64",
        target: "x86_64-unknown-none",
        // By translation: a kernel's accelerator may be missing, or know other processors.
        arguments: &[
            "-M",
            "q35",
            "-accel",
            "tcg",
            "-cpu",
            "qemu64",
            "-device",
            "isa-debug-exit,iobase=0xf4,iosize=4",
        ],
        interrupts: true,
        defmt: true,
    },
    Machine {
        arch: "aarch64",
        target: "aarch64-unknown-none",
        arguments: &[
            "-M",
            "virt,highmem=off",
            "-cpu",
            "cortex-a72",
            "-semihosting-config",
            "enable=on,target=native",
        ],
        interrupts: false,
        defmt: true,
    },
    Machine {
        arch: "riscv64",
        target: "riscv64gc-unknown-none-elf",
        arguments: &["-M", "virt", "-bios", "none"],
        interrupts: false,
        // Its code is too far from address 0, where defmt has its symbols.
        defmt: false,
    },
];

/// How the firmware is built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Build {
    /// As a user ships it; the model is found while running.
    Release,
    /// The same without optimisation.
    Debug,
    /// For one model, which is known while compiling, and with the driver's events where there is defmt.
    OneModel,
    /// The second program, with a TCP/IP stack.
    Tcp,
}

impl Build {
    fn arguments(self, defmt: bool) -> &'static [&'static str] {
        match self {
            Self::Release => &["--release"],
            Self::Debug => &[],
            Self::OneModel if !defmt => &["--release", "--features=i82576"],
            Self::OneModel => &["--release", "--features=i82576,defmt"],
            Self::Tcp => &["--release", "--features=tcp"],
        }
    }

    fn binary(self) -> &'static str {
        match self {
            Self::Release | Self::Debug | Self::OneModel => "vmdq-firmware",
            Self::Tcp => "tcp_echo",
        }
    }
}

impl Machine {
    /// Builds the firmware; returns the image.
    pub(super) fn build(&self, build: Build, sysroot: &Sysroot) -> Result<PathBuf> {
        let mut command = self.cargo("build", sysroot);
        command.args(build.arguments(self.defmt)).args([
            "--locked",
            "--bin",
            build.binary(),
            "--message-format",
            "json-render-diagnostics",
        ]);
        let built =
            command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("can't start cargo")?;
        ensure!(built.status.success(), "the firmware can't be built for {}", self.target);
        let image = image(&String::from_utf8_lossy(&built.stdout)).context("cargo names no image")?;
        // A place of its own: the next build has the same name.
        let kept = image.with_file_name(format!("firmware-{build:?}").to_lowercase());
        fs::copy(&image, &kept).with_context(|| format!("can't copy {}", image.display()))?;
        Ok(kept)
    }

    /// Returns the command that lints the firmware, both programs.
    pub(super) fn lint(&self, sysroot: &Sysroot) -> Command {
        let mut command = self.cargo("clippy", sysroot);
        command.args(Build::OneModel.arguments(self.defmt));
        command.args(["--features=tcp", "--locked", "--", "-D", "warnings"]);
        command
    }

    fn cargo(&self, subcommand: &str, sysroot: &Sysroot) -> Command {
        let mut command = cargo();
        command.args([subcommand, "--target", self.target, "--manifest-path"]).arg(manifest());
        command.arg("--target-dir").arg(targets::target_dir());
        no_std::compile_all_messages(&mut command);
        sysroot.apply(&mut command);
        command
    }

    /// Returns the command that boots an image.
    pub(super) fn command(&self, qemu: &Path, image: &Path) -> Command {
        let mut command = Command::new(qemu);
        command.args(self.arguments);
        command.args(["-m", "64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
        command.args(["-chardev", "file,id=serial,path=/dev/stdout", "-serial", "chardev:serial"]);
        // The wire is what QEMU has for its standard input: one datagram is one frame.
        command.args(["-netdev", "dgram,id=wire,local.type=fd,local.str=0"]);
        command.args(["-device", "igb,netdev=wire,romfile=,mac=02:00:00:00:75:fe"]);
        command.arg("-kernel").arg(image);
        command
    }
}

fn image(messages: &str) -> Option<PathBuf> {
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    artifacts.filter_map(|artifact| artifact["executable"].as_str().map(PathBuf::from)).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_is_what_cargo_says_can_be_run() {
        let messages = "{\"executable\":null}\n{\"executable\":\"/t/firmware\"}\n{\"reason\":\"build-finished\"}\nno json";
        assert_eq!(image(messages), Some("/t/firmware".into()));
        assert_eq!(image("{}"), None);
    }

    #[test]
    fn every_machine_is_a_bare_target() {
        for machine in MACHINES {
            assert!(targets::TARGETS.contains(&machine.target), "{}", machine.target);
            assert!(machine.target.starts_with(machine.arch), "{}", machine.target);
        }
    }
}
