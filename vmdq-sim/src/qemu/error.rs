//! Why QEMU could not be used.

use std::io;
use std::path::PathBuf;

/// Why QEMU could not be started or was lost. Its text says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QemuError {
    /// There is no QEMU at any of the places that are looked at.
    #[error(
        "no QEMU with an `igb` found: run `cargo xtask qemu` (Debian), or install QEMU 8.0 or later, or name a qemu-system-x86_64 in VMDQ_QEMU"
    )]
    NotFound,
    /// The program that was asked for is not there.
    #[error("`{}` is not a file that can be run: correct VMDQ_QEMU, or unset it", .0.display())]
    NoSuchProgram(PathBuf),
    /// The guest memory that was asked for is not a size that the machine can have.
    #[error("{0} bytes of guest memory: take whole pages, at least 2 MiB and at most 2 GiB")]
    RamSize(usize),
    /// The operating system refused something that the test bed needs.
    #[error("can't {what}: {why}")]
    System {
        /// What was refused.
        what: &'static str,
        /// Why.
        why: io::Error,
    },
    /// QEMU ended, or does not understand what is asked of it.
    #[error("`{}` can't be used as a test bed ({why}): run `cargo xtask qemu`{}", .program.display(), said(.stderr))]
    Unfit {
        /// The program.
        program: PathBuf,
        /// What went wrong.
        why: String,
        /// What QEMU printed.
        stderr: String,
    },
}

impl QemuError {
    /// Returns whether there simply is no QEMU, so that a test may be left out.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::NotFound)
    }

    /// Wraps what the operating system said.
    pub(super) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |why| Self::System { what, why }
    }
}

/// Formats what QEMU printed, if it printed anything.
fn said(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!("; it said:\n{stderr}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_to_do_next() {
        assert!(QemuError::NotFound.to_string().contains("cargo xtask qemu"));
        let unfit = QemuError::Unfit {
            program: "qemu".into(),
            why: "ended".into(),
            stderr: "'igb' is not a valid device model name".into(),
        };
        let text = unfit.to_string();
        assert!(text.contains("cargo xtask qemu") && text.contains("it said:\n'igb' is not"), "{text}");
    }
}
