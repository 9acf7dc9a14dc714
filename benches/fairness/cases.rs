//! The cases on one wire, and what is asked of them.

use serde_json::{Value, json};
use vmdq_bench::{Bound, Goal, table};

use crate::arbiter::Discipline;
use crate::wire::{Case, Outcome, jain, run};

/// What a bad member offers, of the wire.
const LOADS: [f64; 5] = [1.0, 2.0, 4.0, 8.0, 16.0];

/// Turns of bytes are longer than turns of frames, and a ring must hold what is posted meanwhile. One
/// of that many descriptors does; one of 32 loses a frame in 100 000 at most.
const LONG_RING: usize = 64;

/// What is asked of a case, beside that the wire never idles while anybody has a frame.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    /// Everybody gets the same: frames from turns of frames, bytes from turns of bytes.
    Equal,
    /// Who stays below its fair share in frames loses nothing to turns of frames.
    NoLoss,
    /// Who stays below its fair share in bytes loses nothing to turns of bytes.
    NoLossOfBytes,
    /// Bytes by weight from turns of bytes.
    Weighted,
}

/// A case under a discipline.
pub(crate) struct Row {
    pub(crate) case: Case,
    pub(crate) discipline: Discipline,
    pub(crate) outcome: Outcome,
}

fn cases() -> Vec<(Case, Asked)> {
    let case = Case {
        name: "all behave",
        members: 16,
        bad: 1,
        bad_len: 60,
        bad_load: 0.059,
        good_load: 0.059,
        descriptors: 512,
        weights: |_| 1,
    };
    let mut cases = vec![(case.clone(), Asked::NoLoss)];
    cases.extend(LOADS.map(|bad_load| (Case { name: "hog, 60 B", bad_load, ..case.clone() }, Asked::NoLoss)));
    let long = Case { name: "hog, 1514 B", bad_len: 1514, ..case.clone() };
    cases.extend(LOADS.map(|bad_load| (Case { bad_load, ..long.clone() }, Asked::NoLossOfBytes)));
    let backlogged = Case { name: "backlogged, 60 B", bad_load: 1.0, good_load: 1.0, ..case.clone() };
    cases.push((
        Case { name: "backlogged, 1514 B and 60 B", bad_len: 1514, ..backlogged.clone() },
        Asked::Equal,
    ));
    for (name, case, asked) in [
        ("hog, 60 B, rings of 64", &case, Asked::NoLoss),
        ("hog, 1514 B, rings of 64", &long, Asked::NoLossOfBytes),
    ] {
        let case = Case { name, descriptors: 16 * LONG_RING, ..case.clone() };
        cases.extend([1.0, 4.0, 16.0].map(|bad_load| (Case { bad_load, ..case.clone() }, asked)));
    }
    // Rings of a usual size: they must hold what is posted while 15 others have their turns.
    let many = Case { name: "15 hogs, 1514 B", bad: 15, bad_load: 16.0, descriptors: 16 * 512, ..long };
    cases.push((many, Asked::NoLossOfBytes));
    cases.push((
        Case {
            name: "weights 1 to 4",
            bad: 8,
            weights: |member| member as u16 % 4 + 1,
            ..backlogged.clone()
        },
        Asked::Weighted,
    ));
    cases.push((backlogged, Asked::Equal));
    cases.push((
        Case { name: "4 machines (82575), hog", members: 4, bad_load: 4.0, good_load: 0.24, ..case },
        Asked::NoLoss,
    ));
    cases
}

/// Runs all cases.
pub(crate) fn measure(goals: &mut Vec<Goal>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (seed, (case, asked)) in cases().into_iter().enumerate() {
        for discipline in Discipline::ALL {
            let outcome = run(&case, discipline, seed as u64);
            ask(goals, &case, asked, discipline, &outcome);
            rows.push(Row { case: case.clone(), discipline, outcome });
        }
    }
    rows
}

fn ask(goals: &mut Vec<Goal>, case: &Case, asked: Asked, discipline: Discipline, outcome: &Outcome) {
    use Bound::{Least, Most};
    use Discipline::{Bytes, Frames};
    let mut note = |what: &str, bound, measured| {
        let name = format!("{}, {}x, {}: {what}", case.name, case.bad_load, discipline.name());
        goals.push(Goal { name, bound, measured: Some(measured) });
    };
    let busy = outcome.share.iter().sum();
    let load = case.bad as f64 * case.bad_load + (case.members - case.bad) as f64 * case.good_load;
    note("how busy the wire is", Least(load.min(1.0) - 0.001), busy);
    match (asked, discipline) {
        (Asked::Equal, Frames) => note("Jain's index of frames", Least(0.999), jain(&outcome.frames)),
        (Asked::Equal, Bytes) => note("Jain's index of bytes", Least(0.999), jain(&outcome.share)),
        (Asked::Weighted, Bytes) => {
            let weighted = outcome.share.iter().enumerate();
            let index =
                jain(&weighted.map(|(i, share)| share / f64::from((case.weights)(i))).collect::<Vec<_>>());
            note("Jain's index of bytes by weight", Least(0.999), index);
        }
        (Asked::NoLoss, Frames | Bytes) | (Asked::NoLossOfBytes, Bytes) => {
            let Outcome { lost, offered, .. } = *outcome;
            // Of no frames at all it is not a number, which meets no goal.
            note("good frames lost of a million", Most(0.0), 1e6 * lost as f64 / offered as f64);
        }
        _ => {}
    }
}

impl Row {
    fn good(&self) -> &[f64] {
        &self.outcome.share[self.case.bad..]
    }

    fn good_mean(&self) -> f64 {
        self.good().iter().sum::<f64>() / self.good().len() as f64
    }

    fn good_min(&self) -> f64 {
        self.good().iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// How many of the good frames are lost.
    pub(crate) fn loss(&self) -> f64 {
        self.outcome.lost as f64 / self.outcome.offered as f64
    }

    pub(crate) fn json(&self) -> Value {
        let Self { case, discipline, outcome } = self;
        json!({
            "case": case.name, "members": case.members, "bad": case.bad, "bad_load": case.bad_load,
            "bad_len": case.bad_len, "good_load": case.good_load, "discipline": discipline.name(),
            "share": outcome.share, "good_loss": self.loss(),
            "jain_bytes": jain(&outcome.share), "jain_frames": jain(&outcome.frames),
            "jain_good": jain(self.good()), "delay_mean": outcome.mean, "delay_p99": outcome.p99,
        })
    }
}

/// Prints a table.
pub(crate) fn print(rows: &[Row]) {
    println!("One wire; shares of its time, delays of good frames in slots of 84 bytes");
    let head = [
        "case",
        "discipline",
        "load",
        "bad",
        "good mean",
        "min",
        "loss",
        "Jain bytes",
        "frames",
        "mean",
        "p99",
    ];
    let line = |row: &Row| {
        let Row { case, discipline, outcome } = row;
        vec![
            case.name.to_owned(),
            discipline.name().to_owned(),
            format!("{}x", case.bad_load),
            format!("{:.4}", outcome.share[0]),
            format!("{:.4}", row.good_mean()),
            format!("{:.4}", row.good_min()),
            format!("{:.4}%", 100.0 * row.loss()),
            format!("{:.4}", jain(&outcome.share)),
            format!("{:.4}", jain(&outcome.frames)),
            format!("{:.1}", outcome.mean),
            outcome.p99.to_string(),
        ]
    };
    print!("{}", table(&head, 2, rows.iter().map(line)));
    println!();
}
