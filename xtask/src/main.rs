//! Developer tasks: `cargo xtask <task>`.
//!
//! A newcomer needs one of them: `cargo xtask test` makes what the tests need and runs everything.
//! All that a task fetches or builds stays below the workspace's `target/`; the machine and its
//! toolchain are left as they are. (What cargo itself downloads is where it always is: in its home.)

mod apt;
mod bench;
mod code;
mod committed;
mod features;
mod firmware;
mod loom;
mod modules;
mod mutants;
mod no_std;
mod package;
mod qemu;
mod regs;
mod targets;
mod terminal;
mod test;
mod valgrind;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Developer tasks of the VMDq crates.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Provides what the tests need and runs everything: the command of the README
    Test(test::Args),
    /// Measures the data path, or checks its instruction counts
    Bench(bench::Args),
    /// Measures the code of each operation, or checks it
    Size(code::SizeArgs),
    /// Checks that the data path can't reach a panic
    Panics,
    /// Counts the memory barriers in the code of each ring operation, or checks them
    Barriers(code::BarrierArgs),
    /// Runs the I/O channel under the model checker
    Loom,
    /// Breaks the code on purpose, one place at a time, and names what no test notices
    Mutants(mutants::Args),
    /// Unpacks a valgrind for the benches below target/ if the machine has none; installs nothing
    Valgrind,
    /// Unpacks a QEMU for the tests below target/; installs nothing
    Qemu,
    /// Makes the targets without an operating system buildable; leaves the toolchain as it is
    Targets,
    /// Builds the crates that a firmware uses for those targets
    NoStd,
    /// Boots the firmware of examples/firmware on QEMU and plays the other side of its wire
    Firmware(firmware::Args),
    /// Checks every crate with every set of its features
    Features,
    /// Shows that no modules need each other in a circle, and that no file is too long to read
    Modules,
    /// Shows that every crate is ready to be published
    Package,
    /// Generates the register tokens from the tables, or checks them, or exports CMSIS-SVD
    Regs(regs::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done: anyhow::Result<()> = match cli.task {
        Task::Test(args) => test::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Size(args) => code::size(&args),
        Task::Panics => code::panics(),
        Task::Barriers(args) => code::barriers(&args),
        Task::Loom => loom::run(),
        Task::Mutants(args) => mutants::run(&args),
        Task::Valgrind => valgrind::run(),
        Task::Qemu => qemu::run(),
        Task::Targets => targets::run(),
        Task::NoStd => no_std::run(),
        Task::Firmware(args) => firmware::run(&args),
        Task::Features => features::run(),
        Task::Modules => modules::run(),
        Task::Package => package::run(),
        Task::Regs(args) => regs::run(&args).map_err(Into::into),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
