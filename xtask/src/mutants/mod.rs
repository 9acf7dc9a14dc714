//! `cargo xtask mutants`: breaks the code on purpose, one place at a time, and sees whether a test fails.
//!
//! cargo-mutants makes the mutants and tries them, in a copy of the sources below `target/`. Each mutant is
//! tried twice: first by the tests that are nearest to it, and by all of them only if it survives those,
//! because building all tests takes most of the time.

mod pick;
mod report;
mod tool;
mod tree;
mod trial;

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::terminal;
use pick::Mutant;
use report::{Fate, Report};
use trial::Trial;

/// How many mutants are tried between two lines of progress.
const BATCH: usize = 12;

/// Tries mutants: a seeded sample of vmdq-core, vmdq-hal, igb-hal and ixgbe-hal, and all of the filter code.
///
/// A mutant that no test notices has survived: the task names it, and what it changed. Whoever survives needs
/// a test, or a reason.
///
/// Not tried are generated register tables and what only shows values (Debug, Display, defmt). Not run
/// are compile-fail cases, tests on QEMU, and those that start the examples as programs: they take longer
/// than all others together.
///
/// Everything stays below target/: cargo-mutants is installed into target/tools, and mutants are made in a
/// copy of the sources in target/mutants.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Mutants beyond those of the filter code
    #[arg(long, default_value_t = 150)]
    sample: usize,
    /// Chooses the sample and the order
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Tries no more mutants after so many minutes; those left are counted as not tried
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    minutes: u64,
    /// Tries only mutants whose name holds this, of all there are
    #[arg(long, conflicts_with = "sample")]
    only: Option<String>,
    /// Names the mutants that would be tried, and tries none
    #[arg(long)]
    list: bool,
    /// Prints one JSON object on standard output, and everything else on standard error
    #[arg(long)]
    json: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let start = Instant::now();
    let end = start + Duration::from_secs(60 * args.minutes);
    let tool = tool::ensure()?;
    let tree = tree::copy()?;
    let all = pick::list(&tool, &tree)?;
    let picked = match &args.only {
        Some(part) => all.into_iter().filter(|mutant| mutant.name.contains(part)).collect(),
        None => pick::sample(all, args.sample, args.seed),
    };
    if args.list {
        picked.iter().for_each(|mutant| println!("{}", mutant.name));
        return Ok(());
    }
    let trial = Trial::new(tool, tree);
    trial.see_sound()?;
    let mut report = Report::new(args.seed, &picked);
    for batch in batches(&picked) {
        if Instant::now() >= end {
            break;
        }
        trial.try_batch(&batch, end, &mut report)?;
        eprintln!("    {}, {} min", report.progress(), start.elapsed().as_secs() / 60);
    }
    report.seconds = start.elapsed().as_secs();
    if args.json {
        println!("{}", report.json());
    } else {
        print!("{}", report.table(terminal::width()));
    }
    Ok(())
}

/// Splits mutants into batches of one crate each, and of filter code or other, so that each is tried by the
/// tests near it.
fn batches(picked: &[Mutant]) -> Vec<Vec<Mutant>> {
    let mut batches: Vec<Vec<Mutant>> = Vec::new();
    for mutant in picked {
        let kind = |mutant: &Mutant| (mutant.package.clone(), mutant.is_of_filters());
        let open = |batch: &&mut Vec<Mutant>| batch.len() < BATCH && kind(&batch[0]) == kind(mutant);
        match batches.iter_mut().rev().find(open) {
            Some(batch) => batch.push(mutant.clone()),
            None => batches.push(vec![mutant.clone()]),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_of_one_crate() {
        let mutants: Vec<_> =
            (0..30).map(|i| Mutant::named(if i % 3 == 0 { "igb-hal" } else { "vmdq-hal" }, i)).collect();
        let batches = batches(&mutants);
        assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), 30);
        for batch in &batches {
            assert!(batch.len() <= BATCH && batch.iter().all(|mutant| mutant.package == batch[0].package));
        }
        // The order stays: what is first is tried first.
        assert_eq!(batches[0][0], mutants[0]);
        assert_eq!(batches.len(), 1 + 2);
    }
}
