//! What is measured at one point of a series.

use vmdq_bench::measured_region;

use crate::series::Series;

/// Regions whose instructions are counted.
pub(crate) const COUNTED: u64 = 64;

/// Work that can be repeated.
pub(crate) trait Load {
    /// Lets the device do its part, before each region.
    fn prepare(&mut self);

    /// Does the measured work: [`units`](Self::units) of it.
    fn region(&mut self);

    /// How many frames, polls or look-ups a region has.
    fn units(&self) -> u64;

    /// Checks what came out of a number of regions.
    fn verify(&mut self, regions: u64) -> Result<(), String>;
}

/// What runs below callgrind: one point of a series.
pub(crate) fn run_counted(series: &[Series], name: &str, x: &str) -> Result<(), String> {
    let series = series.iter().find(|series| series.name == name).ok_or("there is no such series")?;
    let point =
        series.points.iter().find(|point| point.x.to_string() == x).ok_or("there is no such point")?;
    let mut load = (point.make)();
    for _ in 0..COUNTED {
        load.prepare();
        measured_region(&mut || load.region());
    }
    load.verify(COUNTED)
}
