//! How far a bench is, where somebody looks on.

use std::io::{IsTerminal, Write, stderr};

/// Shows where the bench is, in place of what was shown before.
pub fn show(what: &str) {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "\r{what:60}\r");
    }
}
