//! What code reaches: sections of object files, and the relocations that lead from one to another.
//!
//! The compiler puts each function into a section of its own, so that the size of a section is that
//! of a function. A table of jumps or a constant lies in another section, through which functions
//! may be reached, too.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use object::read::archive::ArchiveFile;
use object::{File, Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionKind};

use super::encoded::Barriers;

/// A section: which object, which section in it.
type Place = (usize, usize);

/// All sections of some libraries.
#[derive(Default)]
pub(super) struct Graph {
    objects: usize,
    sections: BTreeMap<Place, Section>,
    /// Where each name that other objects see is defined.
    names: BTreeMap<String, Place>,
}

#[derive(Default)]
struct Section {
    /// Bytes of code.
    code: u64,
    barriers: Barriers,
    leads_to: Vec<Target>,
}

enum Target {
    Here(Place),
    Named(String),
}

/// What a function reaches, itself included.
#[derive(Default, PartialEq, Eq, Debug)]
pub(super) struct Reach {
    /// Bytes of code.
    pub(super) code: u64,
    pub(super) barriers: Barriers,
    /// What is not in these libraries.
    pub(super) outside: BTreeSet<String>,
}

impl Graph {
    /// Adds the objects of a library.
    pub(super) fn add_library(&mut self, bytes: &[u8]) -> Result<()> {
        for member in ArchiveFile::parse(bytes)?.members() {
            let member = member?;
            if member.name().ends_with(b".o") {
                self.add_object(&File::parse(member.data(bytes)?)?)?;
            }
        }
        Ok(())
    }

    fn add_object(&mut self, file: &File<'_>) -> Result<()> {
        let object = self.objects;
        self.objects += 1;
        for section in file.sections() {
            let mut new = Section::default();
            if section.kind() == SectionKind::Text {
                new.code = section.size();
                new.barriers = Barriers::count(file.architecture(), section.data()?);
            }
            for (_, relocation) in section.relocations() {
                let target = match relocation.target() {
                    RelocationTarget::Section(index) => Target::Here((object, index.0)),
                    RelocationTarget::Symbol(index) => {
                        let symbol = file.symbol_by_index(index)?;
                        match symbol.section_index() {
                            Some(index) => Target::Here((object, index.0)),
                            None => Target::Named(symbol.name()?.to_owned()),
                        }
                    }
                    // Absolute: leads nowhere.
                    _ => continue,
                };
                new.leads_to.push(target);
            }
            self.sections.insert((object, section.index().0), new);
        }
        for symbol in file.symbols().filter(|symbol| symbol.is_global() || symbol.is_weak()) {
            if let Some(index) = symbol.section_index() {
                self.names.insert(symbol.name()?.to_owned(), (object, index.0));
            }
        }
        Ok(())
    }

    /// Lists the names that begin so.
    pub(super) fn names(&self, prefix: &str) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str).filter(move |name| name.starts_with(prefix))
    }

    /// Follows what a function leads to.
    pub(super) fn reach(&self, name: &str) -> Result<Reach> {
        let start = *self.names.get(name).with_context(|| format!("there is no function {name}"))?;
        let mut reach = Reach::default();
        let (mut seen, mut next) = (BTreeSet::from([start]), vec![start]);
        while let Some(place) = next.pop() {
            let Some(section) = self.sections.get(&place) else { continue };
            reach.code += section.code;
            reach.barriers += section.barriers;
            for target in &section.leads_to {
                let place = match target {
                    Target::Here(place) => *place,
                    Target::Named(name) => match self.names.get(name) {
                        Some(place) => *place,
                        None => {
                            reach.outside.insert(name.clone());
                            continue;
                        }
                    },
                };
                if seen.insert(place) {
                    next.push(place);
                }
            }
        }
        Ok(reach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a` calls `b` and `memcpy`; `b` calls itself and, through a constant, `c`; `d` is alone.
    fn graph() -> Graph {
        let here = |section| Target::Here((0, section));
        let section = |code, publish, leads_to| {
            let barriers = Barriers { publish, observe: 1 };
            Section { code, barriers, leads_to }
        };
        let sections = [
            section(10, 1, vec![here(1), Target::Named("memcpy".into())]),
            section(20, 2, vec![here(1), here(2)]),
            section(0, 0, vec![Target::Named("c".into())]),
            section(40, 4, vec![]),
            section(80, 8, vec![]),
        ];
        Graph {
            objects: 1,
            sections: sections.into_iter().enumerate().map(|(i, section)| ((0, i), section)).collect(),
            names: [("a", 0), ("c", 3), ("d", 4)].map(|(name, at)| (name.to_owned(), (0, at))).into(),
        }
    }

    #[test]
    fn a_function_reaches_what_it_leads_to_once() {
        let outside = BTreeSet::from(["memcpy".to_owned()]);
        let barriers = Barriers { publish: 7, observe: 4 };
        assert_eq!(graph().reach("a").unwrap(), Reach { code: 70, barriers, outside });
        let barriers = Barriers { publish: 8, observe: 1 };
        assert_eq!(graph().reach("d").unwrap(), Reach { code: 80, barriers, outside: BTreeSet::new() });
        assert!(graph().reach("e").is_err());
    }

    /// What the compiler makes of this: one function without a panic, and one that calls one with.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_compiled_panic_is_found() {
        const SOURCE: &str = "
            #[no_mangle] pub fn masked(x: &[u32; 4], i: usize) -> u32 { x[i & 3] }
            #[no_mangle] #[inline(never)] pub fn indexed(x: &[u32], i: usize) -> u32 { x[i] }
            #[no_mangle] pub fn caller(x: &[u32], i: usize) -> u32 { indexed(x, i) + 1 }
        ";
        let dir = std::env::temp_dir().join(format!("vmdq-graph-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let (source, library) = (dir.join("source.rs"), dir.join("libsource.rlib"));
        std::fs::write(&source, SOURCE).unwrap();
        let mut compile = crate::workspace::rustc();
        compile.args(["-O", "--crate-type=rlib", "-Ccodegen-units=1", "-o"]).arg(&library).arg(&source);
        crate::workspace::output(&mut compile).unwrap();
        let mut graph = Graph::default();
        graph.add_library(&std::fs::read(&library).unwrap()).unwrap();
        std::fs::remove_dir_all(dir).unwrap();
        let [masked, indexed, caller] =
            ["masked", "indexed", "caller"].map(|name| graph.reach(name).unwrap());
        assert!(masked.code > 0 && masked.outside.is_empty(), "{masked:?}");
        assert!(caller.code > indexed.code, "{caller:?}");
        assert!(caller.outside.iter().any(|name| name.contains("panic_bounds_check")), "{caller:?}");
    }
}
