//! The goals of a bench, and how far from them it is.

use What::{Instructions, Ratio};
use vmdq_bench::{Goal, Mode};

use crate::report::Row;
use crate::subject::Path;

/// What a goal bounds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Instructions,
    /// The ratio to the limit.
    Ratio(Mode),
}

/// What a subject may take at the most: its name, path and batch, what is bounded, and the bound.
pub(crate) type Most = (&'static str, Path, usize, What, f64);

/// Judges all goals by the rows: the worst of a subject's devices counts.
pub(crate) fn goals(goals: &[Most], rows: &[Row]) -> Vec<Goal> {
    let goals = goals.iter().map(|&(subject, path, batch, what, most)| {
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
