//! The configuration with which apt works in one folder and nowhere else.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Programs that a machine's configuration starts around an update or an installation: Debian's
/// container images empty `/var/cache/apt` there, desktops rebuild their catalogues.
const HOOKS: [&str; 4] =
    ["APT::Update::Pre-Invoke", "APT::Update::Post-Invoke", "APT::Update::Post-Invoke-Success", "DPkg"];
/// What apt writes, as options and places in the folder.
const PLACES: [(&str, &str); 7] = [
    ("Dir::State", ""),
    ("Dir::State::status", "status"),
    ("Dir::State::lists", "lists"),
    ("Dir::Cache", "cache"),
    ("Dir::Cache::archives", "archives"),
    ("Dir::Log", "log"),
    ("Dir::Etc::sourcelist", "sources.list"),
];
const OTHERS: [(&str, &str); 4] = [
    ("Dir::Etc::sourceparts", "/dev/null"),
    ("Dir::Etc::preferencesparts", "/dev/null"),
    ("Acquire::Retries", "3"),
    // Else root's apt downloads as another user, who can't write here.
    ("APT::Sandbox::User", "root"),
];

/// Returns the file that apt reads after the machine's own configuration.
pub(super) fn file(dir: &Path) -> PathBuf {
    dir.join("apt.conf")
}

/// Returns the file that names the archive.
pub(super) fn sources(dir: &Path) -> PathBuf {
    dir.join("sources.list")
}

/// Returns the folder into which packages are downloaded.
pub(super) fn archives(dir: &Path) -> PathBuf {
    dir.join("archives")
}

/// Makes the folder ready.
pub(super) fn write(dir: &Path) -> Result<()> {
    for part in ["lists/partial", "archives/partial", "cache", "log"] {
        fs::create_dir_all(dir.join(part)).with_context(|| format!("can't make {}", dir.display()))?;
    }
    // Nothing counts as installed: what is asked for comes with all that it needs.
    fs::write(dir.join("status"), "")?;
    fs::write(file(dir), text(dir)?)?;
    Ok(())
}

fn text(dir: &Path) -> Result<String> {
    let mut text = String::new();
    for hook in HOOKS {
        let _ = writeln!(text, "#clear {hook};");
    }
    let places = PLACES.map(|(option, part)| (option, dir.join(part).display().to_string()));
    let others = OTHERS.map(|(option, value)| (option, value.to_owned()));
    for (option, value) in places.into_iter().chain(others) {
        ensure!(
            !value.contains('"'),
            "apt can't work in a folder with a quotation mark in its name: {value}"
        );
        let _ = writeln!(text, "{option} \"{value}\";");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::workspace::{on_path, output, target};

    /// What apt itself makes of the file, on a machine whose configuration starts programs.
    #[test]
    fn nothing_is_written_or_started_elsewhere() {
        if on_path("apt-config").is_none() {
            return;
        }
        let dir = target().join("tests/apt config");
        write(&dir).unwrap();
        let machine = dir.join("machine.conf");
        let hooks = HOOKS.iter().filter(|hook| **hook != "DPkg");
        let hooks: String = hooks.map(|hook| format!("{hook} {{ \"touch /anywhere\"; }};\n")).collect();
        fs::write(&machine, format!("{hooks}DPkg::Post-Invoke {{ \"touch /anywhere\"; }};\n")).unwrap();
        let mut dump = Command::new("apt-config");
        dump.arg("-c").arg(file(&dir)).arg("dump").env("APT_CONFIG", &machine);
        let dump = output(&mut dump).unwrap();

        assert!(!dump.contains("anywhere"), "{dump}");
        let inside = format!("\"{}", dir.display());
        for option in ["Dir::State", "Dir::State::status", "Dir::State::lists", "Dir::Cache", "Dir::Log"] {
            let line = dump.lines().find(|line| line.starts_with(&format!("{option} "))).unwrap();
            assert!(line.contains(&inside), "{line}");
        }
        // Below those, nothing but names that are relative to them.
        let below = dump.lines().filter(|line| {
            ["Dir::State::", "Dir::Cache::", "Dir::Log::"].iter().any(|start| line.starts_with(start))
        });
        for line in below {
            assert!(!line.contains(" \"/") || line.contains(&inside), "{line}");
        }
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_name_that_apt_misreads_is_refused() {
        assert!(text(Path::new("/a\"b")).is_err());
    }
}
