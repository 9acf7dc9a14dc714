//! Goals, and whether they are met.

use serde_json::{Value, json};

/// A figure that has an upper limit.
#[derive(Clone, Debug)]
pub struct Goal {
    /// What is measured.
    pub name: String,
    /// The most that it may be.
    pub limit: f64,
    /// What it is; `None` if it was not measured here (without valgrind, no instructions are).
    pub measured: Option<f64>,
}

impl Goal {
    /// Tells whether the goal is missed for sure.
    #[must_use]
    pub fn is_missed(&self) -> bool {
        self.measured.is_some_and(|measured| {
            !matches!(measured.total_cmp(&self.limit), std::cmp::Ordering::Less | std::cmp::Ordering::Equal)
        })
    }

    /// Writes the goal.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({"goal": self.name, "limit": self.limit, "measured": self.measured, "missed": self.is_missed()})
    }
}

/// Prints goals for people, on standard error if standard output is for a program; tells whether
/// none is missed.
#[must_use]
pub fn judge(goals: &[Goal], as_json: bool) -> bool {
    for goal in goals {
        let measured = goal.measured.map_or("not measured".into(), |measured| format!("{measured:.3}"));
        let verdict = if goal.is_missed() {
            "MISSED"
        } else if goal.measured.is_some() {
            "met"
        } else {
            ""
        };
        let line = format!("{:<64} <= {:<7.3} {measured:>12} {verdict}", goal.name, goal.limit);
        if as_json { eprintln!("{line}") } else { println!("{line}") }
    }
    goals.iter().all(|goal| !goal.is_missed())
}
