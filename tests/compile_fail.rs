//! Misuse that must not compile, each case with the message that the compiler gives.
//!
//! What it says depends on the compiler, so the cases run on one version and are left out on others.

use std::io::Write;
use std::process::Command;
use std::{env, fs};

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
    cases.compile_fail("ui/*.rs");
    // Without it, trybuild only checks, and assertions in generic constants do not fire.
    cases.pass("ui/pass/*.rs");
}

/// A case that no longer fits the crates fails for another reason than its own, and `TRYBUILD=overwrite`
/// would hide that.
#[test]
fn every_case_fails_for_its_own_reason() {
    // A signature, an import or a name that is gone.
    let stale = ["E0049", "E0050", "E0053", "E0046", "E0061", "E0063", "E0432", "E0433", "E0412", "E0425"];
    let mut cases = 0;
    for entry in fs::read_dir("ui").expect("the cases are there") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        cases += 1;
        let said = fs::read_to_string(path.with_extension("stderr")).expect("each case has its `.stderr`");
        let found: Vec<_> = stale.iter().filter(|code| said.contains(&format!("error[{code}]"))).collect();
        assert!(found.is_empty(), "{} is out of date: {found:?}", path.display());
    }
    assert!(cases > 40, "only {cases} cases");
}
