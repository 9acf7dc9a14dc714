//! The goals of the data path, and how far from them it is.

use What::{Instructions, Ratio};
use vmdq_bench::{Goal, Mode};

use crate::report::Row;
use crate::subject::Path;

/// What a goal bounds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Instructions,
    /// The ratio to the limit.
    Ratio(Mode),
}

/// By subject, path and batch. The last four keep the limits honest: a slow limit flatters.
const GOALS: [(&str, Path, usize, What, f64); 10] = [
    ("hal", Path::Burst, 32, Instructions, 72.0),
    ("hal", Path::Burst, 1, Instructions, 144.0),
    ("hal", Path::Exchange, 32, Instructions, 48.0),
    ("hal", Path::InPlace, 32, Instructions, 28.0),
    ("hal", Path::Burst, 32, Ratio(Mode::Warm), 1.08),
    ("hal", Path::Burst, 32, Ratio(Mode::Swept), 1.1),
    ("limit", Path::Burst, 32, Instructions, 70.0),
    ("limit", Path::Burst, 1, Instructions, 140.0),
    ("limit", Path::Exchange, 32, Instructions, 47.5),
    ("limit", Path::InPlace, 32, Instructions, 27.0),
];

/// Judges all goals by the rows: the worst of a subject's devices counts.
pub(crate) fn goals(rows: &[Row]) -> Vec<Goal> {
    let goals = GOALS.iter().map(|&(subject, path, batch, what, most)| {
        let of = |row: &&Row| row.subject == subject && row.path == path && row.batch == batch;
        let value = |row: &Row| match what {
            Instructions => row.instructions,
            Ratio(mode) => row.timing.filter(|(of, _)| *of == mode).map(|(_, timing)| timing.ratio.median),
        };
        let unit = match what {
            Instructions => "instructions".into(),
            Ratio(mode) => format!("x limit, {}", mode.name()),
        };
        let name = format!("{subject}, {}, bursts of {batch}: {unit}", path.name());
        Goal::most(name, most, rows.iter().filter(of).filter_map(value).reduce(f64::max))
    });
    goals.collect()
}
