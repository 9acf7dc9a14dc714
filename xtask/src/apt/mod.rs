//! Fetches Debian packages without installing them.
//!
//! Everything that apt remembers or writes is kept in a folder of its own, so that the machine's
//! package state is neither read nor changed. What the machine's configuration says of proxies and
//! certificates holds; the programs that it starts after an update don't run, because they rebuild
//! or empty caches below `/var`.

mod config;
mod sources;
mod version;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::{on_path, output, watched};
use sources::Archive;
pub(crate) use version::Wanted;

/// Signs Debian's archive on any Debian machine.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A private view of Debian's archive.
pub(crate) struct Apt {
    dir: PathBuf,
}

impl Apt {
    /// Makes a view of some suites, kept in `dir`, and fetches their lists of packages.
    pub(crate) fn new(dir: &Path, suites: &[&str]) -> Result<Self> {
        for tool in ["apt-get", "apt-cache", "dpkg-deb", "tar"] {
            ensure!(
                on_path(tool).is_some(),
                "there is no `{tool}` on the PATH: this is not a Debian machine"
            );
        }
        let archive = sources::find(Path::new("/etc/apt"))
            .context("none of the sources in /etc/apt is Debian's archive (a suite such as `bookworm`, component `main`)")?;
        let _ = fs::remove_dir_all(dir);
        config::write(dir)?;
        fs::write(config::sources(dir), lines(&archive, suites, Path::new(KEYS).is_file()))?;
        let apt = Self { dir: dir.to_owned() };
        let mut update = apt.tool("apt-get");
        update.args(["-q", "update"]);
        watched(update, is_progress).context("can't fetch Debian's lists of packages")?;
        Ok(apt)
    }

    /// Downloads packages of one version and all that they depend on, preferably from `suite`; returns the
    /// files.
    pub(crate) fn download_with_dependencies(
        &self,
        packages: &[&str],
        wanted: Wanted<'_>,
        suite: &str,
    ) -> Result<Vec<PathBuf>> {
        let mut install = self.tool("apt-get");
        install.args(["-q", "-y", "--download-only", "--no-install-recommends", "-t", suite, "install"]);
        for package in packages {
            install.arg(format!("{package}={}", self.version(package, wanted)?));
        }
        watched(install, is_progress)
            .with_context(|| format!("can't fetch Debian's {}", packages.join(", ")))?;
        packages_in(&config::archives(&self.dir))
    }

    /// Downloads one package alone.
    pub(crate) fn download(&self, package: &str, wanted: Wanted<'_>) -> Result<PathBuf> {
        let version = self.version(package, wanted)?;
        let mut download = self.tool("apt-get");
        download.args(["-q", "download", &format!("{package}={version}")]).current_dir(&self.dir);
        watched(download, is_progress)
            .with_context(|| format!("can't fetch Debian's {package} {version}"))?;
        packages_in(&self.dir)?.pop().context("apt-get downloaded nothing")
    }

    /// Chooses a version out of all that the archive has.
    fn version(&self, package: &str, wanted: Wanted<'_>) -> Result<String> {
        let listed = output(self.tool("apt-cache").args(["madison", package]))?;
        let versions: Vec<_> =
            listed.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim).collect();
        let version = wanted.choose(package, &versions)?;
        if let Some(note) = wanted.note(package, version) {
            eprintln!("{note}");
        }
        Ok(version.to_owned())
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.arg("-c").arg(config::file(&self.dir)).env("DEBIAN_FRONTEND", "noninteractive");
        command
    }
}

/// Tells what apt is doing from what it says it would install if it were asked to.
fn is_progress(line: &str) -> bool {
    ["Get:", "Ign:", "Err:", "Fetched ", "W: ", "E: "].iter().any(|start| line.starts_with(start))
}

/// Unpacks a package's files into a folder; with `only`, one part of them.
pub(crate) fn unpack(package: &Path, into: &Path, only: Option<&str>) -> Result<()> {
    let mut archive = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(package)
        .stdout(Stdio::piped())
        .spawn()
        .context("can't run `dpkg-deb`")?;
    let mut tar = Command::new("tar");
    // The folders /lib and /bin of old packages are links here, as on a merged system.
    tar.arg("-x").arg("-C").arg(into).args(["--keep-directory-symlink", "--no-same-owner"]);
    tar.args(only).stdin(archive.stdout.take().context("no pipe")?);
    let unpacked = tar.status().context("can't run `tar`")?;
    if !archive.wait()?.success() || !unpacked.success() {
        bail!("can't unpack {}", package.display());
    }
    Ok(())
}

fn lines(archive: &Archive, suites: &[&str], keys: bool) -> String {
    let key = archive.key.as_deref().or(keys.then_some(KEYS));
    let options = key.map(|key| format!("[signed-by={key}] ")).unwrap_or_default();
    suites.iter().map(|suite| format!("deb {options}{} {suite} main\n", archive.uri)).collect()
}

fn packages_in(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "deb"));
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_key_comes_first() {
        let archive = |key: Option<&str>| Archive { uri: "u".into(), key: key.map(Into::into) };
        assert_eq!(
            lines(&archive(Some("/k")), &["a", "b"], true),
            "deb [signed-by=/k] u a main\ndeb [signed-by=/k] u b main\n"
        );
        assert_eq!(lines(&archive(None), &["a"], true), format!("deb [signed-by={KEYS}] u a main\n"));
        assert_eq!(lines(&archive(None), &["a"], false), "deb u a main\n");
    }
}
