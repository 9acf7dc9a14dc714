//! Trying mutants.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::pick::Mutant;
use super::{Fate, Report};
use crate::workspace::{cargo, target};

/// The packages whose tests are run in the end, and the libraries of which have tests.
const PACKAGES: [&str; 7] =
    ["vmdq-core", "vmdq-hal", "igb-hal", "ixgbe-hal", "vmdq", "vmdq-sim", "vmdq-tests"];
/// Programs of `vmdq-tests` that build fast for what they cover: all that the filter code does,
const NEAR_FILTERS: [&str; 2] = ["filters", "machines"];
/// and all that rings, pools and the life of a port do.
const NEAR_OTHERS: [&str; 3] = ["contracts", "counters", "machines"];
/// The tests of `vmdq-core` that take longer than all others of it.
const LONG: &str = "channel";
/// Tests that run for long and are about something else: what must not compile, and the examples.
const SLOW: [&str; 3] = ["compile_fail", "vmm_l2", "vmm_switch"];
/// What has cargo leave out tests on QEMU.
const WITHOUT_QEMU: [&str; 3] = ["--", "--skip", "qemu"];
/// The longest that tests of a mutant may run, in seconds: one that never ends is noticed.
const TIMEOUT: &str = "180";
/// The longest that building one may take, in seconds, on a machine that does other things besides.
const BUILD_TIMEOUT: &str = "900";
/// How often it is looked whether the time is over.
const LOOK: Duration = Duration::from_millis(200);

/// Where cargo-mutants and the sources are.
pub(super) struct Trial {
    tool: PathBuf,
    tree: PathBuf,
}

/// Which tests a mutant is tried by.
struct Tests {
    packages: Vec<String>,
    targets: Vec<String>,
}

impl Tests {
    /// Those of the mutant's own crate, and of the drivers as a whole.
    fn near(mutant: &Mutant, tree: &Path) -> Result<Self> {
        let package = mutant.package.as_str();
        if package == "vmdq-core" {
            let mut targets = vec!["--lib".to_owned()];
            let names =
                programs(&tree.join(package).join("tests")).context("can't read the tests of vmdq-core")?;
            targets
                .extend(names.into_iter().filter(|name| name != LONG).map(|name| format!("--test={name}")));
            return Ok(Self { packages: vec![package.into()], targets });
        }
        let near = if mutant.is_of_filters() { NEAR_FILTERS.as_slice() } else { &NEAR_OTHERS };
        let named = near.iter().map(|name| format!("--test={name}"));
        let targets = ["--lib".into()].into_iter().chain(named).collect();
        Ok(Self { packages: vec![package.into(), "vmdq-tests".into()], targets })
    }

    /// All but the slow ones.
    fn all(tree: &Path) -> Result<Self> {
        let mut targets = vec!["--lib".to_owned()];
        for package in PACKAGES {
            let folder =
                if package == "vmdq-tests" { tree.join("tests") } else { tree.join(package).join("tests") };
            let names = programs(&folder).with_context(|| format!("can't read {}", folder.display()))?;
            let fast = names.into_iter().filter(|name| !SLOW.contains(&name.as_str()));
            targets.extend(fast.map(|name| format!("--test={name}")));
        }
        Ok(Self { packages: PACKAGES.map(str::to_owned).to_vec(), targets })
    }
}

