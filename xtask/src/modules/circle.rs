//! Circles among siblings.

use std::collections::{BTreeMap, BTreeSet};

use super::Module;

/// Which sibling needs which, by their full paths.
type Siblings = BTreeMap<Module, BTreeSet<Module>>;

/// Returns one circle for each set of siblings that can't be put in an order, as `a -> b -> a`.
pub(super) fn find(arrows: &BTreeSet<(Module, Module)>) -> Vec<String> {
    let mut needs = Siblings::new();
    for (from, to) in arrows {
        let same = from.iter().zip(to).take_while(|(from, to)| from == to).count();
        // One of the two is above the other: parent and child.
        if same < from.len() && same < to.len() {
            needs.entry(from[..=same].to_vec()).or_default().insert(to[..=same].to_vec());
        }
    }
    let mut told = BTreeSet::new();
    let mut circles = Vec::new();
    for module in needs.keys() {
        if told.contains(module) {
            continue;
        }
        if let Some(circle) = way_back(&needs, module) {
            told.extend(circle.iter().cloned());
            let mut names: Vec<_> = circle.iter().map(|module| module.join("::")).collect();
            names.push(names[0].clone());
            circles.push(names.join(" -> "));
        }
    }
    circles
}

/// Returns the shortest way from a module to itself.
fn way_back(needs: &Siblings, module: &Module) -> Option<Vec<Module>> {
    let mut ways = vec![vec![module]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in way.last().and_then(|last| needs.get(*last)).into_iter().flatten() {
                if next == module {
                    return Some(way.into_iter().cloned().collect());
                }
                if seen.insert(next) {
                    longer.push([way.as_slice(), &[next]].concat());
                }
            }
        }
        ways = longer;
    }
    None
}
