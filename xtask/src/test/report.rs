//! What became of each step, for people and for programs.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::count::Count;
use crate::terminal;

/// How a step ended; with the reason, if it did not pass.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Passed,
    Skipped(String),
    Failed(String),
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

/// All steps so far.
#[derive(Default, Debug)]
pub(super) struct Report {
    steps: Vec<Step>,
    /// Test cases of all steps.
    pub(super) tests: Count,
}

impl Report {
    pub(super) fn add(&mut self, name: &'static str, start: Instant, outcome: Outcome) {
        self.steps.push(Step { name, outcome, took: start.elapsed() });
    }

    pub(super) fn has_failed(&self) -> bool {
        self.tests.failed > 0 || self.steps.iter().any(|step| matches!(step.outcome, Outcome::Failed(_)))
    }

    /// Returns the table; its last line is `N passed, N failed`, the number of test cases.
    pub(super) fn table(&self, width: u16) -> String {
        let seconds = |took: Duration| format!("{:.1}", took.as_secs_f64());
        let row = |Step { name, outcome, took }: &Step| {
            let (word, why) = outcome.words();
            [*name, word, &seconds(*took), why].map(str::to_owned).to_vec()
        };
        let mut rows: Vec<_> = self.steps.iter().map(row).collect();
        let total = self.steps.iter().map(|step| step.took).sum();
        rows.push(["all", "", &seconds(total), ""].map(str::to_owned).to_vec());
        let table = terminal::lay_out(&["step", "result", "seconds", ""], rows, |column| column == 2, width);
        format!("{table}{} passed, {} failed\n", self.tests.passed, self.tests.failed)
    }

    /// Says how the last step ended.
    pub(super) fn last(&self) -> String {
        let Some(Step { outcome, took, .. }) = self.steps.last() else { return String::new() };
        let (word, why) = outcome.words();
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        format!("{word} in {:.1} s{why}", took.as_secs_f64())
    }

    /// Returns one object.
    pub(super) fn json(&self) -> Value {
        let step = |Step { name, outcome, took }: &Step| {
            let (word, why) = outcome.words();
            let seconds = (took.as_secs_f64() * 10.0).round() / 10.0;
            json!({ "name": name, "result": word, "seconds": seconds, "reason": (!why.is_empty()).then_some(why) })
        };
        json!({
            "passed": !self.has_failed(),
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
            "tests": { "passed": self.tests.passed, "failed": self.tests.failed },
        })
    }
}

impl Outcome {
    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Passed => ("passed", ""),
            Self::Skipped(why) => ("skipped", why),
            Self::Failed(why) => ("failed", why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: &[Outcome]) -> Report {
        let mut report = Report { tests: Count { passed: 7, failed: 0 }, ..Report::default() };
        outcomes.iter().for_each(|outcome| report.add("a step", Instant::now(), outcome.clone()));
        report
    }

    #[test]
    fn ends_with_the_count() {
        let table = report(&[Outcome::Passed, Outcome::Skipped("no network".into())]).table(80);
        assert!(table.ends_with("\n7 passed, 0 failed\n") && table.contains("no network"), "{table}");
    }

    #[test]
    fn what_was_skipped_does_not_fail() {
        assert!(!report(&[Outcome::Passed, Outcome::Skipped("no network".into())]).has_failed());
        assert!(report(&[Outcome::Failed("lints".into())]).has_failed());
        let mut counted = report(&[Outcome::Passed]);
        counted.tests.failed = 1;
        assert!(counted.has_failed());
    }

    #[test]
    fn the_table_fits() {
        let why = "there is no network, and what is needed can't be had in any other way here";
        let table = report(&[Outcome::Skipped(why.into())]).table(60);
        assert!(table.lines().all(|line| line.chars().count() <= 60), "{table}");
        assert!(table.contains("there is no network"), "{table}");
    }

    #[test]
    fn the_last_step_is_told_with_its_reason() {
        assert!(report(&[Outcome::Passed]).last().starts_with("passed in 0."));
        assert!(report(&[Outcome::Passed, Outcome::Failed("lints".into())]).last().ends_with(" s: lints"));
    }

    #[test]
    fn programs_get_the_same() {
        let json = report(&[Outcome::Passed, Outcome::Failed("lints".into())]).json();
        assert_eq!((&json["passed"], &json["tests"]["passed"]), (&json!(false), &json!(7)));
        assert_eq!(
            (&json["steps"][0]["reason"], &json["steps"][1]["reason"]),
            (&Value::Null, &json!("lints"))
        );
    }
}
