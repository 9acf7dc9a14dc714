//! The paths that a file names: in `use`, in expressions and types, and in the arguments of macros.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What a file names of its own crate.
#[derive(Default, Debug)]
pub(super) struct Names {
    paths: Vec<Vec<String>>,
    /// What each imported name stands for.
    imports: BTreeMap<String, Vec<String>>,
}

impl Names {
    /// Reads a file; what is compiled for tests alone is left out.
    pub(super) fn of(text: &str) -> Result<Self> {
        let tokens: TokenStream = text.parse().map_err(|error| anyhow!("{error}"))?;
        let mut names = Self::default();
        names.read(tokens);
        Ok(names)
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &[String]> {
        self.paths.iter().map(Vec::as_slice)
    }

    /// Returns the path for which an imported name stands.
    pub(super) fn import(&self, name: &str) -> Option<&[String]> {
        self.imports.get(name).map(Vec::as_slice)
    }

    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if is_for_tests(&tokens[at..]) {
                at = end_of_item(&tokens, at + 2);
            } else if word(&tokens[at]).is_some_and(|word| word == "use") {
                let end = end_of_item(&tokens, at);
                self.imported(&tokens[at + 1..end], &[]);
                at = end;
            } else if let TokenTree::Group(group) = &tokens[at] {
                self.read(group.stream());
                at += 1;
            } else if starts_path(&tokens, at) {
                let (path, end) = path(&tokens, at);
                self.paths.push(path);
                at = end;
            } else {
                at += 1;
            }
        }
    }

    /// Reads a tree of imports: `a::{b, c as d}`.
    fn imported(&mut self, tree: &[TokenTree], before: &[String]) {
        let (path, end) = path(tree, 0);
        let path = [before, &path].concat();
        match tree.get(end) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inside: Vec<_> = group.stream().into_iter().collect();
                for part in inside.split(|token| is(token, ',')).filter(|part| !part.is_empty()) {
                    self.imported(part, &path);
                }
            }
            other => {
                // `self` at the end is the module itself.
                let itself = before.len() + 1 == path.len() && path.last().is_some_and(|last| last == "self");
                let path = if itself && !before.is_empty() { before.to_vec() } else { path };
                let renamed = other.and_then(word).filter(|word| word == "as");
                let name = match renamed {
                    Some(_) => tree.get(end + 1).and_then(word),
                    None => path.last().cloned(),
                };
                if let Some(name) = name {
                    self.imports.insert(name, path.clone());
                }
                self.paths.push(path);
            }
        }
    }
}

/// Whether an attribute comes next that leaves an item out of all builds but those of tests.
fn is_for_tests(tokens: &[TokenTree]) -> bool {
    let [hash, TokenTree::Group(attribute), ..] = tokens else { return false };
    let text = attribute.stream().to_string().replace(' ', "");
    is(hash, '#') && (text == "cfg(test)" || text.starts_with("cfg(all(test"))
}

/// Returns the place behind the item at `at`: behind its `;` or its body.
fn end_of_item(tokens: &[TokenTree], at: usize) -> usize {
    let import = word(&tokens[at]).is_some_and(|word| word == "use");
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => !import && group.delimiter() == Delimiter::Brace,
        token => is(token, ';'),
    };
    tokens[at..].iter().position(ends).map_or(tokens.len(), |length| at + length + 1)
}

fn starts_path(tokens: &[TokenTree], at: usize) -> bool {
    let root = word(&tokens[at]).is_some_and(|word| ["crate", "super", "self"].contains(&word.as_str()));
    root && colons(tokens, at + 1)
}

/// Reads `a::b::c` from `at` on; returns it and the place behind it, and behind its last `::`.
fn path(tokens: &[TokenTree], mut at: usize) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    while let Some(part) = tokens.get(at).and_then(word) {
        path.push(part);
        at += 1;
        if !colons(tokens, at) {
            break;
        }
        at += 2;
    }
    (path, at)
}

fn colons(tokens: &[TokenTree], at: usize) -> bool {
    [at, at + 1].iter().all(|at| tokens.get(*at).is_some_and(|token| is(token, ':')))
}

fn is(token: &TokenTree, punct: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == punct)
}

fn word(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        Names::of(text).unwrap().paths().map(|path| path.join("::")).collect()
    }

    #[test]
    fn trees_expressions_and_macros() {
        let text = "
            //! Not crate::these.
            use crate::a::{self, B, c::{D as E, F}};
            pub(crate) use super::g;
            fn f(x: &crate::h::H) { say!(\"crate::no {}\", self::i::J); }
        ";
        let found = ["crate::a", "crate::a::B", "crate::a::c::D", "crate::a::c::F", "super::g"];
        assert_eq!(paths(text), [found.as_slice(), &["crate::h::H", "self::i::J"]].concat());
        let names = Names::of(text).unwrap();
        assert_eq!(names.import("E").unwrap().join("::"), "crate::a::c::D");
        assert_eq!(names.import("a").unwrap().join("::"), "crate::a");
        assert_eq!(names.import("D"), None);
    }

    #[test]
    fn what_tests_need_does_not_count() {
        let text = "#[cfg(test)] use crate::a; #[cfg(test)] mod tests { use crate::b; } use crate::c;";
        assert_eq!(paths(text), ["crate::c"]);
    }
}
