//! The compiled code of each operation: its size, and what it can reach.
//!
//! `benches/probe` has one function for each operation. It is built as a firmware is, for the bare
//! targets, and the objects are read from its library and those of the crates below it.

mod barriers;
mod build;
mod encoded;
mod graph;
mod panics;
mod size;

pub(crate) use barriers::{Args as BarrierArgs, run as barriers};
pub(crate) use panics::run as panics;
pub(crate) use size::{Args as SizeArgs, obstacle as size_obstacle, pinned, run as size};

/// How the probe's functions are named, before the model and the operation.
const PREFIX: &str = "probe_";

/// Splits the name of a probe's function: model and operation.
fn operation(symbol: &str) -> Option<(&str, &str)> {
    symbol.strip_prefix(PREFIX)?.split_once('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_probes_name_operations() {
        assert_eq!(operation("probe_82598_in_place"), Some(("82598", "in_place")));
        assert_eq!(operation("memcpy"), None);
    }
}
