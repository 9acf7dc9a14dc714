//! Fetches Debian packages without installing them: everything that apt remembers is kept in a
//! folder of its own, so that the machine's package state is neither read nor changed.

mod sources;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::{on_path, output};
use sources::Archive;

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
            ensure!(on_path(tool).is_some(), "there is no `{tool}`: this is not a Debian machine");
        }
        let archive = sources::find(Path::new("/etc/apt"))
            .context("none of the sources in /etc/apt is Debian's archive (a suite such as `bookworm`, component `main`)")?;
        let _ = fs::remove_dir_all(dir);
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(dir.join(part))?;
        }
        // Nothing counts as installed: what is asked for comes with all that it needs.
        fs::write(dir.join("status"), "")?;
        fs::write(dir.join("sources.list"), lines(&archive, suites, Path::new(KEYS).is_file()))?;
        let apt = Self { dir: dir.to_owned() };
        output(apt.tool("apt-get").args(["-qq", "update"]))
            .context("can't fetch Debian's lists of packages")?;
        Ok(apt)
    }

    /// Downloads a package and all that it depends on; returns the files.
    pub(crate) fn download_with_dependencies(&self, package: &str, suite: &str) -> Result<Vec<PathBuf>> {
        let mut install = self.tool("apt-get");
        install.args([
            "-qq",
            "-y",
            "--download-only",
            "--no-install-recommends",
            "-t",
            suite,
            "install",
            package,
        ]);
        output(&mut install).with_context(|| format!("can't fetch Debian's {package} from {suite}"))?;
        packages_in(&self.dir.join("cache/archives"))
    }

    /// Downloads one package alone, in the version that `wanted` picks out of all that there are.
    pub(crate) fn download(&self, package: &str, wanted: impl Fn(&str) -> bool) -> Result<PathBuf> {
        let listed = output(self.tool("apt-cache").args(["madison", package]))?;
        let versions = listed.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim);
        let version = versions
            .into_iter()
            .find(|version| wanted(version))
            .with_context(|| format!("Debian's archive has no {package} of the version that is needed"))?;
        let mut download = self.tool("apt-get");
        download.args(["-qq", "download", &format!("{package}={version}")]).current_dir(&self.dir);
        output(&mut download).with_context(|| format!("can't fetch Debian's {package} {version}"))?;
        packages_in(&self.dir)?.pop().context("apt-get downloaded nothing")
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        for (option, part) in [
            ("Dir::Etc::sourcelist", "sources.list"),
            ("Dir::State::lists", "lists"),
            ("Dir::State::status", "status"),
            ("Dir::Cache", "cache"),
        ] {
            command.arg("-o").arg(format!("{option}={}", self.dir.join(part).display()));
        }
        for option in
            ["Dir::Etc::sourceparts=/dev/null", "Dir::Etc::preferencesparts=/dev/null", "Acquire::Retries=3"]
        {
            command.arg("-o").arg(option);
        }
        // Else root's apt downloads as another user, who can't write here.
        command.args(["-o", "APT::Sandbox::User=root"]).env("DEBIAN_FRONTEND", "noninteractive");
        command
    }
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
