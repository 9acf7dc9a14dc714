//! Instructions, counted by callgrind in processes of their own.

use std::process::Command;
use std::sync::Mutex;
use std::thread;

use crate::progress::show;

/// Runs what is measured: the function that callgrind collects in.
///
/// Its name is on callgrind's command line, hence not mangled.
#[unsafe(no_mangle)]
#[inline(never)]
pub fn measured_region(region: &mut dyn FnMut()) {
    region();
}

/// The program; a folder of one's own is named in the environment.
fn valgrind() -> Command {
    Command::new(std::env::var_os("VMDQ_VALGRIND").unwrap_or_else(|| "valgrind".into()))
}

/// Counts what this program executes in [`measured_region`] with each of these arguments, as many at
/// once as there are processors; `None` without valgrind.
///
/// # Errors
///
/// What valgrind or the program says if a count fails.
pub fn count_if_possible(args: &[Vec<String>]) -> Result<Option<Vec<f64>>, String> {
    let possible = valgrind().arg("--version").output().is_ok_and(|output| output.status.success());
    possible.then(|| count(args)).transpose()
}

/// Counts this program with `--count SUBJECT SIZE` for each size and, within it, each subject below
/// `subjects`, as [`count_if_possible`] does.
///
/// # Errors
///
/// What valgrind or the program says if a count fails.
pub fn count_subjects(subjects: usize, sizes: &[usize]) -> Result<Option<Vec<f64>>, String> {
    let each = sizes.iter().flat_map(|size| (0..subjects).map(move |subject| (subject, size)));
    let args = each.map(|(subject, size)| vec!["--count".into(), subject.to_string(), size.to_string()]);
    count_if_possible(&args.collect::<Vec<_>>())
}

/// Counts as [`count_if_possible`] does, where it must be possible.
///
/// # Errors
///
/// What valgrind or the program says if a count fails, or that there is no valgrind.
pub fn count(args: &[Vec<String>]) -> Result<Vec<f64>, String> {
    let counts = Mutex::new((0, vec![Ok(f64::NAN); args.len()]));
    let next = || {
        let mut counts = counts.lock().ok()?;
        let at = counts.0;
        counts.0 += 1;
        show(&format!("instructions: {} of {}", at.min(args.len()), args.len()));
        (at < args.len()).then_some(at)
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(at) = next() {
                    let count = one(&args[at]);
                    if let Ok(mut counts) = counts.lock() {
                        counts.1[at] = count;
                    }
                }
            });
        }
    });
    show("");
    counts.into_inner().map_err(|_| "a counting thread broke off".to_owned())?.1.into_iter().collect()
}

/// Counts in a process without this one's environment: the counts depend on the program alone.
fn one(args: &[String]) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = valgrind();
    command.env_clear();
    if let Some(lib) = std::env::var_os("VALGRIND_LIB") {
        command.env("VALGRIND_LIB", lib);
    }
    let output = command
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=measured_region"])
        .arg("--callgrind-out-file=/dev/null")
        .arg(program)
        .args(args)
        .output()
        .map_err(|error| format!("can't run valgrind: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| line.split("Collected :").nth(1));
    let total = collected.and_then(|count| count.trim().replace(',', "").parse::<f64>().ok());
    total
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("callgrind failed ({}): {text}", output.status))
}
