//! The list of everything unsafe in the documentation of `vmdq-hal` is complete.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The crates that users name, below the workspace.
const CRATES: [&str; 6] =
    ["src", "vmdq-core/src", "vmdq-hal/src", "igb-hal/src", "ixgbe-hal/src", "vmdq-smoltcp/src"];

pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the workspace").to_owned()
}

/// All source files below a folder.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// What a block at the left margin makes of the functions in it.
enum Block {
    /// An inherent implementation: its public functions are `Type::function`.
    Of(String),
    /// A public trait: all of its functions are `Trait::function`.
    Trait(String),
    /// A trait's implementation, a private trait, a module.
    Other,
}

/// The first word of what can be a name.
pub(crate) fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// What stands behind generic parameters, if there are any.
fn behind_generics(text: &str) -> &str {
    if !text.starts_with('<') {
        return text;
    }
    let mut depth = 0;
    let arrow = |at: usize| text[..at].ends_with('-');
    let end = text.char_indices().find(|&(at, c)| {
        depth += i32::from(c == '<') - i32::from(c == '>' && !arrow(at));
        depth == 0
    });
    &text[end.expect("generics end on the line").0 + 1..]
}

/// Which block a line at the left margin begins, if it does.
fn block(line: &str) -> Option<Block> {
    for (start, public) in [("pub unsafe trait ", true), ("pub trait ", true), ("trait ", false)] {
        if let Some(rest) = line.strip_prefix(start) {
            let name = word(rest).to_owned();
            return Some(if public { Block::Trait(name) } else { Block::Other });
        }
    }
    let rest = line.strip_prefix("unsafe ").unwrap_or(line).strip_prefix("impl")?;
    let name = behind_generics(rest).trim_start();
    let of_a_trait = name.contains(" for ");
    Some(if of_a_trait { Block::Other } else { Block::Of(word(name).to_owned()) })
}

/// The name of a function that is unsafe, with these words before `unsafe fn`.
fn unsafe_fn(line: &str, public: bool) -> Option<&str> {
    let rest = if public { line.strip_prefix("pub ")? } else { line };
    rest.strip_prefix("const ").unwrap_or(rest).strip_prefix("unsafe fn ").map(word)
}

/// Everything public and unsafe in a source file, as rustfmt leaves it.
fn found(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut within = None;
    for line in source.lines() {
        if line.starts_with("#[cfg(test)]") {
            // Tests stand last in a file.
            break;
        }
        let inner = line.trim_start();
        let at_the_margin = inner.len() == line.len();
        if at_the_margin && let Some(name) = line.strip_prefix("pub unsafe trait ").map(word) {
            found.push(name.to_owned());
        }
        if at_the_margin {
            found.extend(unsafe_fn(line, true).map(str::to_owned));
            if let Some(block) = block(line) {
                within = Some(block);
            } else if line == "}" {
                within = None;
            }
            continue;
        }
        match &within {
            Some(Block::Of(of)) => {
                found.extend(unsafe_fn(inner, true).map(|name| format!("{of}::{name}")));
            }
            Some(Block::Trait(of)) => {
                found.extend(unsafe_fn(inner, false).map(|name| format!("{of}::{name}")));
            }
            _ => {}
        }
    }
    found
}

/// What a table of the documentation has in its first column, each with what the second says.
fn listed(documentation: &str) -> Vec<(String, String)> {
    let section = documentation.lines().skip_while(|line| *line != "//! # Unsafe").skip(1);
    let section = section.take_while(|line| line.starts_with("//!") && !line.starts_with("//! # "));
    let rows = section.filter_map(|line| line.strip_prefix("//! |"));
    let rows = rows.filter_map(|row| row.trim_end_matches('|').split_once(" | "));
    // Names are between backticks; what stands between brackets is a link.
    rows.flat_map(|(names, what)| {
        let names = names.split('`').skip(1).step_by(2);
        names.map(|name| (name.to_owned(), what.trim().to_owned())).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn the_list_in_the_documentation_is_complete() {
    let files = CRATES.iter().flat_map(|folder| sources(&workspace().join(folder)));
    let mut all = BTreeSet::new();
    for file in files {
        for item in found(&fs::read_to_string(&file).expect("the file can be read")) {
            all.insert(item);
        }
    }
    let documentation = fs::read_to_string(workspace().join("vmdq-hal/src/lib.rs")).expect("it is there");
    let listed = listed(&documentation);
    assert!(listed.iter().all(|(_, what)| what.len() > 20), "each says what is relied on: {listed:?}");
    let names: BTreeSet<_> = listed.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(names.len(), listed.len(), "each stands there once");
    let missing = Vec::from_iter(all.difference(&names));
    let stale = Vec::from_iter(names.difference(&all));
    assert!(missing.is_empty() && stale.is_empty(), "not listed: {missing:?}; listed for nothing: {stale:?}");
}

#[test]
fn the_search_finds_what_there_is() {
    let source = "\
pub unsafe trait Bus: Clone {
    unsafe fn write32(&self, at: Offset);
    fn id(&self) -> PortId;
}
unsafe impl<P: Fn() -> Vec<u8>> Bus for Mmio<P> {
    unsafe fn write32(&self, at: Offset) {}
}
impl<M: Model<Kind = X<Y>>, P> Port<M, P> {
    pub const unsafe fn new() -> Self {}
    pub(crate) unsafe fn inner(&self) {}
    unsafe fn own(&self) {}
    pub unsafe fn end(self) {}
}
trait Private {
    unsafe fn of_nobody();
}
pub unsafe fn alone() {}
pub(crate) unsafe fn hidden() {}
#[cfg(test)]
mod tests {
    pub unsafe fn a_test() {}
}
";
    assert_eq!(found(source), ["Bus", "Bus::write32", "Port::new", "Port::end", "alone"]);
    let documentation = "\
//! # Other
//! | [`No`] | it is another section |
//! # Unsafe
//!
//! | item | what is relied on |
//! |---|---|
//! | [`Bus`](bus::Bus), `Bus::write32` | what it says |
//! # Next
//! | [`No`] | it is another section |
";
    let names = listed(documentation).into_iter().map(|(name, _)| name);
    assert_eq!(names.collect::<Vec<_>>(), ["Bus", "Bus::write32"]);
}

#[test]
fn policy_forbids_unsafe() {
    let policy = fs::read_to_string(workspace().join("vmdq-core/src/lib.rs")).expect("it is there");
    assert!(policy.contains("#![forbid(unsafe_code)]"));
}
