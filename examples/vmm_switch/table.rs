//! The result as a table for people, as wide as the terminal and at most 110 columns.

use crate::report::{QueueReport, Report, Role};
use crate::terminal;

const HEAD: [&str; 9] = [
    "queue",
    "filter",
    "frames",
    "bytes",
    "broad-\ncast",
    "multi-\ncast",
    "groups",
    "switch\nsaves",
    "transmit\nshare",
];
/// That many columns of text; all others hold numbers.
const TEXT: usize = 2;
/// The column of addresses, which are not broken.
const ADDRESS: usize = 1;

pub(crate) fn render(report: &Report) -> String {
    render_in(report, terminal::width())
}

fn render_in(report: &Report, width: u16) -> String {
    let queues = report.queues.iter().map(|queue| row(queue, report.transmit.frames));
    let table = terminal::table(&HEAD, queues.chain([totals(report)]), TEXT, ADDRESS, width);
    let mut text = format!("Intel {} on {}\n{table}\n", report.device, place(report.bus));
    footer(&mut text, report, width);
    text.truncate(text.trim_end().len());
    text
}

fn row(queue: &QueueReport, sent: u64) -> Vec<String> {
    let (role, share) = match queue.role {
        Role::Default => ("default", "-".into()),
        Role::Vm => ("vm", percent(queue.sent, sent)),
    };
    vec![
        format!("{:>2} {role}", queue.index),
        queue.mac.clone().unwrap_or_else(|| "all else".into()),
        queue.frames.to_string(),
        queue.bytes.to_string(),
        queue.broadcast.to_string(),
        queue.multicast.to_string(),
        queue.groups.to_string(),
        percent(queue.frames - queue.groups, queue.frames),
        share,
    ]
}

fn totals(report: &Report) -> Vec<String> {
    let sum = |of: fn(&QueueReport) -> u64| report.queues.iter().map(of).sum::<u64>();
    let frames = sum(|queue| queue.frames);
    vec![
        "total".into(),
        String::new(),
        frames.to_string(),
        sum(|queue| queue.bytes).to_string(),
        sum(|queue| queue.broadcast).to_string(),
        sum(|queue| queue.multicast).to_string(),
        sum(|queue| queue.groups).to_string(),
        percent(frames - report.switch_decisions.grouped, frames),
        percent(report.transmit.frames, report.transmit.frames),
    ]
}

fn footer(text: &mut String, report: &Report, width: u16) {
    let Report { capture, dropped, transmit, switch_decisions: decisions, .. } = report;
    let mut line = |name: &str, value: String| terminal::line(text, name, &value, width);
    line(
        "capture",
        format!(
            "{} frames: {} on the wire ({} of them too long), {} truncated, {} malformed",
            capture.frames, capture.on_wire, dropped.too_long, capture.truncated, capture.malformed
        ),
    );
    line(
        "decisions",
        format!("{} by the switch with group indication, {} without", decisions.grouped, decisions.per_frame),
    );
    let order = if transmit.order_kept { "order kept in each queue" } else { "ORDER NOT KEPT" };
    line("answers", format!("{} frames, {} bytes; {order}", transmit.frames, transmit.bytes));
    if report.swallowed > 0 {
        line(
            "swallowed",
            format!("{} answers, by QEMU, which can't parse their IP header", report.swallowed),
        );
    }
    line(
        "round robin",
        match transmit.round_robin {
            Some(true) => "one frame of each backlogged queue in turn".into(),
            Some(false) => "NOT KEPT".into(),
            None => "not to be seen here: QEMU drains a ring at each tail write".into(),
        },
    );
    if report.transmit.round_robin.is_some() {
        line(
            "Jain's index",
            match transmit.jain {
                Some(jain) => format!("{jain:.4} while every answering queue was backlogged"),
                None => "-, fewer than two queues answered at one time".into(),
            },
        );
    }
    if report.violations.is_empty() {
        line("violations", if report.bus == "qemu" { "not checked by QEMU" } else { "none" }.into());
    }
    report.violations.iter().for_each(|violation| line("VIOLATION", violation.clone()));
}

fn place(bus: &str) -> &str {
    match bus {
        "sim" => "sim, a strict model in this process",
        "qemu" => "qemu, its igb over qtest",
        other => other,
    }
}

fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "-".into() } else { format!("{:.1} %", part as f64 * 100.0 / whole as f64) }
}

#[cfg(test)]
mod tests {
    use vmdq::switch::InterfaceCounters;
    use vmdq::{MacAddress, Statistics};

    use super::*;
    use crate::answer::Verdict;
    use crate::report::Capture;
    use crate::switch::{Counts, Outcome};
    use crate::terminal::{WIDEST, assert_fits};

    #[test]
    fn fits_with_large_numbers() {
        let counts = Counts {
            frames: 1_234_567,
            bytes: 1_234_567_890,
            groups: 234_567,
            broadcast: 34_567,
            multicast: 34_567,
        };
        let outcome = Outcome {
            queues: (0..16).map(|i| ((i > 0).then_some(MacAddress([2, 0, 0, 0, 0, i])), counts)).collect(),
            statistics: Statistics::default(),
            switch: InterfaceCounters::default(),
            too_long: 0,
            malformed: 0,
            misplaced: 0,
            answers: Verdict { frames: 1_234_567 * 15, sent: vec![1_234_567; 15], ..Verdict::default() },
            violations: Vec::new(),
        };
        let report = Report::new("82598", "sim", Capture::default(), outcome);
        for width in [60, 80, WIDEST] {
            assert_fits(&render_in(&report, width), width);
        }
        let text = render_in(&report, WIDEST);
        assert!(text.contains("6.7 %") && text.contains("02:00:00:00:00:0f"), "{text}");
    }
}
