//! A copy of the sources, in which mutants are made.
//!
//! It stays from run to run, with what was built there; only files that differ are written, so that cargo
//! builds only what changed. A mutant that an interrupted run left behind goes with the next one.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace::{root, target};

/// What is no source.
const LEFT_OUT: [&str; 2] = ["target", ".git"];

/// Copies the workspace; returns where it is.
pub(super) fn copy() -> Result<PathBuf> {
    let to = target().join("mutants/tree");
    same(&root(), &to).with_context(|| format!("can't copy the sources to {}", to.display()))?;
    Ok(to)
}

/// Makes a folder hold what another one holds.
fn same(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let left_out = |name: &OsStr| LEFT_OUT.iter().any(|out| name == *out);
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, path) = (entry.file_name(), entry.path());
        if left_out(&name) {
            continue;
        }
        let copy = to.join(&name);
        if entry.file_type()?.is_dir() {
            same(&path, &copy)?;
        } else {
            let bytes = fs::read(&path)?;
            if fs::read(&copy).ok().as_ref() != Some(&bytes) {
                fs::write(&copy, bytes)?;
            }
        }
        names.insert(name);
    }
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        let name = entry.file_name();
        if names.contains(&name) || left_out(&name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_written_and_what_is_gone_is_removed() {
        let dir = std::env::temp_dir().join(format!("vmdq-tree-{}", std::process::id()));
        let (from, to) = (dir.join("from"), dir.join("to"));
        for folder in ["src", "target", ".git"] {
            fs::create_dir_all(from.join(folder)).unwrap();
            fs::write(from.join(folder).join("file"), folder).unwrap();
        }
        same(&from, &to).unwrap();
        assert_eq!(fs::read(to.join("src/file")).unwrap(), b"src");
        assert!(!to.join("target").exists() && !to.join(".git").exists());

        fs::create_dir_all(to.join("target")).unwrap();
        fs::write(to.join("src/file"), "a mutant").unwrap();
        fs::write(to.join("src/old"), "").unwrap();
        fs::write(from.join("src/same"), "").unwrap();
        same(&from, &to).unwrap();
        let before = fs::metadata(to.join("src/same")).unwrap().modified().unwrap();
        same(&from, &to).unwrap();
        assert_eq!(fs::metadata(to.join("src/same")).unwrap().modified().unwrap(), before, "not written");
        assert_eq!(fs::read(to.join("src/file")).unwrap(), b"src");
        assert!(!to.join("src/old").exists() && to.join("target").exists());
        fs::remove_dir_all(dir).unwrap();
    }
}
