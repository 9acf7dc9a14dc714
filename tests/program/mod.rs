//! An example as a user runs it, and the captures that it reads.

mod capture;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

pub(crate) use capture::*;

/// An example.
pub(crate) struct Program {
    name: &'static str,
    built: OnceLock<PathBuf>,
}

impl Program {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, built: OnceLock::new() }
    }

    /// Builds the example: cargo alone does not when asked for one test.
    fn path(&self) -> &Path {
        self.built.get_or_init(|| {
            let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
            let mut build = escargot::CargoBuild::new().manifest_path(root).example(self.name);
            if !cfg!(debug_assertions) {
                build = build.release();
            }
            build.run().expect("the example builds").path().into()
        })
    }

    /// Runs the example. Standard input is empty.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let output = Command::new(self.path()).args(args).stdin(Stdio::null()).output().unwrap();
        assert!(!stderr(&output).contains("panicked"), "{args:?}: {}", stderr(&output));
        output
    }

    /// Runs the example with `--json`; it must succeed.
    pub(crate) fn result(&self, capture: &Path, args: &[&str]) -> Value {
        let output = self.run(&[&[capture.to_str().unwrap(), "--json"], args].concat());
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        assert_eq!(stderr(&output), "");
        object(&output)
    }

    /// Requires a refusal: a short error of one line that names something, no result.
    pub(crate) fn refused(&self, args: &[&str], named: &str) {
        let output = self.run(args);
        let error = stderr(&output);
        assert!(!output.status.success(), "{args:?}");
        assert!(
            error.contains(named) && error.lines().count() == 1 && error.len() < 200,
            "{args:?}: {error}"
        );
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Returns the one object on standard output.
pub(crate) fn object(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}
