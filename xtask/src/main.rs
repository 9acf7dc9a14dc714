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
mod loom;
mod no_std;
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
    /// Runs the I/O channel under the model checker
    Loom,
    /// Unpacks a valgrind for the benches below target/ if the machine has none; installs nothing
    Valgrind,
    /// Unpacks a QEMU for the tests below target/; installs nothing
    Qemu,
    /// Makes the targets without an operating system buildable; leaves the toolchain as it is
    Targets,
    /// Builds the crates that a firmware uses for those targets
    NoStd,
    /// Checks every crate with every set of its features
    Features,
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
        Task::Loom => loom::run(),
        Task::Valgrind => valgrind::run(),
        Task::Qemu => qemu::run(),
        Task::Targets => targets::run(),
        Task::NoStd => no_std::run(),
        Task::Features => features::run(),
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
