//! Draws a series: time on the left, instructions on the right, both from zero.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::clock::Mode;
use crate::report::Cost;
use crate::series::Series;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// Its name, its points, its colour.
type Line = (&'static str, Vec<(u32, f64)>, RGBColor);

/// Draws a series into a file of its name.
pub(crate) fn draw(dir: &Path, series: &Series, costs: &[Cost]) -> Result<(), String> {
    std::fs::create_dir_all(dir).map_err(|error| format!("can't make {}: {error}", dir.display()))?;
    let file = dir.join(series.name).with_extension("svg");
    let whole = SVGBackend::new(&file, (960, 400)).into_drawing_area();
    panels(&whole, series, costs).map_err(|error| format!("can't draw {}: {error}", file.display()))
}

fn panels(whole: &Area<'_>, series: &Series, costs: &[Cost]) -> Result<(), Box<dyn Error>> {
    whole.fill(&WHITE)?;
    let (left, right) = whole.split_horizontally(480);
    let ns = |mode: usize| costs.iter().map(|cost| (cost.x, cost.ns[mode])).collect();
    let [warm, swept] = Mode::ALL.map(Mode::name);
    panel(&left, series, "nanoseconds", &[(warm, ns(0), BLUE), (swept, ns(1), CYAN)])?;
    let counts = costs.iter().filter_map(|cost| Some((cost.x, cost.instructions?))).collect();
    panel(&right, series, "instructions", &[("counted", counts, RED)])?;
    whole.present()?;
    Ok(())
}

fn panel(area: &Area<'_>, series: &Series, what: &str, lines: &[Line]) -> Result<(), Box<dyn Error>> {
    let points = || lines.iter().flat_map(|(_, points, _)| points);
    let (Some(first), Some(last)) = (points().next(), points().last()) else { return Ok(()) };
    // From zero: what hardly grows shall look so.
    let most = points().map(|&(_, y)| y).fold(0.0, f64::max) * 1.25;
    let mut chart = ChartBuilder::on(area)
        .caption(format!("{what} for each {}", series.unit), ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d((first.0.max(1)..last.0).log_scale().base(2.0), 0.0..most)?;
    chart
        .configure_mesh()
        .x_desc(series.of)
        .label_style(("sans-serif", 14))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (name, points, color) in lines {
        let shown = points.iter().map(|&(x, y)| (x.max(1), y));
        chart.draw_series(LineSeries::new(shown.clone(), color.stroke_width(2)))?;
        let marks = shown.map(|at| Circle::new(at, 3, color.filled()));
        let legend = |(x, y): (i32, i32)| Circle::new((x + 8, y), 4, color.filled());
        chart.draw_series(marks)?.label(*name).legend(legend);
    }
    chart.configure_series_labels().position(SeriesLabelPosition::UpperRight).draw()?;
    Ok(())
}
