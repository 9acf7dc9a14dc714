//! What became of each check, for people and for programs.

use serde_json::{Value, json};

use crate::terminal;

/// How a check ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// It holds; with a figure, if it has one.
    Passed(Option<String>),
    /// It does not hold, because of this.
    Failed(String),
    /// It means nothing here, because of this.
    NotApplicable(String),
}

/// One check on one architecture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub(super) arch: &'static str,
    pub(super) check: &'static str,
    pub(super) outcome: Outcome,
}

impl Outcome {
    /// Makes an outcome of a check that says why it failed.
    pub(super) fn of(result: Result<(), String>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Passed(None))
    }

    /// Makes an outcome of a check that has a figure where it passes.
    pub(super) fn of_figure(result: Result<(), String>, figure: String) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Passed(Some(figure)))
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    fn words(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Passed(figure) => ("passed", figure.as_deref()),
            Self::Failed(why) => ("failed", Some(why)),
            Self::NotApplicable(why) => ("not_applicable", Some(why)),
        }
    }
}

/// Returns one object with all rows. What passed has no reason.
pub(super) fn json(rows: &[Row]) -> Value {
    let row = |Row { arch, check, outcome }: &Row| {
        let (result, why) = outcome.words();
        let reason = why.filter(|_| !matches!(outcome, Outcome::Passed(_)));
        json!({ "arch": arch, "check": check, "result": result, "reason": reason })
    };
    json!({ "rows": rows.iter().map(row).collect::<Vec<_>>() })
}

/// Returns a table of all rows.
pub(super) fn table(rows: &[Row], width: u16) -> String {
    let row = |Row { arch, check, outcome }: &Row| {
        let (result, why) = outcome.words();
        [*arch, check, result, why.unwrap_or_default()].map(str::to_owned).to_vec()
    };
    terminal::lay_out(&["machine", "check", "result", ""], rows.iter().map(row).collect(), |_| false, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let row = |check, outcome| Row { arch: "x86_64", check, outcome };
        vec![
            row("broadcast", Outcome::Passed(None)),
            row("stack_release", Outcome::Passed(Some("5000 bytes".into()))),
            row("interrupts", Outcome::NotApplicable("polled".into())),
            row("filter_moved", Outcome::Failed("lost".into())),
        ]
    }

    #[test]
    fn programs_get_one_object() {
        let object = json(&rows());
        assert_eq!(
            object["rows"][0],
            json!({ "arch": "x86_64", "check": "broadcast", "result": "passed", "reason": null })
        );
        assert_eq!(object["rows"][1]["reason"], Value::Null);
        assert_eq!(
            (&object["rows"][2]["result"], &object["rows"][2]["reason"]),
            (&json!("not_applicable"), &json!("polled"))
        );
        assert_eq!(
            (&object["rows"][3]["result"], &object["rows"][3]["reason"]),
            (&json!("failed"), &json!("lost"))
        );
    }

    #[test]
    fn people_get_figures_and_reasons() {
        let table = table(&rows(), 120);
        assert!(table.contains("stack_release  passed          5000 bytes"), "{table}");
        assert!(table.contains("filter_moved   failed          lost"), "{table}");
    }
}
