//! Looks at the time, with caches as they are or swept.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

/// Whether the caches hold what a region works on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// The same processor wrote frames and descriptors just before.
    Warm,
    /// The caches of the processor were swept since: all is in the last level, where a device with
    /// DDIO would put it.
    Swept,
}

impl Mode {
    pub(crate) const ALL: [Self; 2] = [Self::Warm, Self::Swept];

    /// Its name in the table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Swept => "swept",
        }
    }
}

/// Bytes of a cache line.
const LINE: usize = 64;

/// A clock.
pub(crate) struct Clock {
    sweep: Vec<u64>,
    /// What looking at the time takes by itself.
    own_ns: f64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let mut looks: Vec<f64> = (0..10_001)
            .map(|_| {
                let begin = Instant::now();
                begin.elapsed().as_nanos() as f64
            })
            .collect();
        Self { sweep: vec![1; sweep_bytes() / size_of::<u64>()], own_ns: quantile(&mut looks, 0.5) }
    }

    /// How much memory is swept, in bytes.
    pub(crate) fn sweep_bytes(&self) -> usize {
        size_of_val(self.sweep.as_slice())
    }

    /// Returns how many nanoseconds something takes.
    pub(crate) fn ns(&self, mode: Mode, run: impl FnOnce()) -> f64 {
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

/// Returns the number below which this share of them lies.
pub(crate) fn quantile(numbers: &mut [f64], share: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let last = numbers.len().saturating_sub(1);
    numbers.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}
