//! Targeted receive: bytes that software copies and time for each frame, with it and without.
//!
//! `cargo bench -p vmdq-bench --bench targeted [-- --json]`. The paper (sections 2.2 and 3.7) has frames
//! received straight into a virtual machine's memory to save the copy. Here one virtual machine's frames
//! go from the receive ring through group, decision and I/O channel to its driver, which posts the
//! buffers again. Ways alternate in one process, and ratios are taken repetition by repetition;
//! instructions are callgrind's. Fails if a frame is lost, changed or out of order, or if targeted receive
//! copies.

mod frame;
mod guest;
mod nic;
mod report;
mod setup;
mod way;

use std::process::ExitCode;

use vmdq_bench::{Clock, Mode, Sample, arguments, count_if_possible, measured_region};
use way::{BATCH, Host, WAYS};

/// The longest frames, in bytes without FCS.
const SIZES: [usize; 4] = [64, 256, 512, 1514];
/// Frames of a measured region: batches that arrived since the last look.
const REGION: usize = 4 * BATCH;
const REPETITIONS: usize = 601;
/// Regions whose instructions are counted.
const COUNTED: usize = 32;

fn main() -> ExitCode {
    let args = arguments();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--count", number, size, reads] => count(number, size, reads == "reads"),
        [] => measure().and_then(|rows| report::show(&rows, false)),
        ["--json"] => measure().and_then(|rows| report::show(&rows, true)),
        _ => Err("usage: targeted [--json]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A way with frames of one size.
struct Row {
    way: usize,
    size: usize,
    /// Whether the guest reads its frames.
    reads: bool,
    /// Nanoseconds for each frame, by [`Mode`].
    ns: [Sample; 2],
    /// To those of a copy, by [`Mode`].
    ratio: [Sample; 2],
    instructions: Option<f64>,
    /// Bytes for each frame that software copied, and that the device wrote a second time.
    copied: f64,
    replicated: f64,
}

/// Lets frames arrive, has them brought to the guest, and returns the nanoseconds for each.
fn region(host: &mut Host, size: usize, reads: bool, clock: &Clock, mode: Mode) -> Result<f64, String> {
    host.nic.receive(REGION, size);
    let ns = clock.ns(mode, || bring(host, reads));
    host.guest.check(host.machine, REGION, size)?;
    Ok(ns / REGION as f64)
}

fn bring(host: &mut Host, reads: bool) {
    measured_region(&mut || {
        for _ in 0..REGION / BATCH {
            host.serve(reads);
        }
    });
}

/// Runs one way, for callgrind.
fn count(number: &str, size: &str, reads: bool) -> Result<(), String> {
    let way = number.parse().ok().and_then(|number: usize| WAYS.get(number)).ok_or("no such way")?;
    let size = size.parse().ok().filter(|size| SIZES.contains(size)).ok_or("no such size")?;
    let mut host = way.1();
    for _ in 0..COUNTED {
        host.nic.receive(REGION, size);
        bring(&mut host, reads);
        host.guest.check(host.machine, REGION, size)?;
    }
    Ok(())
}

/// Whether the guest reads its frames, as an argument.
const READING: [(bool, &str); 2] = [(false, "leaves"), (true, "reads")];

fn measure() -> Result<Vec<Row>, String> {
    let args: Vec<Vec<String>> = SIZES
        .iter()
        .flat_map(|size| READING.map(|(_, reading)| (size.to_string(), reading)))
        .flat_map(|(size, reading)| {
            (0..WAYS.len())
                .map(move |way| vec!["--count".into(), way.to_string(), size.clone(), reading.into()])
        })
        .collect();
    let mut counts = count_if_possible(&args)?.map(Vec::into_iter);
    let clock = Clock::new();
    let mut rows = Vec::new();
    for size in SIZES {
        for (reads, _) in READING {
            let mut hosts = WAYS.map(|(_, make)| make());
            let mut times = [const { [const { Vec::new() }; Mode::ALL.len()] }; WAYS.len()];
            for (at, mode) in Mode::ALL.into_iter().enumerate() {
                for repetition in 0..REPETITIONS {
                    // In another order each time.
                    for way in (0..WAYS.len()).map(|i| (i + repetition) % WAYS.len()) {
                        let time = region(&mut hosts[way], size, reads, &clock, mode);
                        times[way][at]
                            .push(time.map_err(|error| format!("{}, {size} bytes: {error}", WAYS[way].0))?);
                    }
                }
            }
            for (way, host) in hosts.iter().enumerate() {
                let counted = counts.as_mut().and_then(Iterator::next);
                let for_each = |bytes: u64| bytes as f64 / host.nic.received as f64;
                rows.push(Row {
                    way,
                    size,
                    reads,
                    ns: [0, 1].map(|at| Sample::of(&times[way][at])),
                    ratio: [0, 1].map(|at| Sample::of_ratios(&times[way][at], &times[0][at])),
                    instructions: counted.map(|count| count / (COUNTED * REGION) as f64),
                    copied: for_each(host.machine.copied.get()),
                    replicated: for_each(host.nic.replicated),
                });
            }
        }
    }
    tell_sweep(&clock);
    Ok(rows)
}

/// Says what "swept" was.
fn tell_sweep(clock: &Clock) {
    eprintln!("swept: {} KiB were read before each region", clock.sweep_bytes() / 1024);
}
