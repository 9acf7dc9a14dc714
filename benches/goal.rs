//! Goals, and whether they are met.

use serde_json::{Value, json};

use crate::table::goal_table;

/// How far a figure may go.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Bound {
    /// It may be this at the most.
    Most(f64),
    /// It must be this at the least.
    Least(f64),
}

/// A figure that has a bound.
#[derive(Clone, Debug)]
pub struct Goal {
    /// What is measured.
    pub name: String,
    /// Its bound.
    pub bound: Bound,
    /// What it is; `None` if it was not measured here (without valgrind, no instructions are).
    pub measured: Option<f64>,
}

impl Goal {
    /// Makes a goal that a figure is so much at the most.
    #[must_use]
    pub fn most(name: impl Into<String>, most: f64, measured: Option<f64>) -> Self {
        Self { name: name.into(), bound: Bound::Most(most), measured }
    }

    /// Makes a goal that a figure is so much at the least.
    #[must_use]
    pub fn least(name: impl Into<String>, least: f64, measured: Option<f64>) -> Self {
        Self { name: name.into(), bound: Bound::Least(least), measured }
    }

    /// Tells whether the goal is met, if the figure was measured. NaN meets none.
    #[must_use]
    pub fn met(&self) -> Option<bool> {
        self.measured.map(|measured| match self.bound {
            Bound::Most(most) => measured <= most,
            Bound::Least(least) => measured >= least,
        })
    }

    /// Tells whether the goal is missed for sure.
    #[must_use]
    pub fn is_missed(&self) -> bool {
        self.met() == Some(false)
    }

    /// Returns the goal for a table: what it is, its bound, what was measured and whether it is met.
    #[must_use]
    pub fn row(&self) -> Vec<String> {
        let bound = match self.bound {
            Bound::Most(most) => format!("<= {most:.3}"),
            Bound::Least(least) => format!(">= {least:.3}"),
        };
        let (measured, met) = match self.measured.zip(self.met()) {
            None => (String::new(), "not measured"),
            Some((measured, true)) => (format!("{measured:.3}"), "met"),
            Some((measured, false)) => (format!("{measured:.3}"), "MISSED"),
        };
        vec![self.name.clone(), bound, measured, met.into()]
    }

    /// Writes the goal.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut goal = json!({"goal": self.name, "measured": self.measured, "met": self.met()});
        match self.bound {
            Bound::Most(most) => goal["most"] = json!(most),
            Bound::Least(least) => goal["least"] = json!(least),
        }
        goal
    }
}

/// Prints goals for people, on standard error if standard output is for a program; tells whether
/// none is missed.
#[must_use]
pub fn judge(goals: &[Goal], as_json: bool) -> bool {
    let table = goal_table(goals);
    if as_json {
        eprint!("{table}")
    } else {
        print!("{table}")
    }
    !goals.iter().any(Goal::is_missed)
}
