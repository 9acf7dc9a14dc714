//! Plots as SVG files: panels beside each other, lines over a logarithmic axis.

use std::error::Error;
use std::path::PathBuf;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;

/// One line of a plot.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it shows.
    pub name: String,
    /// Its points. A coordinate on a logarithmic axis is greater than 0.
    pub points: Vec<(f64, f64)>,
}

/// How the upright axis is divided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scale {
    /// Evenly, from zero: what hardly grows looks so.
    Linear,
    /// By powers.
    Logarithmic,
}

/// Lines over the same two axes.
#[derive(Clone, Debug)]
pub struct Panel<'a> {
    /// What stands above it.
    pub title: &'a str,
    /// What the axis below is, which is logarithmic.
    pub x: &'a str,
    /// What the upright axis is.
    pub y: &'a str,
    /// How the upright axis is divided.
    pub scale: Scale,
    /// What is drawn.
    pub lines: Vec<Line>,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const COLOURS: [RGBColor; 7] = [
    RGBColor(0x1b, 0x6c, 0xa8),
    RGBColor(0xd1, 0x49, 0x5b),
    RGBColor(0x2e, 0x86, 0x57),
    RGBColor(0xed, 0xae, 0x49),
    RGBColor(0x6b, 0x4c, 0x9a),
    RGBColor(0x55, 0x55, 0x55),
    RGBColor(0x1f, 0xa3, 0xa3),
];

/// Where plots go: the folder that `VMDQ_PLOTS` names, or else `plots` in cargo's target folder.
fn folder() -> Result<PathBuf, Box<dyn Error>> {
    if let Some(set) = std::env::var_os("VMDQ_PLOTS").filter(|set| !set.is_empty()) {
        return Ok(set.into());
    }
    // Benches are in <target>/<profile>/deps.
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(3).ok_or("the bench is in no target folder")?;
    Ok(target.join("plots"))
}

/// Draws panels into the SVG file of this name, one beside the other, and returns its folder. Panels
/// without a point are left out; without any there is no file.
///
/// # Errors
///
/// Whatever the file system says.
pub fn draw(name: &str, panels: &[Panel<'_>]) -> Result<PathBuf, Box<dyn Error>> {
    let folder = folder()?;
    let drawn: Vec<_> = panels.iter().filter(|panel| panel.points().next().is_some()).collect();
    if drawn.is_empty() {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{name}.svg"));
    let whole = SVGBackend::new(&file, (720 * drawn.len() as u32, 480)).into_drawing_area();
    whole.fill(&WHITE)?;
    for (panel, area) in drawn.iter().zip(whole.split_evenly((1, drawn.len()))) {
        panel.draw(&area)?;
    }
    whole.present()?;
    Ok(folder)
}

impl Panel<'_> {
    fn points(&self) -> impl Iterator<Item = &(f64, f64)> {
        self.lines.iter().flat_map(|line| &line.points)
    }

    /// The least and the greatest of a coordinate.
    fn range(&self, of: fn(&(f64, f64)) -> f64) -> (f64, f64) {
        self.points().map(of).fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)))
    }

    /// Leaves room for the names of the lines: above them, or below on a logarithmic axis.
    fn draw(&self, area: &Area<'_>) -> Result<(), Box<dyn Error>> {
        let (low, high) = self.range(|point| point.1);
        match self.scale {
            Scale::Linear => self.draw_over(area, 0.0..high * 1.5, SeriesLabelPosition::UpperRight),
            Scale::Logarithmic => {
                let y = (low / 6.0..high * 1.5).log_scale();
                self.draw_over(area, y, SeriesLabelPosition::LowerLeft)
            }
        }
    }

    fn draw_over<Y>(&self, area: &Area<'_>, y: Y, names: SeriesLabelPosition) -> Result<(), Box<dyn Error>>
    where
        Y: AsRangedCoord<Value = f64>,
        Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let (low, high) = self.range(|point| point.0);
        let mut chart = ChartBuilder::on(area)
            .caption(self.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d((low / 1.1..high * 1.1).log_scale().base(2.0), y)?;
        chart.configure_mesh().x_desc(self.x).y_desc(self.y).light_line_style(TRANSPARENT).draw()?;
        let lines = self.lines.iter().filter(|line| !line.points.is_empty());
        for (line, colour) in lines.zip(COLOURS.iter().cycle()) {
            let series = LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)).point_size(3);
            let sign = |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2));
            chart.draw_series(series)?.label(&line.name).legend(sign);
        }
        chart
            .configure_series_labels()
            .position(names)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .draw()?;
        Ok(())
    }
}
