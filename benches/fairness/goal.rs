//! What must hold, and whether it does.

use serde_json::{Value, json};

/// Goals and what was found.
#[derive(Default)]
pub(crate) struct Goals(Vec<(String, bool)>);

impl Goals {
    /// Notes a goal, and whether it holds.
    pub(crate) fn note(&mut self, goal: String, holds: bool) {
        self.0.push((goal, holds));
    }

    /// Whether all hold, and there are any.
    pub(crate) fn hold(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|(_, holds)| *holds)
    }

    pub(crate) fn print(&self) {
        let missed: Vec<_> = self.0.iter().filter(|(_, holds)| !holds).collect();
        println!("{} goals, {} missed", self.0.len(), missed.len());
        for (goal, _) in missed {
            println!("  MISSED  {goal}");
        }
    }

    pub(crate) fn json(&self) -> Vec<Value> {
        self.0.iter().map(|(goal, holds)| json!({"goal": goal, "holds": holds})).collect()
    }
}
