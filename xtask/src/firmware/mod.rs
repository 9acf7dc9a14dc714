//! `cargo xtask firmware`: boots the firmware of `examples/firmware` on QEMU's `igb`, on every architecture, and
//! plays the other side of its wire.
//!
//! - `machine`: the machines, and how the firmware is built for them.
//! - `image`: what is in a linked image.
//! - `boot`: one run, under a bound.
//! - `play`, `player`, `frame`, `wire`: what happens on the wire.
//! - `tcp`, `station`: the second program, and the station that talks to it.
//! - `events`: what the driver told meanwhile.
//! - `row`: what became of each check.

mod boot;
mod events;
mod frame;
mod image;
mod machine;
mod play;
mod player;
mod row;
mod station;
mod tcp;
mod wire;

use std::fs;
use std::io::Write;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::qemu;
use crate::targets::{self, Sysroot};
use crate::terminal;
use crate::workspace::cargo;
use boot::Ran;
use image::Image;
use machine::{Build, MACHINES, Machine};
use row::{Outcome, Row};

/// Boots the firmware of examples/firmware on QEMU and plays the other side of its wire.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The architecture
    #[arg(long, value_enum, default_value_t = Arch::All)]
    arch: Arch,
    /// Prints one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// An architecture, or all of them.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
#[value(rename_all = "snake_case")]
enum Arch {
    #[value(name = "x86_64")]
    X86,
    Aarch64,
    Riscv64,
    All,
}

impl Arch {
    fn is(self, machine: &Machine) -> bool {
        let name = match self {
            Self::X86 => "x86_64",
            Self::Aarch64 => "aarch64",
            Self::Riscv64 => "riscv64",
            Self::All => return true,
        };
        machine.arch == name
    }
}

/// The steps of `cargo xtask test`, each with its architecture.
pub(crate) const STEPS: [(&str, &str); 3] =
    [("firmware x86_64", "x86_64"), ("firmware aarch64", "aarch64"), ("firmware riscv64", "riscv64")];

/// Returns the command that checks the format of the firmware, which is a workspace of its own.
pub(crate) fn format() -> Command {
    let mut command = cargo();
    command.args(["fmt", "--check", "--manifest-path"]).arg(machine::manifest());
    command
}

/// Returns the commands that lint the firmware, one for each machine.
pub(crate) fn lints(sysroot: &Sysroot) -> Vec<Command> {
    MACHINES.iter().map(|machine| machine.lint(sysroot)).collect()
}

/// Returns the targets, each with the bytes of code of the whole firmware.
pub(crate) fn code_sizes(sysroot: &Sysroot) -> Result<Vec<(&'static str, u64)>> {
    let size = |machine: &Machine| {
        let image = fs::read(machine.build(Build::Release, sysroot)?)?;
        Ok((machine.target, Image::read(&image)?.code))
    };
    MACHINES.iter().map(size).collect()
}

/// Most bytes of stack that the whole firmware may use.
const STACK: [(Build, &str, u64); 2] =
    [(Build::Release, "stack_release", 8 << 10), (Build::Debug, "stack_debug", 32 << 10)];

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut rows = Vec::new();
    for machine in MACHINES.iter().filter(|machine| args.arch.is(machine)) {
        rows.extend(on(machine)?);
    }
    if args.json {
        println!("{}", row::json(&rows));
    } else {
        print!("{}", row::table(&rows, terminal::width()));
    }
    let failed = rows.iter().filter(|row| row.outcome.has_failed()).count();
    if failed > 0 {
        bail!("{failed} checks of the firmware failed");
    }
    Ok(())
}

/// Runs all checks on one machine.
fn on(machine: &Machine) -> Result<Vec<Row>> {
    let sysroot = targets::ensure()?;
    let qemu = qemu::ensure_for(machine.arch)?;
    let mut rows = Vec::new();
    let mut add = |check, outcome| rows.push(Row { arch: machine.arch, check, outcome });
    for build in [Build::Release, Build::Debug, Build::OneModel] {
        let file = machine.build(build, &sysroot)?;
        let image = fs::read(&file).with_context(|| format!("can't read {}", file.display()))?;
        let ran = boot::boot(machine, &qemu, &file)?;
        if let Some(why) = ran.failure() {
            eprintln!("{} {build:?}: {why}", machine.arch);
            std::io::stderr().write_all(&ran.printed)?;
        }
        match build {
            Build::Release => {
                ran.checks().for_each(|(check, outcome)| add(check, outcome.clone()));
                let image = Image::read(&image)?;
                add(
                    "no_panic_path",
                    Outcome::of_figure(image.panics(), format!("{} bytes of code", image.code)),
                );
            }
            Build::Debug => add("debug_build", whole(&ran)),
            Build::OneModel => {
                let panics = Image::read(&image)?.panics();
                add("model_while_compiling", panics.map_or_else(Outcome::Failed, |()| whole(&ran)));
                add("events_over_defmt", events(machine, &ran, &image)?);
            }
            Build::Tcp => {}
        }
        for (_, check, most) in STACK.iter().filter(|(of, ..)| *of == build) {
            add(check, stack(&ran.printed, *most));
        }
    }
    rows.extend(tcp::rows(machine, &qemu, &machine.build(Build::Tcp, &sysroot)?)?);
    Ok(rows)
}

/// Joins all checks of a run in one.
fn whole(ran: &Ran) -> Outcome {
    ran.failure().map_or(Outcome::Passed(None), Outcome::Failed)
}

/// Looks for the driver's events in what was printed.
fn events(machine: &Machine, ran: &Ran, image: &[u8]) -> Result<Outcome> {
    if machine.defmt {
        return Ok(Outcome::of(events::check(&ran.printed, &events::texts(image)?)));
    }
    let why = "code at 2 GiB does not reach address 0 here, where defmt's linker script puts its symbols";
    Ok(Outcome::NotApplicable(why.into()))
}

fn stack(printed: &[u8], most: u64) -> Outcome {
    match boot::stack(printed) {
        Some(used) if used <= most => Outcome::Passed(Some(format!("{used} of {most} bytes"))),
        Some(used) => Outcome::Failed(format!("{used} bytes, which is more than {most}")),
        None => Outcome::Failed("the firmware did not print it".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_is_a_step_and_a_choice() {
        for (machine, (name, arch)) in MACHINES.iter().zip(STEPS) {
            assert_eq!(machine.arch, arch);
            assert!(name.ends_with(arch));
            let chosen = Arch::from_str(arch, false).unwrap();
            assert_eq!(MACHINES.iter().filter(|machine| chosen.is(machine)).count(), 1);
            assert!(chosen.is(machine) && Arch::All.is(machine));
        }
    }

    #[test]
    fn a_stack_that_is_too_deep_or_unknown_fails() {
        assert!(!stack(b"x86_64, q35\nstack: 8192 of 65536 bytes\n", 8192).has_failed());
        assert!(stack(b"stack: 8193 of 65536 bytes\n", 8192).has_failed());
        assert!(stack(b"panicked\n", 8192).has_failed());
    }
}
