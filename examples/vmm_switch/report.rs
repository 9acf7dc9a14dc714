//! The report of a run, as JSON, and the checks that decide on the exit status.

use anyhow::Result;
use serde::Serialize;
use vmdq::MacAddress;

use crate::capture::CaptureError;
use crate::switch::{Counts, Outcome};

/// The result of a run. What is serialised, and in which order, others rely on.
#[derive(Serialize, Debug)]
pub(crate) struct Report {
    pub(crate) device: &'static str,
    pub(crate) bus: &'static str,
    pub(crate) capture: Capture,
    pub(crate) dropped: Dropped,
    pub(crate) queues: Vec<QueueReport>,
    pub(crate) switch_decisions: Decisions,
    pub(crate) transmit: Transmit,
    pub(crate) violations: Vec<String>,
    /// Answers that the test bed swallowed.
    #[serde(skip)]
    pub(crate) swallowed: u64,
    /// What went wrong; empty if nothing did.
    #[serde(skip)]
    pub(crate) problems: Vec<String>,
    /// The source could not be read at all.
    #[serde(skip)]
    nothing_read: bool,
}

/// Records of the capture.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Capture {
    pub(crate) frames: u64,
    pub(crate) on_wire: u64,
    pub(crate) truncated: u64,
    pub(crate) malformed: u64,
}

#[derive(Serialize, Debug)]
pub(crate) struct Dropped {
    pub(crate) too_long: u64,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Default,
    Vm,
}

#[derive(Serialize, Debug)]
pub(crate) struct QueueReport {
    pub(crate) index: usize,
    pub(crate) role: Role,
    pub(crate) mac: Option<String>,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    /// Groups that the switch decided on; of the default queue each frame is one.
    pub(crate) groups: u64,
    pub(crate) broadcast: u64,
    pub(crate) multicast: u64,
    /// Answers that the queue has sent.
    #[serde(skip)]
    pub(crate) sent: u64,
}

/// What the virtual switch counted.
#[derive(Serialize, Debug)]
pub(crate) struct Decisions {
    /// Its decisions: one for each group.
    pub(crate) grouped: u64,
    /// The frames that it decided on: as many decisions as there would be without groups.
    pub(crate) per_frame: u64,
}

#[derive(Serialize, Debug)]
pub(crate) struct Transmit {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) order_kept: bool,
    /// `None` where the test bed drains a ring at each tail write.
    pub(crate) round_robin: Option<bool>,
    pub(crate) jain: Option<f64>,
}

impl Report {
    /// Draws up the account.
    pub(crate) fn new(device: &'static str, bus: &'static str, capture: Capture, outcome: Outcome) -> Self {
        let problems = problems(&capture, &outcome);
        let Outcome { queues, switch, too_long, answers, violations, .. } = outcome;
        let queues: Vec<_> = queues
            .into_iter()
            .enumerate()
            .map(|(index, (mac, counts))| queue(index, mac, counts, &answers.sent))
            .collect();
        let arbitrated = bus == "sim";
        Self {
            device,
            bus,
            capture,
            dropped: Dropped { too_long },
            switch_decisions: Decisions { grouped: switch.decisions, per_frame: switch.received.frames },
            queues,
            transmit: Transmit {
                frames: answers.frames,
                bytes: answers.bytes,
                order_kept: answers.order_kept,
                round_robin: arbitrated.then_some(answers.turns_kept),
                jain: answers.jain.filter(|_| arbitrated),
            },
            violations,
            swallowed: answers.swallowed,
            problems,
            nothing_read: false,
        }
    }

    /// Notes that the source ended with an error.
    pub(crate) fn source_ended(&mut self, name: &str, error: &CaptureError) {
        self.nothing_read = self.capture.frames == 0 && !error.is_in_a_record();
        self.problems.push(format!("{name}: {error}"));
    }

    /// Tells whether there is a result: not if the source was refused.
    pub(crate) fn tells_something(&self) -> bool {
        !self.nothing_read
    }

    pub(crate) fn json(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }
}

fn queue(index: usize, mac: Option<MacAddress>, counts: Counts, sent: &[u64]) -> QueueReport {
    let Counts { frames, bytes, groups, broadcast, multicast } = counts;
    let role = if mac.is_some() { Role::Vm } else { Role::Default };
    let mac = mac.map(|mac| mac.to_string());
    let sent = index.checked_sub(1).and_then(|guest| sent.get(guest)).copied().unwrap_or(0);
    QueueReport { index, role, mac, frames, bytes, groups, broadcast, multicast, sent }
}