/// Lists the test programs in a folder: files, and folders with a `main.rs`.
fn programs(folder: &Path) -> io::Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_program = path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").is_file();
        if let Some(name) = path.file_stem().filter(|_| is_program) {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

impl Trial {
    pub(super) fn new(tool: PathBuf, tree: PathBuf) -> Self {
        Self { tool, tree }
    }

    /// Sees that all tests pass while nothing is broken: one that fails anyway would catch every mutant.
    pub(super) fn see_sound(&self) -> Result<()> {
        eprintln!("building and running the tests while nothing is broken");
        let tests = Tests::all(&self.tree)?;
        let mut command = cargo();
        command.current_dir(&self.tree).args(["test", "--quiet"]);
        command.args(tests.packages.iter().flat_map(|name| ["--package", name])).args(&tests.targets);
        command.args(WITHOUT_QEMU);
        self.set_up(&mut command);
        ensure!(
            command.status().context("can't start cargo")?.success(),
            "the tests fail while nothing is broken"
        );
        Ok(())
    }

    /// Sets what building and running tests in the copy needs.
    fn set_up(&self, command: &mut Command) {
        // Nobody debugs these programs, and building them without is much faster.
        command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_PROFILE_TEST_DEBUG", "0");
        command.env("CARGO_TARGET_DIR", self.tree.join("target")).env_remove("CI");
        command.stdin(Stdio::null()).stdout(io::stderr());
    }

    /// Tries mutants of one crate until `end`.
    pub(super) fn try_batch(&self, batch: &[Mutant], end: Instant, report: &mut Report) -> Result<()> {
        let Some(first) = batch.first() else { return Ok(()) };
        self.try_by(&Tests::near(first, &self.tree)?, batch, end, report)?;
        let left: Vec<_> =
            batch.iter().filter(|mutant| report.fate(mutant) == Some(Fate::Survived)).cloned().collect();
        // What no near test notices is not judged before all others had a look at it.
        left.iter().for_each(|mutant| report.forget(mutant));
        if left.is_empty() {
            return Ok(());
        }
        self.try_by(&Tests::all(&self.tree)?, &left, end, report)
    }

    /// Tries mutants by some of the tests, in the copy of the sources.
    fn try_by(&self, tests: &Tests, mutants: &[Mutant], end: Instant, report: &mut Report) -> Result<()> {
        let out = target().join("mutants");
        let results = out.join("mutants.out");
        let _ = fs::remove_dir_all(&results);
        let mut command = Command::new(&self.tool);
        command.args(["mutants", "--in-place", "--no-config", "--baseline=skip", "--colors=never", "--dir"]);
        command.arg(&self.tree).arg("--output").arg(&out);
        command.arg(format!("--timeout={TIMEOUT}")).arg(format!("--build-timeout={BUILD_TIMEOUT}"));
        command.args(mutants.iter().map(|mutant| format!("--package={}", mutant.package)).take(1));
        // cargo-mutants 27.1 tries mutants that delete a field whatever `--re` says: keep to the files, so
        // that these are few. What was not picked is not reported.
        let files: BTreeSet<_> = mutants.iter().map(Mutant::file).collect();
        command.args(files.iter().map(|file| format!("--file={file}")));
        command.args(mutants.iter().map(|mutant| format!("--re={}", mutant.pattern())));
        command.args(tests.packages.iter().map(|name| format!("--test-package={name}")));
        command.args(tests.targets.iter().map(|argument| format!("--cargo-arg={argument}")));
        command.arg("--").args(WITHOUT_QEMU);
        self.set_up(&mut command);
        let ended = run_until(&mut command, end)?;
        // It may have been asked to end before it began; then nothing was tried.
        ensure!(
            ended || results.join("mutants.json").is_file(),
            "cargo-mutants wrote no results to {}",
            results.display()
        );
        for (file, fate) in [
            ("caught.txt", Fate::Caught),
            ("timeout.txt", Fate::TimedOut),
            ("missed.txt", Fate::Survived),
            ("unviable.txt", Fate::Unviable),
        ] {
            let names = fs::read_to_string(results.join(file)).unwrap_or_default();
            names.lines().for_each(|name| report.set(name, fate));
        }
        Ok(())
    }
}

/// Runs a command to its end, or until a time: then it is asked to end, so that it ends what it started.
/// Returns whether it was asked to.
fn run_until(command: &mut Command, end: Instant) -> Result<bool> {
    let mut child = command.spawn().context("can't start cargo-mutants")?;
    let mut ended = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= end && !ended {
            let number = child.id().to_string();
            let _ = Command::new("kill").arg(&number).status();
            ended = true;
        }
        thread::sleep(LOOK);
    };
    // 0: all caught; 2: some survived; 3: some ran into the time limit.
    match status.code() {
        _ if ended => Ok(true),
        Some(0 | 2 | 3) => Ok(false),
        _ => bail!("cargo-mutants failed: {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::root;

    #[test]
    fn near_and_slow_tests_exist() {
        let names = programs(&root().join("tests")).unwrap();
        for name in NEAR_FILTERS.iter().chain(&NEAR_OTHERS).chain(&SLOW) {
            assert!(names.contains(&(*name).to_owned()), "tests/ has no {name}");
        }
        let all = Tests::all(&root()).unwrap();
        assert!(all.targets.contains(&"--test=conformance".to_owned()));
        assert!(!all.targets.contains(&"--test=compile_fail".to_owned()));
    }

    #[test]
    fn what_takes_too_long_is_ended() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 30 & trap 'kill $!; exit 130' TERM; wait"]);
        let start = Instant::now();
        assert!(run_until(&mut shell, start + Duration::from_millis(100)).unwrap());
        assert!(start.elapsed() < Duration::from_secs(20));
        assert!(run_until(&mut Command::new("false"), start + Duration::from_secs(60)).is_err());
    }
}
