//! `cargo xtask test`: everything that must hold, from a fresh clone, with one command.

mod count;
mod report;
mod toolchain;

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::bench;
use crate::code;
use crate::committed;
use crate::features;
use crate::firmware;
use crate::loom;
use crate::modules;
use crate::no_std;
use crate::package;
use crate::qemu;
use crate::targets::{self, Sysroot};
use crate::terminal;
use crate::valgrind::{self, Valgrind};
use crate::workspace::{cargo, ci, output};
use count::Count;
use report::{Outcome, Report};
use toolchain::Toolchain;

/// Provides what the tests need and runs everything: format, lints, documentation, register tables, modules,
/// packages, tests, the model checker, sets of features, builds without the standard library, the emitted code
/// and its instruction counts, a firmware that boots on QEMU; at last, that the toolchain is as it was.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Prints one JSON object on standard output, and everything else on standard error
    #[arg(long)]
    json: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut run = Run { json: args.json, report: Report::default() };
    let toolchain = Toolchain::look();
    run.compiler();
    let qemu = run.provide("QEMU", qemu::ensure);
    let sysroot = run.provide("bare targets", targets::ensure);
    let valgrind = run.provide("valgrind", valgrind::ensure);

    let format = [cargo_with(&["fmt", "--all", "--check"]), firmware::format()];
    run.component("format", "rustfmt", "fmt", format);
    let lints = cargo_with(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    let firmware = sysroot.iter().flat_map(firmware::lints);
    run.component("lints", "clippy", "clippy", [lints].into_iter().chain(firmware));
    let mut doc = cargo_with(&["doc", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-Dwarnings");
    run.commands("documentation", [doc]);
    run.commands("register tables", [cargo_with(&["xtask", "regs", "--check"])]);
    run.step("modules", |_| modules::run());
    run.step("packages", |_| package::run());
    run.cases("tests", tests(qemu));
    run.cases("loom", loom::command());
    run.step("feature sets", |run| features::checks()?.into_iter().try_for_each(|check| run.command(check)));
    run.no_std(sysroot.as_ref());
    run.emitted_code(sysroot.as_ref());
    run.firmware(sysroot.as_ref());
    run.instructions(valgrind.as_ref());
    run.step("toolchain as it was", |_| toolchain?.is_as_it_was());
    run.finish()
}

fn tests(qemu: Option<PathBuf>) -> Command {
    let mut command = cargo_with(&["test", "--workspace", "--no-fail-fast"]);
    if let Some(program) = qemu {
        command.env("VMDQ_QEMU", program);
    }
    command
}

fn cargo_with(args: &[&str]) -> Command {
    let mut command = cargo();
    command.args(args);
    command
}

/// One run of all steps.
struct Run {
    json: bool,
    report: Report,
}

impl Run {
    /// Provides something; where that can't be done, what needs it is left out, which is a failure
    /// where nothing may be left out.
    fn provide<T>(&mut self, name: &'static str, ensure: impl FnOnce() -> Result<T>) -> Option<T> {
        self.say(name);
        let start = Instant::now();
        let (outcome, had) = match ensure() {
            Ok(had) => (Outcome::Passed, Some(had)),
            Err(error) => (left_out(format!("{error:#}")), None),
        };
        self.ended(name, start, outcome);
        had
    }

    /// Tells whether this is the compiler with which everything is checked that depends on one.
    fn compiler(&mut self) {
        const NAME: &str = "compiler";
        self.say(NAME);
        let start = Instant::now();
        let outcome = match committed::compiler().and_then(|own| Ok((own, code::pinned()?))) {
            Ok((own, pinned)) if own == pinned => Outcome::Passed,
            Ok((own, pinned)) => left_out(format!(
                "this is rustc {own}; the messages of the compile-fail cases, code sizes and instruction counts are \
                 of {pinned} and are left out, and lints may differ"
            )),
            Err(error) => Outcome::Failed(format!("{error:#}")),
        };
        self.ended(NAME, start, outcome);
    }

    /// Runs commands as one step.
    fn commands(&mut self, name: &'static str, commands: impl IntoIterator<Item = Command>) {
        self.step(name, |run| commands.into_iter().try_for_each(|command| run.command(command)));
    }

    /// Runs test cases as one step. There must be some: a filter that none fits passes as far as cargo
    /// is concerned.
    fn cases(&mut self, name: &'static str, command: Command) {
        self.step(name, |run| {
            let before = run.report.tests;
            run.command(command)?;
            ensure!(run.report.tests != before, "no test ran");
            Ok(())
        });
    }

    fn step(&mut self, name: &'static str, act: impl FnOnce(&mut Self) -> Result<()>) {
        self.say(name);
        let start = Instant::now();
        let outcome = match act(self) {
            Ok(()) => Outcome::Passed,
            Err(error) => Outcome::Failed(format!("{error:#}")),
        };
        self.ended(name, start, outcome);
    }

    /// Leaves a step out, which is a failure where nothing may be left out.
    fn leave_out(&mut self, name: &'static str, why: String) {
        self.say(name);
        self.ended(name, Instant::now(), left_out(why));
    }

    fn ended(&mut self, name: &'static str, start: Instant, outcome: Outcome) {
        self.report.add(name, start, outcome);
        eprintln!("    {}", self.report.last());
    }

    /// Runs a part of the toolchain that may not be installed.
    fn component(
        &mut self,
        name: &'static str,
        component: &str,
        subcommand: &str,
        commands: impl IntoIterator<Item = Command>,
    ) {
        if output(cargo().args([subcommand, "--version"])).is_ok() {
            self.commands(name, commands);
        } else {
            let why = format!("{component} is not installed: `rustup component add {component}`");
            self.leave_out(name, why);
        }
    }

    fn no_std(&mut self, sysroot: Option<&Sysroot>) {
        const NAME: &str = "no_std builds";
        match sysroot {
            Some(sysroot) => self.commands(NAME, no_std::builds(sysroot)),
            None => self.leave_out(NAME, "no bare targets".into()),
        }
    }

    /// Looks at the code that the compiler makes for the bare targets, where there are some.
    fn emitted_code(&mut self, sysroot: Option<&Sysroot>) {
        let missing = sysroot.is_none().then(|| "no bare targets".to_owned());
        for (name, args, obstacle) in [
            ("panic branches", ["xtask", "panics"].as_slice(), missing.clone()),
            (
                "memory barriers",
                &["xtask", "barriers", "--check"],
                missing.clone().or_else(code::size_obstacle),
            ),
            ("code sizes", &["xtask", "size", "--check"], missing.or_else(code::size_obstacle)),
        ] {
            match obstacle {
                None => self.commands(name, [cargo_with(args)]),
                Some(why) => self.leave_out(name, why),
            }
        }
    }

    /// Boots the firmware on each machine for which there is a QEMU.
    fn firmware(&mut self, sysroot: Option<&Sysroot>) {
        for (name, arch) in firmware::STEPS {
            let obstacle = match sysroot {
                None => Some("no bare targets".to_owned()),
                Some(_) => qemu::ensure_for(arch).err().map(|error| format!("{error:#}")),
            };
            match obstacle {
                None => self.commands(name, [cargo_with(&["xtask", "firmware", "--arch", arch])]),
                Some(why) => self.leave_out(name, why),
            }
        }
    }

    /// Compares instruction counts with the committed ones, where that can be done.
    fn instructions(&mut self, valgrind: Option<&Valgrind>) {
        const NAME: &str = "instructions";
        let obstacle = valgrind.map_or(Some("no valgrind".into()), |_| bench::obstacle());
        match obstacle {
            None => self.commands(NAME, [cargo_with(&["xtask", "bench", "--check"])]),
            Some(why) => self.leave_out(NAME, why),
        }
    }

    /// Runs one command; passes its output on and counts the tests in it.
    fn command(&mut self, mut command: Command) -> Result<()> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("can't start")?;
        for line in BufReader::new(child.stdout.take().context("no pipe")?).split(b'\n') {
            let line = line?;
            let text = String::from_utf8_lossy(&line);
            self.report.tests += Count::of_line(&text);
            if self.json {
                writeln!(std::io::stderr(), "{text}")?;
            } else {
                writeln!(std::io::stdout(), "{text}")?;
            }
        }
        let status = child.wait()?;
        if !status.success() {
            // The first words tell which it was; the whole line would break the table.
            let words: Vec<_> = command.get_args().take(5).map(|word| word.to_string_lossy()).collect();
            bail!("`cargo {} ..`: {status}", words.join(" "));
        }
        Ok(())
    }

    fn say(&self, name: &str) {
        eprintln!("==> {name}");
    }

    fn finish(self) -> Result<()> {
        if self.json {
            println!("{}", self.report.json());
        } else {
            print!("\n{}", self.report.table(terminal::width()));
        }
        if self.report.has_failed() {
            bail!("not everything passed");
        }
        Ok(())
    }
}

fn left_out(why: String) -> Outcome {
    if ci() { Outcome::Failed(why) } else { Outcome::Skipped(why) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::root;

    fn run(program: &str, args: &[&str]) -> Run {
        let mut run = Run { json: true, report: Report::default() };
        let mut command = Command::new(program);
        command.args(args);
        run.cases("a step", command);
        run
    }

    #[test]
    fn a_step_without_cases_fails() {
        assert!(run("true", &[]).report.has_failed());
        assert!(run("echo", &["test result: ok. 0 passed; 0 failed; 3 filtered out"]).report.has_failed());
    }

    /// The compile-fail cases and the tables are of one compiler.
    #[test]
    fn one_compiler_is_pinned() {
        let pinned = code::pinned().unwrap();
        let release = pinned.rsplit_once('.').unwrap().0;
        let holds = |path: &str, line: String| {
            let text = std::fs::read_to_string(root().join(path)).unwrap();
            assert!(text.contains(&line), "{path} does not hold {line}");
        };
        holds("tests/compile_fail.rs", format!("const PINNED: &str = \"rustc {release}.\""));
        holds("benches/instructions.toml", format!("rustc = \"{pinned}\""));
        holds("benches/barriers.toml", format!("rustc = \"{pinned}\""));
        holds("CONTRIBUTING.md", format!("| {release}, named in the tables"));
    }

    /// A new file in `tests/` that its manifest does not name would never run.
    #[test]
    fn every_file_of_tests_is_named() {
        let manifest = std::fs::read_to_string(root().join("tests/Cargo.toml")).unwrap();
        let mut named = 0;
        for entry in std::fs::read_dir(root().join("tests")).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let test = if path.join("main.rs").is_file() {
                format!("{file}/main.rs")
            } else if file.ends_with(".rs") {
                file
            } else {
                continue;
            };
            assert!(manifest.contains(&format!("path = \"{test}\"")), "tests/Cargo.toml lacks {test}");
            named += 1;
        }
        assert_eq!(manifest.matches("[[test]]").count(), named);
    }

    #[test]
    fn cases_are_counted() {
        let run = run("echo", &["test result: ok. 3 passed; 0 failed"]);
        assert!(!run.report.has_failed());
        assert_eq!(run.report.tests, Count { passed: 3, failed: 0 });
    }
}
