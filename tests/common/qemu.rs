//! QEMU, where there is one.

use std::env;
use std::io::Write;
use std::sync::Once;

use vmdq_sim::Qemu;

/// Starts QEMU, or says once that `what` is left out; under `CI=true` that is a failure.
pub(crate) fn qemu(what: &str) -> Option<Qemu> {
    static SAID: Once = Once::new();
    match Qemu::start() {
        Ok(qemu) => Some(qemu),
        Err(error) if error.is_absent() && env::var_os("CI").is_none_or(|ci| ci != "true") => {
            // Not `eprintln`, which the test harness hides where tests pass.
            SAID.call_once(|| drop(writeln!(std::io::stderr(), "{what} left out: {error}")));
            None
        }
        Err(error) => panic!("{error}"),
    }
}
