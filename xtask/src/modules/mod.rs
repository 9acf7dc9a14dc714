//! `cargo xtask modules`: which module of a crate needs which, without circles, and files that can be read
//! at one sitting.
//!
//! A module and its parent may need each other. Of siblings one is above the other: so each can be read,
//! and moved, with what is below it alone. An arrow that crosses levels counts where the two paths part.

mod circle;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::workspace::root;
use names::Names;

/// The most lines of a file that is written by hand.
const LINES: usize = 400;
/// What the first lines of a generated file hold.
const GENERATED: &str = "@generated";

/// Folders of sources, each a crate of its own. Of `examples/`, `tests/` and `benches/` only lengths count.
const CRATES: [&str; 8] = [
    "vmdq-core/src",
    "vmdq-hal/src",
    "igb-hal/src",
    "ixgbe-hal/src",
    "src",
    "vmdq-smoltcp/src",
    "vmdq-sim/src",
    "xtask/src",
];
/// Further folders with files that are written by hand.
const OTHERS: [&str; 11] = [
    "examples",
    "tests",
    "benches",
    "vmdq-core/tests",
    "vmdq-hal/tests",
    "igb-hal/tests",
    "ixgbe-hal/tests",
    "vmdq-smoltcp/examples",
    "vmdq-smoltcp/tests",
    "vmdq-sim/tests",
    "xtask/tests",
];

/// Path of a module from the root of its crate, which is the empty one.
type Module = Vec<String>;

/// Runs the task.
pub(crate) fn run() -> Result<()> {
    let mut faults = Vec::new();
    let mut modules = 0;
    for folder in CRATES {
        let read = read(&root().join(folder))?;
        modules += read.len();
        faults.extend(circle::find(&arrows(&read)).into_iter().map(|circle| format!("{folder}: {circle}")));
    }
    let mut files = 0;
    for folder in CRATES.into_iter().chain(OTHERS) {
        for file in sources(&root().join(folder))? {
            files += 1;
            let text = fs::read_to_string(&file)?;
            let lines = text.lines().count();
            if lines > LINES && !text.lines().take(5).any(|line| line.contains(GENERATED)) {
                let file = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
                faults.push(format!("{file}: {lines} lines, and {LINES} at most can be read at one sitting"));
            }
        }
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n       "));
    }
    println!("no circles among {modules} modules; none of {files} files is too long");
    Ok(())
}

/// Reads the modules of a crate.
fn read(src: &Path) -> Result<BTreeMap<Module, Names>> {
    let mut modules = BTreeMap::new();
    for file in sources(src)? {
        let inside = file.strip_prefix(src)?.with_extension("");
        let mut module: Module = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if module.last().is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str())) {
            module.pop();
        }
        let text = fs::read_to_string(&file)?;
        let names = Names::of(&text).with_context(|| format!("can't read {}", file.display()))?;
        modules.insert(module, names);
    }
    Ok(modules)
}

/// Returns which module needs which.
fn arrows(modules: &BTreeMap<Module, Names>) -> BTreeSet<(Module, Module)> {
    let mut arrows = BTreeSet::new();
    for (module, names) in modules {
        for path in names.paths() {
            if let Some(needed) = resolve(modules, module, path, 0) {
                arrows.insert((module.clone(), needed));
            }
        }
    }
    arrows
}

/// Returns the module in which something is made that `module` calls `path`: through all re-exports.
fn resolve(
    modules: &BTreeMap<Module, Names>,
    module: &Module,
    path: &[String],
    depth: u32,
) -> Option<Module> {
    let (base, rest) = match path.first()?.as_str() {
        "crate" => (Module::new(), &path[1..]),
        "self" => (module.clone(), &path[1..]),
        "super" => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            (module[..module.len().checked_sub(ups)?].to_vec(), &path[ups..])
        }
        // A child, or else a name of another crate.
        first => {
            let child = [module.as_slice(), &[first.to_owned()]].concat();
            if !modules.contains_key(&child) {
                return None;
            }
            (module.clone(), path)
        }
    };
    let mut at = base;
    let mut rest = rest;
    while let Some((first, after)) = rest.split_first() {
        let child = [at.as_slice(), std::slice::from_ref(first)].concat();
        if !modules.contains_key(&child) {
            break;
        }
        (at, rest) = (child, after);
    }
    let named = rest.first().and_then(|name| modules.get(&at)?.import(name));
    match named {
        // A circle of re-exports can't be compiled; the bound is for what this does not understand.
        Some(import) if depth < 8 && import != path => {
            let longer = [import, &rest[1..]].concat();
            resolve(modules, &at, &longer, depth + 1).or(Some(at))
        }
        _ => Some(at),
    }
}

fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let module =
            |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let modules = files.iter().map(|(path, text)| (module(path), Names::of(text).unwrap())).collect();
        circle::find(&arrows(&modules))
    }

    #[test]
    fn a_circle_of_siblings_is_found_through_a_re_export() {
        let files = [
            ("", "mod a; mod b; mod c; pub use a::A;"),
            ("a", "use crate::b::{B, self}; struct A(B);"),
            ("b", "mod inner; struct B;"),
            ("b/inner", "fn of(_: &crate::c::C) {}"),
            ("c", "use crate::A; struct C(A);"),
        ];
        assert_eq!(circles(&files), ["a -> b -> c -> a"]);
    }

    #[test]
    fn parent_and_child_may_need_each_other_and_tests_anybody() {
        let files = [
            ("", "mod a; mod b; use a::A; struct Root;"),
            ("a", "mod child; use child::Child; struct A; use crate::Root;"),
            ("a/child", "use super::A; use crate::Root; struct Child;"),
            ("b", "use crate::a::A; struct B;"),
            ("c", "#[cfg(test)] mod tests { use crate::b::B; }"),
        ];
        assert_eq!(circles(&files), [""; 0]);
    }

    #[test]
    fn siblings_that_need_each_other_deep_down_are_found() {
        let files = [
            ("", "mod a;"),
            ("a", "mod x; mod y;"),
            ("a/x", "use super::y::Y; struct X;"),
            ("a/y", "fn of() { let x = super::x::X; }"),
        ];
        assert_eq!(circles(&files), ["a::x -> a::y -> a::x"]);
    }
}
