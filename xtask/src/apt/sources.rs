//! Finds Debian's archive among the machine's own package sources, so that no host is named here.

use std::fs;
use std::path::{Path, PathBuf};

/// Where packages come from, and what signs them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Archive {
    /// The archive's address, in any scheme that apt understands.
    pub(crate) uri: String,
    /// The file of keys, where the machine names one.
    pub(crate) key: Option<String>,
}

/// Suites of Debian that a machine may name. Security and update suites lie elsewhere.
const SUITES: [&str; 11] = [
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "sid",
    "oldoldstable",
    "oldstable",
    "stable",
    "testing",
    "unstable",
    "experimental",
];

/// Finds Debian's archive among the sources below `etc` (`/etc/apt`).
pub(crate) fn find(etc: &Path) -> Option<Archive> {
    let parts =
        fs::read_dir(etc.join("sources.list.d")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = parts.collect();
    files.sort();
    files.insert(0, etc.join("sources.list"));
    files.iter().find_map(|file| {
        let text = fs::read_to_string(file).ok()?;
        match file.extension()?.to_str()? {
            "sources" => deb822(&text),
            "list" => one_line(&text),
            _ => None,
        }
    })
}

/// Reads paragraphs of `Field: value`.
fn deb822(text: &str) -> Option<Archive> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines.split(|line| line.trim().is_empty()).find_map(|paragraph| {
        let field = |name: &str| {
            paragraph.iter().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        let has = |name: &str, word: &str| {
            field(name).is_some_and(|value| value.split_whitespace().any(|it| it == word))
        };
        let off = field("Enabled").is_some_and(|value| value == "no");
        if off
            || !has("Types", "deb")
            || !has("Components", "main")
            || !debian(field("Suites")?.split_whitespace())
        {
            return None;
        }
        let uri = field("URIs")?.split_whitespace().next()?.to_owned();
        Some(Archive { uri, key: field("Signed-By").filter(|key| key.starts_with('/')).map(str::to_owned) })
    })
}

/// Reads lines of `deb [options] uri suite components`.
fn one_line(text: &str) -> Option<Archive> {
    text.lines().find_map(|line| {
        let rest = line.trim().strip_prefix("deb")?.strip_prefix([' ', '\t'])?.trim_start();
        let (options, rest) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']')?,
            None => ("", rest),
        };
        let mut words = rest.split_whitespace();
        let (uri, suite) = (words.next()?, words.next()?);
        if !debian([suite]) || !words.any(|word| word == "main") {
            return None;
        }
        let key = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
        Some(Archive { uri: uri.to_owned(), key: key.map(str::to_owned) })
    })
}

fn debian<'a>(suites: impl IntoIterator<Item = &'a str>) -> bool {
    suites.into_iter().any(|suite| SUITES.contains(&suite))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(uri: &str, key: Option<&str>) -> Option<Archive> {
        Some(Archive { uri: uri.into(), key: key.map(Into::into) })
    }

    #[test]
    fn reads_paragraphs() {
        let text = "# a mirror\nTypes: deb\nURIs: http://security.invalid/debian-security\nSuites: bookworm-security\n\
                    Components: main\n\nTypes: deb deb-src\n# http://old.invalid\nURIs: http://mirror.invalid/debian http://b.invalid\n\
                    Suites: bookworm bookworm-updates\nComponents: main contrib\nSigned-By: /keys/debian.gpg\n";
        assert_eq!(deb822(text), archive("http://mirror.invalid/debian", Some("/keys/debian.gpg")));
        assert_eq!(deb822(&text.replace("\nSuites: bookworm b", "\nEnabled: no\nSuites: bookworm b")), None);
        assert_eq!(deb822(&text.replace("deb deb-src", "deb-src")), None);
        assert_eq!(deb822(&text.replace("main contrib", "contrib")), None);
        let inline = text.replace("/keys/debian.gpg", "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .");
        assert_eq!(deb822(&inline), archive("http://mirror.invalid/debian", None));
        assert_eq!(deb822(""), None);
    }

    #[test]
    fn reads_lines() {
        let text = "deb-src http://a.invalid/debian bookworm main\n# deb http://b.invalid/debian bookworm main\n\
                    deb http://c.invalid apt main\ndeb http://d.invalid bookworm-security main\n";
        assert_eq!(one_line(text), None);
        let plain = format!("{text}deb http://e.invalid/debian trixie main non-free\n");
        assert_eq!(one_line(&plain), archive("http://e.invalid/debian", None));
        let options =
            format!("{text}deb [arch=amd64 signed-by=/keys/d.gpg] http://e.invalid/debian sid main\n");
        assert_eq!(one_line(&options), archive("http://e.invalid/debian", Some("/keys/d.gpg")));
    }

    #[test]
    fn no_sources_no_archive() {
        assert_eq!(find(Path::new(env!("CARGO_MANIFEST_DIR"))), None);
    }
}
