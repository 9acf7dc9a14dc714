//! `cargo xtask panics`: shows that the data path can't panic.

use anyhow::{Result, bail, ensure};

use super::{PREFIX, build, operation};
use crate::targets::{self, TARGETS};

/// What moves frames.
const DATA_PATH: [&str; 9] = [
    "receive",
    "receive_replacing",
    "receive_one",
    "refill",
    "send",
    "send_one",
    "reclaim",
    "exchange",
    "in_place",
];
/// The only things beyond its own crates that it may reach: copies of memory.
const ALLOWED: [&str; 5] = ["memcpy", "memmove", "memset", "__aeabi_memcpy", "__aeabi_memmove"];

/// Runs the task: builds the data path for all bare targets and looks at everything that the code
/// can reach.
pub(crate) fn run() -> Result<()> {
    let sysroot = targets::ensure()?;
    let mut looked = 0;
    let mut wrong = Vec::new();
    for target in TARGETS {
        let graph = build::graph(&sysroot, target, false)?;
        for symbol in graph.names(PREFIX) {
            let of = operation(symbol).filter(|(_, operation)| DATA_PATH.contains(operation));
            let Some((model, operation)) = of else { continue };
            looked += 1;
            let outside = graph.reach(symbol)?.outside;
            let other = outside.iter().filter(|name| !allowed(name));
            wrong.extend(other.map(|name| format!("{target}: {operation} of the {model} reaches {name}")));
        }
    }
    for line in &wrong {
        eprintln!("{line}");
    }
    if !wrong.is_empty() {
        bail!(
            "the data path can reach code that may panic in {} ways: see above, and avoid those calls",
            wrong.len()
        );
    }
    let models = looked / (TARGETS.len() * DATA_PATH.len());
    ensure!(models > 0 && looked == models * TARGETS.len() * DATA_PATH.len(), "the probe lacks operations");
    println!("{looked} functions of the data path, on {} targets: none can reach a panic", TARGETS.len());
    Ok(())
}

/// Tells whether a name is that of a copy; on Arm, the alignment follows it.
fn allowed(name: &str) -> bool {
    ALLOWED.contains(&name.trim_end_matches(|digit: char| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_allowed_and_panics_are_not() {
        assert!(allowed("memcpy") && allowed("__aeabi_memcpy4"));
        assert!(!allowed("_ZN4core9panicking5panic17h0123456789abcdefE"));
        assert!(!allowed("_RNvNtCs123_4core9panicking18panic_bounds_check"));
    }
}
