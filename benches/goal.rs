//! Goals, and whether they are met.

use std::fmt;

use serde_json::{Value, json};

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

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, bound) = match self.bound {
            Bound::Most(most) => ("<=", most),
            Bound::Least(least) => (">=", least),
        };
        write!(f, "{:<64} {sign} {bound:<8.3}", self.name)?;
        match self.measured.zip(self.met()) {
            None => write!(f, " not measured"),
            Some((measured, true)) => write!(f, " {measured:>12.3} met"),
            Some((measured, false)) => write!(f, " {measured:>12.3} MISSED"),
        }
    }
}

/// Prints goals for people, on standard error if standard output is for a program; tells whether
/// none is missed.
#[must_use]
pub fn judge(goals: &[Goal], as_json: bool) -> bool {
    for goal in goals {
        if as_json { eprintln!("{goal}") } else { println!("{goal}") }
    }
    !goals.iter().any(Goal::is_missed)
}
