//! Looks at the time, with caches as they are or swept.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use crate::callgrind::measured_region;
use crate::sample::Sample;

/// Whether the caches hold what a region works on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// The same processor wrote frames and descriptors just before.
    Warm,
    /// The caches of the processor were swept since: all is in the last level, where a device with
    /// DDIO would put it.
    Swept,
}

impl Mode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Warm, Self::Swept];

    /// Returns its name in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Swept => "swept",
        }
    }
}

/// Bytes of a cache line.
const LINE: usize = 64;

/// A clock.
#[derive(Debug)]
pub struct Clock {
    sweep: Vec<u64>,
    /// What looking at the time takes by itself.
    own_ns: f64,
}

impl Clock {
    /// Makes a clock, and finds out what looking at it takes.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it takes a while")]
    pub fn new() -> Self {
        let looks: Vec<f64> = (0..10_001)
            .map(|_| {
                let begin = Instant::now();
                begin.elapsed().as_nanos() as f64
            })
            .collect();
        Self { sweep: vec![1; sweep_bytes() / size_of::<u64>()], own_ns: Sample::of(&looks).median }
    }

    /// Returns how much memory is swept, in bytes.
    #[must_use]
    pub fn sweep_bytes(&self) -> usize {
        size_of_val(self.sweep.as_slice())
    }

    /// Returns how many nanoseconds something takes.
    pub fn ns(&self, mode: Mode, run: impl FnOnce()) -> f64 {
        if mode == Mode::Swept {
            self.sweep();
        }
        let begin = Instant::now();
        run();
        begin.elapsed().as_nanos() as f64 - self.own_ns
    }

    /// Reads each line of memory that is larger than a processor's own caches. Only reads: what was
    /// written would still be on its way out while the region is measured.
    fn sweep(&self) {
        let lines = self.sweep.chunks(LINE / size_of::<u64>());
        black_box(lines.map(|line| line[0]).fold(0, u64::wrapping_add));
    }
}

/// Twice the second level, and 3 MiB at least.
fn sweep_bytes() -> usize {
    const LEAST: usize = 3 << 20;
    let level2 = fs::read_to_string("/sys/devices/system/cpu/cpu0/cache/index2/size").ok();
    let kib = level2.and_then(|size| size.trim().strip_suffix('K')?.parse::<usize>().ok());
    kib.map_or(LEAST, |kib| (2 * kib * 1024).max(LEAST))
}

/// Returns the nanoseconds that a piece of work takes, with caches as they are.
pub fn ns(work: &mut dyn FnMut()) -> f64 {
    let begin = Instant::now();
    measured_region(work);
    begin.elapsed().as_nanos() as f64
}
