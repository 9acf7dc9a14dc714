//! The goals of the data path, and how far from them it is.

use std::fmt;

use crate::clock::Mode;
use crate::report::Row;
use crate::subject::Path;

/// What a goal bounds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Instructions,
    /// The ratio to the limit.
    Ratio(Mode),
}

struct Goal {
    subject: &'static str,
    path: Path,
    batch: usize,
    what: What,
    most: f64,
}

const fn goal(subject: &'static str, path: Path, batch: usize, what: What, most: f64) -> Goal {
    Goal { subject, path, batch, what, most }
}

/// The last four keep the limits honest: a slow limit flatters.
const GOALS: [Goal; 10] = [
    goal("hal", Path::Burst, 32, What::Instructions, 72.0),
    goal("hal", Path::Burst, 1, What::Instructions, 144.0),
    goal("hal", Path::Exchange, 32, What::Instructions, 48.0),
    goal("hal", Path::InPlace, 32, What::Instructions, 28.0),
    goal("hal", Path::Burst, 32, What::Ratio(Mode::Warm), 1.08),
    goal("hal", Path::Burst, 32, What::Ratio(Mode::Swept), 1.1),
    goal("limit", Path::Burst, 32, What::Instructions, 70.0),
    goal("limit", Path::Burst, 1, What::Instructions, 140.0),
    goal("limit", Path::Exchange, 32, What::Instructions, 47.5),
    goal("limit", Path::InPlace, 32, What::Instructions, 27.0),
];

/// What became of a goal: the worst of the subject's devices counts.
pub(crate) struct Verdict {
    pub(crate) measured: Option<f64>,
    pub(crate) most: f64,
}

impl Verdict {
    /// Tells whether it is met, if it was measured.
    pub(crate) fn met(&self) -> Option<bool> {
        self.measured.map(|measured| measured <= self.most)
    }
}

/// Judges all goals by the rows.
pub(crate) fn judge(rows: &[Row]) -> impl Iterator<Item = (String, Verdict)> + '_ {
    GOALS.iter().map(|goal| {
        let Goal { subject, path, batch, what, most } = goal;
        let of = |row: &&Row| row.subject == *subject && row.path == *path && row.batch == *batch;
        let value = |row: &Row| match *what {
            What::Instructions => row.instructions,
            What::Ratio(mode) => row.timing.filter(|(of, _)| *of == mode).map(|(_, timing)| timing.ratio),
        };
        let measured = rows.iter().filter(of).filter_map(value).reduce(f64::max);
        let bound = match what {
            What::Instructions => format!("{most} instructions"),
            What::Ratio(mode) => format!("{most} x limit, {}", mode.name()),
        };
        let name = format!("{subject}, {}, bursts of {batch}: {bound}", path.name());
        (name, Verdict { measured, most: *most })
    })
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.measured, self.met()) {
            (Some(measured), Some(true)) => {
                write!(f, "met: {measured:.2}, {:.2} below", self.most - measured)
            }
            (Some(measured), _) => write!(f, "missed: {measured:.2}, {:.2} above", measured - self.most),
            (None, _) => f.write_str("not measured"),
        }
    }
}
