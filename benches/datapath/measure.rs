//! Time and instructions of a measured region.

use std::process::Command;
use std::time::Instant;

use crate::nic::REGION;
use crate::subject::Subject;

/// The function that callgrind collects in. Its name is on the command line, hence not mangled.
#[unsafe(no_mangle)]
#[inline(never)]
pub(crate) extern "C" fn measured_region(subject: &mut Subject, size: usize) {
    for _ in 0..REGION / size {
        (subject.burst)(size);
    }
}

/// Nanoseconds for each frame, of one region.
pub(crate) fn region_ns(subject: &mut Subject, size: usize) -> f64 {
    subject.nic.work();
    let begin = Instant::now();
    measured_region(subject, size);
    begin.elapsed().as_nanos() as f64 / REGION as f64
}

/// The middle of some numbers.
pub(crate) fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Counts instructions for each frame by callgrind, in a process of its own; `None` without
/// valgrind.
pub(crate) fn instructions(subject: usize, size: usize) -> Option<f64> {
    const REGIONS: u64 = 32;
    let program = std::env::current_exe().ok()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=measured_region"])
        .arg("--callgrind-out-file=/dev/null")
        .arg(program)
        .args(["--regions", &REGIONS.to_string(), &subject.to_string(), &size.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| line.split("Collected :").nth(1))?;
    let total: f64 = collected.trim().replace(',', "").parse().ok()?;
    Some(total / (REGIONS * REGION as u64) as f64)
}
