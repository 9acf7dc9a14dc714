//! Two public things never share a name: a program may import any of the crates beside each other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::unsafe_items::{sources, word, workspace};

/// The crates whose public items may be used in one program, below the workspace.
const CRATES: [&str; 7] = [
    "src",
    "vmdq-core/src",
    "vmdq-hal/src",
    "igb-hal/src",
    "ixgbe-hal/src",
    "vmdq-smoltcp/src",
    "vmdq-sim/src",
];

/// The words with which public items begin. Modules are left out: they are named by their path, and the
/// family crates have the same files by design.
const KINDS: [&str; 7] = ["struct", "enum", "union", "trait", "type", "fn", "const"];

/// Returns the name of the public item that a line declares, if it does.
///
/// Items are at the left margin; indented are only the sets of `bitflags!`, which name their integer type.
fn item(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub ")?;
    let rest = if rest.contains("fn ") { rest.strip_prefix("const ").unwrap_or(rest) } else { rest };
    let rest = rest.strip_prefix("unsafe ").unwrap_or(rest);
    let (kind, rest) = rest.split_once(' ')?;
    let name = word(rest);
    let at_the_margin = line.starts_with("pub ");
    let set = kind == "struct" && rest[name.len()..].starts_with(": u");
    (KINDS.contains(&kind) && (at_the_margin || set)).then_some(name)
}

/// Lists the public items of a source file, as rustfmt leaves it, each once.
fn items(source: &str) -> Vec<&str> {
    // Tests stand last in a file.
    let lines = source.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    let mut names: Vec<_> = lines.filter_map(item).collect();
    // A model is a type and a value of one name, in one file.
    names.sort_unstable();
    names.dedup();
    names
}

/// Tells whether a file is generated: register tables have Intel's names, which the families share.
fn is_generated(file: &Path) -> bool {
    file.ends_with("regs.rs")
}

#[test]
fn public_names_are_unique() {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let files = CRATES.iter().flat_map(|folder| sources(&workspace().join(folder)));
    for file in files.filter(|file| !is_generated(file)) {
        let source = fs::read_to_string(&file).expect("the file can be read");
        for name in items(&source) {
            let place = file.strip_prefix(workspace()).expect("it is in the workspace").display().to_string();
            all.entry(name.to_owned()).or_default().push(place);
        }
    }
    assert!(all.len() > 150 && all.contains_key("Port") && all.contains_key("Causes"), "{}", all.len());
    all.retain(|_, places| places.len() > 1);
    assert!(all.is_empty(), "rename the lesser one of each: {all:#?}");
}

#[test]
fn the_search_finds_public_items() {
    let source = "\
pub struct Port<M> {
    pub address: u8,
}
pub unsafe trait Bus {}
pub const fn words() {}
pub const unsafe fn give() {}
pub const HEADER: usize = 14;
pub(crate) struct Hidden;
pub mod ring {}
pub type I82576 = Igb<Regs>;
pub const I82576: I82576 = Igb;
impl<M> Port<M> {
    pub fn init(self) {}
    pub const LEAST: u16 = 64;
}
bitflags::bitflags! {
    pub struct Causes: u32 {
    }
}
#[cfg(test)]
mod tests {
    pub struct OfATest: u8;
}
";
    assert_eq!(items(source), ["Bus", "Causes", "HEADER", "I82576", "Port", "give", "words"]);
}
