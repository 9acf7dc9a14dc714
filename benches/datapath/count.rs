//! Instructions, counted by callgrind in processes of their own.

use std::process::Command;
use std::sync::Mutex;
use std::thread;

use crate::progress::show;

/// The function that callgrind collects in. Its name is on the command line, hence not mangled.
#[unsafe(no_mangle)]
#[inline(never)]
pub(crate) fn measured_region(region: &mut dyn FnMut()) {
    region();
}

/// The program; a folder of one's own is named in the environment.
fn valgrind() -> Command {
    Command::new(std::env::var_os("VMDQ_VALGRIND").unwrap_or_else(|| "valgrind".into()))
}

/// Tells whether instructions can be counted.
pub(crate) fn possible() -> bool {
    valgrind().arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Counts what this program collects with each of these arguments, as many at once as there are
/// processors.
pub(crate) fn all(args: &[Vec<String>]) -> Result<Vec<f64>, String> {
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
