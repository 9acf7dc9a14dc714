//! Instructions of a piece of work, counted by callgrind in a process of its own.

use std::process::Command;

/// Does a piece of work: the function that callgrind collects in.
///
/// Its name is on callgrind's command line, hence not mangled.
#[unsafe(no_mangle)]
#[inline(never)]
pub fn measured_work(work: &mut dyn FnMut()) {
    work();
}

/// Runs this program with `args` under callgrind, and returns the instructions inside of
/// [`measured_work`]; `None` without valgrind.
#[must_use]
pub fn instructions(args: &[&str]) -> Option<f64> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=measured_work"])
        .arg("--callgrind-out-file=/dev/null")
        .arg(program)
        .args(args)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| line.split("Collected :").nth(1))?;
    collected.trim().replace(',', "").parse().ok()
}
