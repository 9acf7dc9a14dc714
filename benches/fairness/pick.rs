//! Instructions of a pick, by callgrind.

use std::hint::black_box;
use std::iter;
use std::process::ExitCode;

use fastrand::Rng;
use serde_json::{Value, json};
use vmdq_bench::{Goal, count_if_possible, measured_region, table};
use vmdq_core::FrameLimit;
use vmdq_core::fair::{DeficitRoundRobin, RoundRobin};

const PICKS: usize = 1 << 14;

/// What picks.
enum Subject {
    /// Nobody: what the loop costs.
    Bare(usize),
    Frames(RoundRobin),
    Wide(RoundRobin<2>),
    Bytes(Box<DeficitRoundRobin<64>>, Lengths),
}

/// Lengths of head frames.
type Lengths = [u16; 64];

/// A subject among members of which some are active.
pub(crate) struct Row {
    subject: &'static str,
    members: usize,
    active: &'static str,
    frames: &'static str,
    /// The goal.
    most: f64,
    /// `None` without valgrind.
    instructions: Option<f64>,
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |subject, members, frames, most| {
        for active in ["all", "half", "one"] {
            rows.push(Row { subject, members, active, frames, most, instructions: None });
        }
    };
    for members in [4, 16, 64] {
        add("round robin", members, "", 14.0);
    }
    add("wide round robin", 128, "", 33.0);
    for members in [16, 64] {
        for frames in ["60 B", "1514 B", "mixed"] {
            add("deficit round robin", members, frames, 31.0);
        }
        // The worst case: each turn sends one frame and finds that the next does not fit.
        add("deficit round robin", members, "1510 B", 31.0);
    }
    rows
}

impl Row {
    fn make(&self) -> Subject {
        let mut rng = Rng::with_seed(7);
        let active: Vec<usize> = (0..self.members)
            .filter(|&member| match self.active {
                "all" => true,
                "half" => rng.bool(),
                _ => member == self.members / 2,
            })
            .collect();
        match self.subject {
            "round robin" => {
                let mut turn = RoundRobin::new();
                active.iter().for_each(|&member| turn.activate(member));
                Subject::Frames(turn)
            }
            "wide round robin" => {
                let mut turn = RoundRobin::<2>::wide();
                active.iter().for_each(|&member| turn.activate(member));
                Subject::Wide(turn)
            }
            _ => {
                // As in the simulations: the quantum is 1538 bytes.
                let limit = FrameLimit::new(1514, 1514).expect("a limit");
                let mut turn = Box::new(DeficitRoundRobin::new(limit));
                active.iter().for_each(|&member| turn.activate(member));
                let lengths = std::array::from_fn(|_| match self.frames {
                    "60 B" => 60,
                    "1510 B" => 1510,
                    "1514 B" => 1514,
                    _ => rng.u16(60..=1514),
                });
                Subject::Bytes(turn, lengths)
            }
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({"subject": self.subject, "members": self.members, "active": self.active,
               "frames": self.frames, "instructions_per_pick": self.instructions})
    }
}

/// Picks again and again. State is read from memory for each pick, as it is where something else happens
/// in between.
#[inline(never)]
fn pick(subject: &mut Subject) -> usize {
    let mut sum = 0_usize;
    match subject {
        Subject::Bare(none) => {
            for _ in 0..PICKS {
                sum = sum.wrapping_add(*black_box(&mut *none));
            }
        }
        Subject::Frames(turn) => {
            for _ in 0..PICKS {
                sum = sum.wrapping_add(black_box(&mut *turn).pick().unwrap_or(0));
            }
        }
        Subject::Wide(turn) => {
            for _ in 0..PICKS {
                sum = sum.wrapping_add(black_box(&mut *turn).pick().unwrap_or(0));
            }
        }
        Subject::Bytes(turn, lengths) => {
            let turn = &mut **turn;
            for _ in 0..PICKS {
                let turn = black_box(&mut *turn);
                let head = |member: usize| lengths.get(member).map(|&len| usize::from(len));
                sum = sum.wrapping_add(turn.next(head).unwrap_or(0));
            }
        }
    }
    sum
}

/// Runs a row, or the bare loop, in the process that callgrind watches.
pub(crate) fn run(row: &str) -> ExitCode {
    let mut subject = if row == "bare" {
        Subject::Bare(1)
    } else {
        let Some(row) = row.parse().ok().and_then(|row: usize| rows().into_iter().nth(row)) else {
            return ExitCode::FAILURE;
        };
        row.make()
    };
    measured_region(&mut || {
        black_box(pick(black_box(&mut subject)));
    });
    ExitCode::SUCCESS
}

/// Measures all rows, less the loop.
pub(crate) fn measure(goals: &mut Vec<Goal>) -> Result<Vec<Row>, String> {
    let mut rows = rows();
    let numbers = (0..rows.len()).map(|number| number.to_string());
    let args: Vec<_> =
        iter::once("bare".into()).chain(numbers).map(|row| vec!["--picks".into(), row]).collect();
    let counts = count_if_possible(&args)?;
    if counts.is_none() {
        eprintln!("no valgrind: instructions are not counted");
    }
    for (i, row) in rows.iter_mut().enumerate() {
        row.instructions = counts.as_ref().map(|counts| (counts[i + 1] - counts[0]) / PICKS as f64);
        let Row { subject, members, active, frames, most, instructions } = row;
        // Half an instruction for what is done once.
        let name = format!("{subject} {frames} of {members}, {active} active: instructions");
        goals.push(Goal::most(name, *most + 0.5, *instructions));
    }
    Ok(rows)
}

/// Prints a table.
pub(crate) fn print(rows: &[Row]) {
    println!("Instructions of a pick, without the loop around it");
    let line = |Row { subject, members, active, frames, most, instructions }: &Row| {
        let count = instructions.map_or("-".into(), |count| format!("{count:.1}"));
        vec![
            subject.to_string(),
            members.to_string(),
            active.to_string(),
            frames.to_string(),
            count,
            most.to_string(),
        ]
    };
    let head = ["subject", "members", "active", "frames", "count", "goal"];
    print!("{}", table(&head, 1, rows.iter().map(line)));
    println!();
}
