//! A progress bar on standard error, for work that takes long enough to want one.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that ends sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(400);

/// The bar; it is gone when this is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    total: u64,
    since: Instant,
    /// Shown at all: standard error is a terminal.
    wanted: bool,
}

impl Progress {
    pub(crate) fn new(what: &'static str, total: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{msg:>9} [{bar:50}] {percent:>3} %, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        bar.set_message(what);
        let wanted = std::io::stderr().is_terminal();
        Self { bar, total, since: Instant::now(), wanted }
    }

    /// Shows how much of the total is done.
    pub(crate) fn show(&self, done: u64) {
        if self.wanted {
            if self.bar.is_hidden() && self.since.elapsed() > PATIENCE && done < self.total {
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            self.bar.set_position(done);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
