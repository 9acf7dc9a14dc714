//! Plots of losses and throughput.

use std::error::Error;
use std::path::PathBuf;

use vmdq_bench::{Line, Panel, Scale};

use crate::arbiter::Discipline;
use crate::{cases, saturation};

/// Draws all plots; returns where they are.
pub(crate) fn draw(wire: &[cases::Row], saturation: &[saturation::Row]) -> Result<PathBuf, Box<dyn Error>> {
    for (name, case, title) in [
        ("loss-60", "hog, 60 B", "15 machines at 5.9 % of the wire beside one with 60-byte frames"),
        ("loss-1514", "hog, 1514 B", "15 machines at 5.9 % of the wire beside one with 1514-byte frames"),
    ] {
        let lines = Discipline::ALL.map(|discipline| {
            let rows = wire.iter().filter(|row| row.case.name == case && row.discipline == discipline);
            let points = rows.map(|row| (row.case.bad_load, 100.0 * row.loss())).collect();
            Line { name: discipline.name().into(), points }
        });
        let panel = Panel {
            title,
            x: "what the one offers, in multiples of the wire",
            y: "frames that the 15 lose, %",
            scale: Scale::Linear,
            lines: lines.into(),
        };
        vmdq_bench::draw(name, &[panel])?;
    }
    let fifos = saturation.iter().map(|row| (row.n as f64, row.fifo));
    let queues = saturation.iter().filter_map(|row| Some((row.n as f64, row.queues?)));
    let limit = 2.0 - 2_f64.sqrt();
    let panel = Panel {
        title: "N inputs, N outputs, always loaded",
        x: "N",
        y: "throughput",
        scale: Scale::Linear,
        lines: vec![
            Line { name: "one FIFO".into(), points: fifos.collect() },
            Line { name: "a queue for each output, round robin".into(), points: queues.collect() },
            Line { name: "2 - √2".into(), points: vec![(1.0, limit), (1024.0, limit)] },
        ],
    };
    vmdq_bench::draw("saturation", &[panel])
}
