//! Which version of a package is fetched.

use anyhow::{Context, Result};

/// The version that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wanted<'a> {
    /// The one that the checks were last run with; where the archive no longer has it, the newest,
    /// with a note. Debian keeps one version of a package in a suite.
    Preferred(&'a str),
    /// This version of the program, in any of Debian's revisions; nothing else will do.
    Upstream(&'a str),
}

impl Wanted<'_> {
    /// Chooses among the versions that the archive has, the newest first.
    pub(super) fn choose<'v>(self, package: &str, versions: &[&'v str]) -> Result<&'v str> {
        let found = match self {
            Self::Preferred(wanted) => {
                versions.iter().find(|version| **version == wanted).or_else(|| versions.first())
            }
            Self::Upstream(wanted) => versions.iter().find(|version| upstream(version) == wanted),
        };
        found.copied().with_context(|| match self {
            Self::Preferred(_) => format!("Debian's archive has no {package}"),
            Self::Upstream(wanted) => format!("Debian's archive has no {package} of version {wanted}"),
        })
    }

    /// Says that another version than the preferred one is taken.
    pub(super) fn note(self, package: &str, chosen: &str) -> Option<String> {
        match self {
            Self::Preferred(wanted) if wanted != chosen => Some(format!(
                "note: Debian's archive no longer has {package} {wanted}, with which the checks were last run; taking {chosen}"
            )),
            _ => None,
        }
    }
}

/// Returns the upstream part of a Debian version: `1.95.0` of `1.95.0+dfsg1-2~bpo13+1`.
fn upstream(version: &str) -> &str {
    version.split(['+', '~', '-']).next().unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_without_debians_part() {
        assert_eq!(upstream("1.95.0+dfsg1-2~bpo13+1"), "1.95.0");
        assert_eq!(upstream("1.95.0-1"), "1.95.0");
        assert_eq!(upstream("1.95.0"), "1.95.0");
        let versions = ["1.96.0-1", "1.95.0+dfsg1-2"];
        assert_eq!(Wanted::Upstream("1.95.0").choose("p", &versions).unwrap(), versions[1]);
        assert!(Wanted::Upstream("1.94.0").choose("p", &versions).is_err());
    }

    #[test]
    fn the_preferred_version_or_the_newest_and_a_note() {
        let versions = ["1:11.2", "1:11.1", "1:10.0"];
        let wanted = Wanted::Preferred("1:11.1");
        assert_eq!(wanted.choose("p", &versions).unwrap(), "1:11.1");
        assert_eq!(wanted.note("p", "1:11.1"), None);
        let gone = Wanted::Preferred("1:11.0");
        assert_eq!(gone.choose("p", &versions).unwrap(), "1:11.2");
        let note = gone.note("p", "1:11.2").unwrap();
        assert!(note.contains("1:11.0") && note.ends_with("taking 1:11.2"), "{note}");
        assert!(gone.choose("p", &[]).is_err());
    }
}
