//! All rows, as a table for people and as one object for programs.

use serde_json::{Value, json};
use vmdq_bench::{Clock, Goal, Mode, Sample, count, count_if_possible, goal_table, table};

use crate::goals::{Most, goals};
use crate::measure;
use crate::subject::{Path, Subject};
use crate::time::{self, Effort, Timing};

/// A subject in one mode and burst size.
pub(crate) struct Row {
    pub(crate) subject: &'static str,
    pub(crate) device: &'static str,
    pub(crate) path: Path,
    pub(crate) batch: usize,
    /// Missing where only instructions were counted.
    pub(crate) timing: Option<(Mode, Timing)>,
    /// Missing without valgrind.
    pub(crate) instructions: Option<f64>,
}

/// What was measured.
pub(crate) struct Report {
    rows: Vec<Row>,
    goals: &'static [Most],
    sweep: usize,
}

impl Report {
    /// Measures: instructions, and with an effort given, time.
    pub(crate) fn make(
        subjects: &[fn() -> Subject],
        sizes: &[usize],
        goals: &'static [Most],
        effort: Option<Effort>,
    ) -> Result<Self, String> {
        let make = || subjects.iter().map(|make| make()).collect::<Vec<_>>();
        let clock = Clock::new();
        let timings =
            effort.map(|effort| time::all(make, sizes, &effort, &clock)).transpose()?.unwrap_or_default();
        let mut timings = timings.into_iter();
        let numbers: Vec<(usize, usize)> =
            sizes.iter().flat_map(|&size| (0..subjects.len()).map(move |i| (i, size))).collect();
        let args: Vec<_> = numbers.iter().map(|&(subject, size)| measure::arguments(subject, size)).collect();
        let counts = if timings.len() == 0 { Some(count(&args)?) } else { count_if_possible(&args)? };
        let modes: Vec<Option<Mode>> =
            if timings.len() == 0 { vec![None] } else { Mode::ALL.map(Some).to_vec() };
        let named = make();
        let mut rows = Vec::new();
        for mode in modes {
            for (at, &(i, batch)) in numbers.iter().enumerate() {
                let Subject { name, device, path, .. } = named[i];
                rows.push(Row {
                    subject: name,
                    device,
                    path,
                    batch,
                    timing: mode.zip(mode.and_then(|_| timings.next())),
                    instructions: counts.as_ref().map(|counts| measure::for_each_frame(counts[at])),
                });
            }
        }
        Ok(Self { rows, goals, sweep: clock.sweep_bytes() })
    }

    /// Returns the table, and below it the goals.
    pub(crate) fn table(&self) -> String {
        const HEAD: [&str; 9] =
            ["subject", "device", "path", "mode", "burst", "ns/frame", "x limit", "p10..p90", "instr/frame"];
        let row = |Row { subject, device, path, batch, timing, instructions }: &Row| {
            let (mode, ns, ratio, spread) = timing.map_or_else(Default::default, |(mode, timing)| {
                let Timing { ns, ratio: Sample { p10, median, p90 } } = timing;
                (mode.name(), format!("{ns:.2}"), format!("{median:.3}"), format!("{p10:.2}..{p90:.2}"))
            });
            let count = instructions.map_or("no valgrind".into(), |count| format!("{count:.2}"));
            let text = [subject, device, path.name(), mode].map(str::to_owned);
            text.into_iter().chain([batch.to_string(), ns, ratio, spread, count]).collect()
        };
        format!(
            "built for {}; swept: {} KiB\n{}goals\n{}",
            target_cpu(),
            self.sweep / 1024,
            table(&HEAD, 4, self.rows.iter().map(row)),
            goal_table(&goals(self.goals, &self.rows))
        )
    }

    /// Returns one object.
    pub(crate) fn json(&self) -> Value {
        json!({
            "target_cpu": target_cpu(),
            "swept_bytes": self.sweep,
            "rows": self.rows.iter().map(Row::json).collect::<Vec<_>>(),
            "goals": goals(self.goals, &self.rows).iter().map(Goal::json).collect::<Vec<_>>(),
        })
    }
}

impl Row {
    fn json(&self) -> Value {
        let mut row = json!({
            "subject": self.subject,
            "device": self.device,
            "path": self.path.name(),
            "batch": self.batch,
            "instructions_per_frame": self.instructions,
        });
        if let Some((mode, timing)) = self.timing {
            row["mode"] = json!(mode.name());
            row["ns_per_frame"] = json!(timing.ns);
            row["ratio_to_limit"] = json!(timing.ratio.median);
            row["ratio_p10"] = json!(timing.ratio.p10);
            row["ratio_p90"] = json!(timing.ratio.p90);
        }
        row
    }
}

/// What the bench was built for.
const fn target_cpu() -> &'static str {
    if cfg!(all(target_feature = "avx2", target_feature = "bmi2", target_feature = "movbe")) {
        "x86-64-v3"
    } else {
        "the target's least processor"
    }
}
