//! Plots, as SVG.

use std::error::Error;
use std::path::{Path, PathBuf};

use plotters::prelude::*;

use crate::arbiter::Discipline;
use crate::{cases, saturation};

const COLOURS: [RGBColor; 3] = [RGBColor(200, 40, 40), RGBColor(30, 100, 200), RGBColor(20, 140, 60)];

/// A line of points with its name.
type Line = (String, Vec<(f64, f64)>);

struct Plot<'p> {
    title: &'p str,
    x: &'p str,
    y: &'p str,
    lines: Vec<Line>,
}

/// Draws all plots; returns where they are.
pub(crate) fn draw(wire: &[cases::Row], saturation: &[saturation::Row]) -> Result<PathBuf, Box<dyn Error>> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let plots = target.join("plots");
    std::fs::create_dir_all(&plots)?;
    for (file, case, title) in [
        ("loss-60.svg", "hog, 60 B", "15 machines at 5.9 % of the wire beside one with 60-byte frames"),
        ("loss-1514.svg", "hog, 1514 B", "15 machines at 5.9 % of the wire beside one with 1514-byte frames"),
    ] {
        let lines = Discipline::ALL.map(|discipline| {
            let rows = wire.iter().filter(|row| row.case.name == case && row.discipline == discipline);
            let points = rows.map(|row| (row.case.bad_load, 100.0 * row.loss())).collect();
            (discipline.name().to_owned(), points)
        });
        let plot = Plot {
            title,
            x: "what the one offers, in multiples of the wire",
            y: "frames that the 15 lose, %",
            lines: lines.into(),
        };
        plot.draw(&plots.join(file))?;
    }
    let queues = saturation.iter().filter_map(|row| Some((row.n as f64, row.queues?)));
    let plot = Plot {
        title: "N inputs, N outputs, always loaded",
        x: "N",
        y: "throughput",
        lines: vec![
            ("one FIFO".into(), saturation.iter().map(|row| (row.n as f64, row.fifo)).collect()),
            ("a queue for each output, round robin".into(), queues.collect()),
            ("2 - √2".into(), vec![(1.0, 2.0 - 2_f64.sqrt()), (1024.0, 2.0 - 2_f64.sqrt())]),
        ],
    };
    plot.draw(&plots.join("saturation.svg"))?;
    Ok(plots)
}

impl Plot<'_> {
    fn draw(&self, file: &Path) -> Result<(), Box<dyn Error>> {
        let points = || self.lines.iter().flat_map(|(_, points)| points);
        let right = points().map(|point| point.0).fold(1.0, f64::max);
        let top = 1.1 * points().map(|point| point.1).fold(0.0, f64::max);
        let area = SVGBackend::new(file, (720, 420)).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(self.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(56)
            .build_cartesian_2d((1.0..right).log_scale(), 0.0..top)?;
        chart
            .configure_mesh()
            .x_desc(self.x)
            .y_desc(self.y)
            .label_style(("sans-serif", 14))
            .axis_desc_style(("sans-serif", 15))
            .x_label_formatter(&|x| format!("{x:.0}"))
            .light_line_style(TRANSPARENT)
            .draw()?;
        for ((name, points), colour) in self.lines.iter().zip(COLOURS) {
            let line = LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3);
            chart
                .draw_series(line)?
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        }
        chart
            .configure_series_labels()
            // Below the middle no line of these plots runs.
            .position(SeriesLabelPosition::Coordinate(330, 200))
            .label_font(("sans-serif", 14))
            .background_style(WHITE.mix(0.8))
            .draw()?;
        area.present()?;
        Ok(())
    }
}
