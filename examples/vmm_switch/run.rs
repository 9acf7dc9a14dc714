//! The second pass: every record to the wire or not, all answers, and the account.

use anyhow::Result;
use vmdq::device::Model;
use vmdq_sim::Testbed;

use crate::cli::Options;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{Capture, Report};
use crate::source::{Fate, SHORTEST};
use crate::switch::Switch;

/// Switches all frames of the source on a controller of the chosen model.
pub(crate) fn run<T: Testbed>(bed: T, options: &Options, plan: &Plan) -> Result<Report> {
    let bus = bed.name();
    let mut records = options.source.open()?;
    let progress = Progress::new("sorting", records.progress().1);
    let mut switch = Switch::start(bed, options.model, options.max_frame, &plan.guests)?;
    let mut capture = Capture::default();
    let mut frame = Vec::new();
    let end = loop {
        let record = match records.next() {
            Ok(Some(record)) => record,
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        capture.frames += 1;
        match record.fate() {
            Fate::Truncated => capture.truncated += 1,
            Fate::Malformed => capture.malformed += 1,
            Fate::Wire => {
                capture.on_wire += 1;
                frame.clear();
                frame.extend_from_slice(record.bytes);
                frame.resize(frame.len().max(SHORTEST), 0);
                switch.inject(&frame)?;
            }
        }
        progress.show(records.progress().0);
    };
    switch.serve()?;
    switch.answer()?;
    drop(progress);
    let mut report = Report::new(options.model.limits().name, bus, capture, switch.stop()?);
    if let Some(error) = end {
        report.source_ended(&options.source.name(), &error);
    }
    Ok(report)
}
