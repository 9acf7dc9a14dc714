//! Instructions for each frame, counted by callgrind.

use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::thread;

use crate::measure::measured_region;
use crate::nic::REGION;
use crate::progress::show;
use crate::subject::Subject;

/// Regions that are counted.
const REGIONS: u64 = 32;

/// The program; a folder of one's own is named in the environment.
fn valgrind() -> Command {
    Command::new(std::env::var_os("VMDQ_VALGRIND").unwrap_or_else(|| "valgrind".into()))
}

/// Tells whether instructions can be counted.
pub(crate) fn possible() -> bool {
    valgrind().arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Counts for each pair of subject number and burst size, as many at once as there are processors.
pub(crate) fn all(rows: &[(usize, usize)]) -> Result<Vec<f64>, String> {
    let counts = Mutex::new((0, vec![Ok(f64::NAN); rows.len()]));
    let next = || {
        let mut counts = counts.lock().ok()?;
        let at = counts.0;
        counts.0 += 1;
        show(&format!("instructions: {} of {}", at.min(rows.len()), rows.len()));
        (at < rows.len()).then_some(at)
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(at) = next() {
                    let count = one(rows[at].0, rows[at].1);
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

/// Counts in a process of its own, without this one's environment: the counts depend on the program
/// alone.
fn one(subject: usize, size: usize) -> Result<f64, String> {
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
        .args(["--regions", &subject.to_string(), &size.to_string()])
        .output()
        .map_err(|error| format!("can't run valgrind: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| line.split("Collected :").nth(1));
    let total = collected.and_then(|count| count.trim().replace(',', "").parse::<f64>().ok());
    match total.filter(|_| output.status.success()) {
        Some(total) => Ok(total / (REGIONS * REGION as u64) as f64),
        None => Err(format!("callgrind failed ({}): {text}", output.status)),
    }
}

/// What runs below callgrind.
pub(crate) fn run_regions(mut subject: Subject, size: usize) -> ExitCode {
    for _ in 0..REGIONS {
        subject.nic.work();
        measured_region(&mut subject, size);
    }
    match subject.nic.verify(REGIONS * REGION as u64) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} on {}: {error}", subject.name, subject.device);
            ExitCode::FAILURE
        }
    }
}