/// Lists contradictions in the counts.
fn problems(capture: &Capture, outcome: &Outcome) -> Vec<String> {
    let Outcome { queues, statistics, switch, too_long, malformed, misplaced, answers, violations } = outcome;
    let mut problems = Vec::new();
    let received: u64 = queues.iter().map(|(_, counts)| counts.frames).sum();
    if received + too_long != capture.on_wire {
        let mut why = String::new();
        for (count, name) in [
            (statistics.missed, "missed"),
            (statistics.no_descriptor, "without descriptor"),
            (statistics.crc_errors, "CRC errors"),
            (statistics.too_short, "too short"),
            (*malformed, "malformed descriptors"),
        ] {
            if count > 0 {
                why += &format!(", {count} {name}");
            }
        }
        problems.push(format!(
            "{} frames on the wire, but {received} received and {too_long} too long{why}",
            capture.on_wire
        ));
    }
    if *misplaced > 0 {
        problems.push(format!("{misplaced} frames are in a queue that is not theirs"));
    }
    let groups: u64 = queues.iter().map(|(_, counts)| counts.groups).sum();
    if (switch.decisions, switch.received.frames) != (groups, received) {
        problems.push(format!(
            "{groups} groups of {received} frames, but the switch decided {} times on {} frames",
            switch.decisions, switch.received.frames
        ));
    }
    let guests = queues.iter().filter(|(mac, _)| mac.is_some());
    let expected: u64 = guests.map(|(_, counts)| counts.frames).sum();
    if answers.missing > 0 || answers.foreign > 0 || answers.frames + answers.swallowed != expected {
        problems.push(format!(
            "{expected} answers expected, but {} frames sent: {} missing, {} not expected",
            answers.frames, answers.missing, answers.foreign
        ));
    }
    if !violations.is_empty() {
        problems.push(format!("the driver broke {} rules of the datasheet", violations.len()));
    }
    problems
}

#[cfg(test)]
mod tests {
    use vmdq::Statistics;
    use vmdq::switch::{InterfaceCounters, Load};

    use super::*;
    use crate::answer::Verdict;

    fn outcome() -> Outcome {
        let counts = Counts { frames: 2, bytes: 120, groups: 1, broadcast: 0, multicast: 0 };
        Outcome {
            queues: vec![(None, Counts::default()), (Some(MacAddress([2, 0, 0, 0, 0, 0xab])), counts)],
            statistics: Statistics::default(),
            switch: InterfaceCounters {
                decisions: 1,
                received: Load { frames: 2, bytes: 120 },
                ..InterfaceCounters::default()
            },
            too_long: 1,
            malformed: 0,
            misplaced: 0,
            answers: Verdict {
                frames: 2,
                bytes: 120,
                sent: vec![2],
                order_kept: true,
                turns_kept: true,
                ..Verdict::default()
            },
            violations: Vec::new(),
        }
    }

    const CAPTURE: Capture = Capture { frames: 4, on_wire: 3, truncated: 1, malformed: 0 };

    #[test]
    fn the_object_is_as_agreed() {
        let report = Report::new("82598", "sim", CAPTURE, outcome());
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        assert_eq!(
            report.json().unwrap(),
            concat!(
                r#"{"device":"82598","bus":"sim","#,
                r#""capture":{"frames":4,"on_wire":3,"truncated":1,"malformed":0},"dropped":{"too_long":1},"#,
                r#""queues":[{"index":0,"role":"default","mac":null,"frames":0,"bytes":0,"groups":0,"broadcast":0,"multicast":0},"#,
                r#"{"index":1,"role":"vm","mac":"02:00:00:00:00:ab","frames":2,"bytes":120,"groups":1,"broadcast":0,"multicast":0}],"#,
                r#""switch_decisions":{"grouped":1,"per_frame":2},"#,
                r#""transmit":{"frames":2,"bytes":120,"order_kept":true,"round_robin":true,"jain":null},"violations":[]}"#
            )
        );
        let qemu = Report::new("82576", "qemu", CAPTURE, outcome());
        assert_eq!((qemu.transmit.round_robin, qemu.transmit.jain), (None, None));
    }

    #[test]
    fn what_does_not_add_up_is_a_problem() {
        let problem = |change: fn(&mut Outcome)| {
            let mut outcome = outcome();
            change(&mut outcome);
            Report::new("82598", "sim", CAPTURE, outcome).problems.join("; ")
        };
        let lost = problem(|it| {
            it.too_long = 0;
            it.statistics.no_descriptor = 1;
        });
        assert_eq!(lost, "3 frames on the wire, but 2 received and 0 too long, 1 without descriptor");
        assert!(problem(|it| it.switch.decisions = 2).contains("the switch decided 2 times on 2 frames"));
        assert!(problem(|it| it.switch.received.frames = 1).contains("1 times on 1 frames"));
        assert!(problem(|it| it.misplaced = 1).contains("not theirs"));
        assert!(problem(|it| it.answers.missing = 1).contains("1 missing"));
        assert!(problem(|it| it.violations.push("WrongOrder: x".into())).contains("1 rules"));
    }
}
