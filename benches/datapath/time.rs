//! Time for each frame: subjects alternate, ratios are taken region by region, the best run counts.

use vmdq_bench::{Clock, Mode, Sample, show};

use crate::measure::{REGION, region_ns};
use crate::subject::Subject;

/// How often what is measured.
pub(crate) struct Effort {
    /// Runs, each with subjects that are made anew, since where memory lies makes a difference.
    pub(crate) runs: usize,
    /// Regions of each subject, mode and size in a run.
    pub(crate) warm: usize,
    pub(crate) swept: usize,
}

impl Effort {
    pub(crate) const FULL: Self = Self { runs: 3, warm: 2001, swept: 1001 };
    pub(crate) const QUICK: Self = Self { runs: 1, warm: 301, swept: 101 };

    const fn regions(&self, mode: Mode) -> usize {
        match mode {
            Mode::Warm => self.warm,
            Mode::Swept => self.swept,
        }
    }
}

/// What a subject takes in one mode and size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// Nanoseconds for each frame, the median.
    pub(crate) ns: f64,
    /// Ratio to the base of the same path.
    pub(crate) ratio: Sample,
}

/// Measures all subjects in all modes and sizes; returns for each of them, in this order of nesting,
/// the run with the least ratio.
pub(crate) fn all(
    make: impl Fn() -> Vec<Subject>,
    sizes: &[usize],
    effort: &Effort,
    clock: &Clock,
) -> Result<Vec<Timing>, String> {
    let mut best: Vec<Timing> = Vec::new();
    for run in 1..=effort.runs {
        let mut subjects = make();
        let mut timings = Vec::new();
        let mut regions = 0;
        for mode in Mode::ALL {
            for &size in sizes {
                show(&format!("run {run} of {}: {}, bursts of {size}", effort.runs, mode.name()));
                regions += effort.regions(mode);
                timings.extend(alternate(&mut subjects, mode, size, effort.regions(mode), clock));
            }
        }
        show("");
        for subject in &mut subjects {
            let verified = subject.nic.verify((regions * REGION) as u64);
            verified.map_err(|error| format!("{} on {}: {error}", subject.name, subject.device))?;
        }
        if best.is_empty() {
            best = timings;
        } else {
            for (best, timing) in best.iter_mut().zip(timings) {
                let (ratio, least) = (timing.ratio.median, best.ratio.median);
                if ratio < least || (ratio == least && timing.ns < best.ns) {
                    *best = timing;
                }
            }
        }
    }
    Ok(best)
}

/// Measures all subjects in one mode and size, region by region.
fn alternate(
    subjects: &mut [Subject],
    mode: Mode,
    size: usize,
    regions: usize,
    clock: &Clock,
) -> Vec<Timing> {
    let base: Vec<usize> = subjects
        .iter()
        .map(|subject| {
            let is_base = |other: &Subject| other.name == subject.path.base() && other.path == subject.path;
            subjects.iter().position(is_base).expect("each path has a base")
        })
        .collect();
    let mut ns = vec![Vec::with_capacity(regions); subjects.len()];
    for _ in 0..regions {
        for (subject, ns) in subjects.iter_mut().zip(&mut ns) {
            ns.push(region_ns(clock, subject, mode, size));
        }
    }
    let timing = |(times, &base): (&Vec<f64>, &usize)| Timing {
        ns: Sample::of(times).median,
        ratio: Sample::of_ratios(times, &ns[base]),
    };
    ns.iter().zip(&base).map(timing).collect()
}
