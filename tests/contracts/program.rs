//! The program of the README is the one that the guide explains.

use std::fs;

use crate::unsafe_items::workspace;

#[test]
fn the_readme_has_the_guides_program() {
    let read = |path: &str| fs::read_to_string(workspace().join(path)).expect("a file of the project");
    assert!(
        read("README.md").contains(&read("src/guide/program.md")),
        "the README's program differs from src/guide/program.md: copy it"
    );
}
