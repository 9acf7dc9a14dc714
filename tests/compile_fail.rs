//! Misuse that must not compile (DESIGN, Must 1), each with what the compiler says to it.
//!
//! What it says depends on the compiler, so the cases run on one version and are left out on others.

use std::env;
use std::io::Write;
use std::process::Command;

/// The version that the `.stderr` files were made with.
const PINNED: &str = "rustc 1.95.";

#[test]
fn misuse_does_not_compile() {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-V").output().expect("rustc says its version");
    let version = String::from_utf8_lossy(&output.stdout);
    if !version.starts_with(PINNED) {
        // Not `eprintln`, which the test harness hides where tests pass.
        drop(writeln!(std::io::stderr(), "compile-fail cases left out: they need {PINNED}x, not {version}"));
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    // Without it, trybuild only checks, and assertions in generic constants do not fire.
    cases.pass("tests/ui/pass/*.rs");
}
