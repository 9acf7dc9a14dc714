//! The measured region.

use std::process::ExitCode;

use vmdq_bench::{Clock, Mode, measured_region};

use crate::subject::Subject;

/// Frames of a measured region.
pub(crate) const REGION: usize = 128;
/// Regions whose instructions are counted.
const COUNTED: usize = 32;

/// Lets the device complete what was sent and receive what is forwarded next.
fn prepare(subject: &mut Subject) {
    subject.nic.complete();
    subject.nic.receive(REGION);
}

/// Runs one region.
fn region(subject: &mut Subject, size: usize) {
    measured_region(&mut || {
        for _ in 0..REGION / size {
            (subject.burst)(size);
        }
    });
}

/// Returns the nanoseconds for each frame, of one region.
pub(crate) fn region_ns(clock: &Clock, subject: &mut Subject, mode: Mode, size: usize) -> f64 {
    prepare(subject);
    clock.ns(mode, || region(subject, size)) / REGION as f64
}

/// Returns the arguments with which this program runs the regions of a subject, by number and burst
/// size, below callgrind.
pub(crate) fn arguments(subject: usize, size: usize) -> Vec<String> {
    vec!["--regions".into(), subject.to_string(), size.to_string()]
}

/// Returns the instructions for each frame, of those of all counted regions.
pub(crate) fn for_each_frame(total: f64) -> f64 {
    total / (COUNTED * REGION) as f64
}

/// What runs below callgrind.
pub(crate) fn run_regions(mut subject: Subject, size: usize) -> ExitCode {
    for _ in 0..COUNTED {
        prepare(&mut subject);
        region(&mut subject, size);
    }
    match subject.nic.verify((COUNTED * REGION) as u64) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} on {}: {error}", subject.name, subject.device);
            ExitCode::FAILURE
        }
    }
}
