//! Draws a series: time on the left, instructions on the right, both from zero.

use std::error::Error;
use std::path::PathBuf;

use vmdq_bench::{Line, Mode, Panel, Scale};

use crate::report::Cost;
use crate::series::Series;

/// Draws a series into a file of its name; returns its folder.
pub(crate) fn draw(series: &Series, costs: &[Cost]) -> Result<PathBuf, Box<dyn Error>> {
    let line = |name: &str, y: &dyn Fn(&Cost) -> Option<f64>| Line {
        name: name.into(),
        // A logarithmic axis has no zero.
        points: costs.iter().filter_map(|cost| Some((cost.x.max(1).into(), y(cost)?))).collect(),
    };
    let [warm, swept] = Mode::ALL.map(Mode::name);
    let title = format!("Cost of a {}", series.unit);
    let panel = |y, lines| Panel { title: &title, x: series.of, y, scale: Scale::Linear, lines };
    let times = vec![line(warm, &|cost| Some(cost.ns[0])), line(swept, &|cost| Some(cost.ns[1]))];
    let counts = vec![line("counted", &|cost| cost.instructions)];
    vmdq_bench::draw(series.name, &[panel("nanoseconds", times), panel("instructions", counts)])
}
