//! Measures all series; prints and draws them.

use std::path::PathBuf;

use serde_json::json;
use vmdq_bench::{Clock, Mode, Sample, count_if_possible, measured_region, show};

use crate::load::{COUNTED, Load};
use crate::plot;
use crate::series::Series;

/// What one unit costs at one point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) x: u32,
    /// With warm caches, and with swept ones.
    pub(crate) ns: [f64; 2],
    /// Missing without valgrind.
    pub(crate) instructions: Option<f64>,
}

/// Measures, prints and draws.
pub(crate) fn run(all: &[Series], as_json: bool, quick: bool) -> Result<(), String> {
    let clock = Clock::new();
    let (runs, regions) = if quick { (1, 101) } else { (3, 501) };
    let args: Vec<Vec<String>> = all
        .iter()
        .flat_map(|series| series.points.iter().map(|point| (series.name, point.x)))
        .map(|(name, x)| vec!["--count".into(), name.into(), x.to_string()])
        .collect();
    let mut counts = count_if_possible(&args)?.map(Vec::into_iter);
    let mut dir = PathBuf::new();
    let mut rows = Vec::new();
    for series in all {
        show(series.name);
        let mut times = vec![[f64::INFINITY; 2]; series.points.len()];
        for _ in 0..runs {
            for (best, once) in times.iter_mut().zip(run_once(series, regions, &clock)?) {
                *best = [best[0].min(once[0]), best[1].min(once[1])];
            }
        }
        show("");
        let units: Vec<u64> = series.points.iter().map(|point| (point.make)().units()).collect();
        let costs: Vec<Cost> = (0..series.points.len())
            .map(|i| {
                let total = counts.as_mut().and_then(Iterator::next);
                let instructions = total.map(|total| total / (COUNTED * units[i]) as f64);
                Cost { x: series.points[i].x, ns: times[i], instructions }
            })
            .collect();
        dir = plot::draw(series, &costs).map_err(|error| format!("no plot of {}: {error}", series.name))?;
        if !as_json {
            print(series, &costs);
        }
        rows.extend(costs.iter().map(|cost| {
            json!({ "series": series.name, "of": series.of, "unit": series.unit, "x": cost.x,
                    "ns": cost.ns[0], "ns_swept": cost.ns[1], "instructions": cost.instructions })
        }));
    }
    if as_json {
        println!("{}", json!({ "rows": rows, "swept_bytes": clock.sweep_bytes(), "plots": dir }));
    } else {
        println!("plots: {}", dir.display());
    }
    Ok(())
}

/// Measures one series once: its points alternate. Returns nanoseconds for each unit, in each mode.
fn run_once(series: &Series, regions: u64, clock: &Clock) -> Result<Vec<[f64; 2]>, String> {
    let mut loads: Vec<Box<dyn Load>> = series.points.iter().map(|point| (point.make)()).collect();
    let medians = Mode::ALL.map(|mode| {
        let mut times = vec![Vec::new(); loads.len()];
        for _ in 0..regions {
            for (load, times) in loads.iter_mut().zip(&mut times) {
                load.prepare();
                let ns = clock.ns(mode, || measured_region(&mut || load.region()));
                times.push(ns / load.units() as f64);
            }
        }
        times.iter().map(|times| Sample::of(times).median).collect::<Vec<_>>()
    });
    for (load, point) in loads.iter_mut().zip(&series.points) {
        let verified = load.verify(regions * Mode::ALL.len() as u64);
        verified.map_err(|error| format!("{} at {}: {error}", series.name, point.x))?;
    }
    let [warm, swept] = medians;
    Ok(warm.into_iter().zip(swept).map(|(warm, swept)| [warm, swept]).collect())
}

fn print(series: &Series, costs: &[Cost]) {
    println!("{}: cost of a {} against {}", series.name, series.unit, series.of);
    let [warm, swept] = Mode::ALL.map(|mode| format!("ns {}", mode.name()));
    println!("{:>8} {warm:>9} {swept:>9} {:>13}", "", "instructions");
    for Cost { x, ns: [warm, swept], instructions } in costs {
        let count = instructions.map_or("no valgrind".into(), |count| format!("{count:.2}"));
        println!("{x:>8} {warm:>9.2} {swept:>9.2} {count:>13}");
    }
    println!();
}
