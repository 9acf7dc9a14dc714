//! Receive, touch, send, reclaim: time and instructions for each frame.
//!
//! `cargo bench -p vmdq-bench --bench datapath [-- --json]`. Subjects alternate in one process, and
//! the ratio to the limit is taken region by region; instructions are callgrind's. The figures say
//! what a driver costs the processor: there is no PCIe and no real DMA here.

#[path = "hal.rs"]
mod hal;
#[path = "limit.rs"]
mod limit;
#[path = "measure.rs"]
mod measure;
#[path = "nic.rs"]
mod nic;
#[path = "peer.rs"]
mod peer;
#[path = "subject.rs"]
mod subject;

use std::io::Write;
use std::process::ExitCode;

use igb_hal::I82576;
use ixgbe_hal::I82598;
use measure::{instructions, measured_region, median, region_ns};
use nic::{IGB, IXGBE, REGION};
use serde_json::json;
use subject::Subject;

const SIZES: [usize; 4] = [1, 8, 32, 64];
const REPETITIONS: usize = 2001;

/// The subject that all ratios are taken to.
const BASE: usize = 0;

fn subjects() -> Vec<Subject> {
    vec![
        limit::subject(IXGBE, "82598"),
        hal::subject::<I82598>(IXGBE),
        hal::subject::<I82576>(IGB),
        peer::subject(),
    ]
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--regions", regions, subject, size] => run_regions(regions, subject, size),
        [] => report(false),
        ["--json"] => report(true),
        _ => {
            eprintln!("usage: datapath [--json]");
            ExitCode::FAILURE
        }
    }
}

/// Runs some regions of one subject, for callgrind.
fn run_regions(regions: &str, subject: &str, size: &str) -> ExitCode {
    let (Ok(regions), Ok(subject), Ok(size)) =
        (regions.parse::<u64>(), subject.parse::<usize>(), size.parse())
    else {
        return ExitCode::FAILURE;
    };
    let mut subjects = subjects();
    let Some(subject) = subjects.get_mut(subject) else { return ExitCode::FAILURE };
    for _ in 0..regions {
        subject.nic.work();
        measured_region(subject, size);
    }
    ExitCode::SUCCESS
}

fn report(as_json: bool) -> ExitCode {
    let mut subjects = subjects();
    let mut rows = Vec::new();
    for size in SIZES {
        let mut ns = vec![Vec::with_capacity(REPETITIONS); subjects.len()];
        let mut ratios = ns.clone();
        for repetition in 0..REPETITIONS {
            if repetition % 500 == 0 {
                eprint!("\rburst of {size}: {repetition} of {REPETITIONS} ");
                let _ = std::io::stderr().flush();
            }
            let times: Vec<f64> = subjects.iter_mut().map(|subject| region_ns(subject, size)).collect();
            for (i, &time) in times.iter().enumerate() {
                ns[i].push(time);
                ratios[i].push(time / times[BASE]);
            }
        }
        eprint!("\r{:40}\r", "");
        for (i, subject) in subjects.iter().enumerate() {
            let count = instructions(i, size);
            rows.push((
                subject.name,
                subject.device,
                size,
                median(&mut ns[i]),
                median(&mut ratios[i]),
                count,
            ));
        }
    }
    let mut good = true;
    for subject in &mut subjects {
        subject.nic.complete();
        let (received, sent, wrong) = subject.nic.counts();
        if wrong != 0 || sent != received || received != (SIZES.len() * REPETITIONS * REGION) as u64 {
            eprintln!(
                "{} on {}: {received} received, {sent} sent, {wrong} wrong",
                subject.name, subject.device
            );
            good = false;
        }
    }
    if as_json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(subject, device, batch, ns, ratio, count)| {
                json!({"subject": subject, "device": device, "path": "burst", "mode": "warm", "batch": batch,
                       "ns_per_frame": ns, "ratio_to_limit": ratio, "instructions_per_frame": count})
            })
            .collect();
        println!("{}", json!({ "rows": rows }));
    } else {
        println!(
            "{:<20} {:<6} {:>5} {:>9} {:>10} {:>13}",
            "subject", "device", "burst", "ns/frame", "x limit", "instr/frame"
        );
        for (subject, device, size, ns, ratio, count) in rows {
            let count = count.map_or("no valgrind".into(), |count| format!("{count:.1}"));
            println!("{subject:<20} {device:<6} {size:>5} {ns:>9.2} {ratio:>10.2} {count:>13}");
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
