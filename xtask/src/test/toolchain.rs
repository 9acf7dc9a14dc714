//! Shows that a run left the toolchain as it was.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Result, bail};

use crate::workspace::{output, rustc};

/// Where things are that an installation would change, and when each was written.
#[derive(Debug)]
pub(super) struct Toolchain {
    /// Everything below is compared.
    libraries: PathBuf,
    /// Only the names in them are compared: toolchains, and programs that cargo installed.
    folders: Vec<PathBuf>,
    entries: BTreeMap<PathBuf, Option<(u64, SystemTime)>>,
}

impl Toolchain {
    /// Looks at the toolchain that cargo uses, and at what rustup and cargo keep for all projects.
    pub(super) fn look() -> Result<Self> {
        let sysroot = PathBuf::from(output(rustc().args(["--print", "sysroot"]))?.trim_end());
        let home = env::var_os("HOME").map(PathBuf::from);
        let of = |variable: &str, name: &str| {
            env::var_os(variable).map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(name)))
        };
        let rustup = of("RUSTUP_HOME", ".rustup").map(|dir| dir.join("toolchains"));
        let cargo = of("CARGO_HOME", ".cargo").map(|dir| dir.join("bin"));
        Ok(Self::at(sysroot.join("lib/rustlib"), rustup.into_iter().chain(cargo).collect()))
    }

    fn at(libraries: PathBuf, folders: Vec<PathBuf>) -> Self {
        let mut entries = BTreeMap::new();
        walk(&libraries, &mut entries);
        for folder in &folders {
            let names = fs::read_dir(folder).into_iter().flatten().flatten();
            entries.extend(names.map(|entry| (entry.path(), None)));
        }
        Self { libraries, folders, entries }
    }

    /// Fails if something is new, gone or written anew since.
    pub(super) fn is_as_it_was(&self) -> Result<()> {
        let now = Self::at(self.libraries.clone(), self.folders.clone());
        let differs = |(path, was): &(&PathBuf, &Option<_>)| now.entries.get(*path) != Some(*was);
        let changed = self.entries.iter().find(differs).map(|(path, _)| path);
        let new = now.entries.keys().find(|path| !self.entries.contains_key(*path));
        match changed.or(new) {
            None => Ok(()),
            Some(path) => bail!("{} changed meanwhile; nothing here may do that", path.display()),
        }
    }
}

fn walk(dir: &Path, entries: &mut BTreeMap<PathBuf, Option<(u64, SystemTime)>>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        // Of links only the names count: what they lead to is somebody else's.
        let written = match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => {
                walk(&path, entries);
                None
            }
            Ok(metadata) if metadata.is_file() => metadata.modified().ok().map(|at| (metadata.len(), at)),
            _ => None,
        };
        entries.insert(path, written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::target;

    #[test]
    fn what_is_new_gone_or_written_anew_is_found() {
        let dir = target().join("tests/toolchain");
        let _ = fs::remove_dir_all(&dir);
        let (libraries, bin) = (dir.join("lib"), dir.join("bin"));
        fs::create_dir_all(libraries.join("host")).unwrap();
        fs::create_dir_all(&bin).unwrap();
        fs::write(libraries.join("host/a"), "a").unwrap();
        fs::write(bin.join("cargo"), "").unwrap();
        let look = || Toolchain::at(libraries.clone(), vec![bin.clone(), dir.join("nowhere")]);
        let differs = |before: &Toolchain| before.is_as_it_was().unwrap_err().to_string();

        let before = look();
        before.is_as_it_was().unwrap();
        fs::create_dir(libraries.join("other")).unwrap();
        assert!(differs(&before).contains("lib/other"));

        let before = look();
        fs::write(libraries.join("host/a"), "ab").unwrap();
        assert!(differs(&before).contains("host/a"));

        let before = look();
        fs::write(bin.join("cargo-other"), "").unwrap();
        assert!(differs(&before).contains("cargo-other"));

        let before = look();
        fs::remove_file(libraries.join("host/a")).unwrap();
        assert!(differs(&before).contains("host/a"));
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn the_toolchain_in_use_has_libraries() {
        let toolchain = Toolchain::look().unwrap();
        assert!(toolchain.entries.keys().any(|path| path.starts_with(&toolchain.libraries)));
    }
}
