//! What became of the mutants.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::pick::Mutant;
use crate::terminal;

/// What became of a mutant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Fate {
    /// A test failed.
    Caught,
    /// The tests did not end: somebody would notice.
    TimedOut,
    /// All tests passed.
    Survived,
    /// It does not compile.
    Unviable,
}

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::TimedOut => "timed out",
            Self::Survived => "survived",
            Self::Unviable => "does not compile",
        }
    }
}

/// The outcome of all mutants that were picked.
pub(super) struct Report {
    seed: u64,
    /// Those that were picked, by name, with what became of them.
    mutants: BTreeMap<String, (Mutant, Option<Fate>)>,
    /// How long it took.
    pub(super) seconds: u64,
}

/// How many had which fate, of some mutants.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Tally {
    picked: usize,
    caught: usize,
    timed_out: usize,
    survived: usize,
    unviable: usize,
}

impl Tally {
    fn add(&mut self, fate: Option<Fate>) {
        self.picked += 1;
        match fate {
            Some(Fate::Caught) => self.caught += 1,
            Some(Fate::TimedOut) => self.timed_out += 1,
            Some(Fate::Survived) => self.survived += 1,
            Some(Fate::Unviable) => self.unviable += 1,
            None => {}
        }
    }

    fn tried(self) -> usize {
        self.caught + self.timed_out + self.survived + self.unviable
    }

    /// Returns how many of a hundred that compile were noticed; `None` if none was tried.
    fn score(self) -> Option<f64> {
        let noticed = self.caught + self.timed_out;
        let all = noticed + self.survived;
        (all > 0).then(|| 100.0 * noticed as f64 / all as f64)
    }

    fn cells(self) -> [String; 7] {
        let score = self.score().map_or_else(String::new, |score| format!("{score:.1} %"));
        let counts = [self.picked, self.caught, self.timed_out, self.survived, self.unviable];
        let [picked, caught, timed_out, survived, unviable] = counts.map(|count| count.to_string());
        [picked, caught, timed_out, survived, unviable, (self.picked - self.tried()).to_string(), score]
    }

    fn json(self) -> Value {
        json!({ "picked": self.picked, "caught": self.caught, "timed_out": self.timed_out,
                "survived": self.survived, "unviable": self.unviable,
                "not_tried": self.picked - self.tried(), "score": self.score() })
    }
}

impl Report {
    pub(super) fn new(seed: u64, picked: &[Mutant]) -> Self {
        let mutants = picked.iter().map(|mutant| (mutant.name.clone(), (mutant.clone(), None))).collect();
        Self { seed, mutants, seconds: 0 }
    }

    /// Notes what became of a mutant; of one that was not picked nothing is noted.
    pub(super) fn set(&mut self, name: &str, fate: Fate) {
        if let Some((_, noted)) = self.mutants.get_mut(name) {
            *noted = Some(fate);
        }
    }

    /// Forgets what became of a mutant: it is tried again.
    pub(super) fn forget(&mut self, mutant: &Mutant) {
        if let Some((_, noted)) = self.mutants.get_mut(&mutant.name) {
            *noted = None;
        }
    }

    pub(super) fn fate(&self, mutant: &Mutant) -> Option<Fate> {
        self.mutants.get(&mutant.name)?.1
    }

    fn tally(&self, of: impl Fn(&Mutant) -> bool) -> Tally {
        let mut tally = Tally::default();
        self.mutants.values().filter(|(mutant, _)| of(mutant)).for_each(|(_, fate)| tally.add(*fate));
        tally
    }

    /// One line of how far the trial is.
    pub(super) fn progress(&self) -> String {
        let tally = self.tally(|_| true);
        format!("{} of {} mutants tried, {} survived", tally.tried(), tally.picked, tally.survived)
    }

    /// The lines of the table: what the mutants are of.
    fn lines(&self) -> Vec<(String, Tally)> {
        let mut lines = vec![("filter code".to_owned(), self.tally(Mutant::is_of_filters))];
        let mut packages: Vec<_> = self.mutants.values().map(|(mutant, _)| mutant.package.as_str()).collect();
        packages.sort_unstable();
        packages.dedup();
        for package in packages {
            let of = |mutant: &Mutant| mutant.package == package && !mutant.is_of_filters();
            lines.push((package.to_owned(), self.tally(of)));
        }
        lines.push(("all".to_owned(), self.tally(|_| true)));
        lines
    }

    fn names(&self, fate: Option<Fate>) -> impl Iterator<Item = &str> {
        self.mutants.iter().filter(move |(_, (_, noted))| *noted == fate).map(|(name, _)| name.as_str())
    }

    /// Lays the report out in so many columns.
    pub(super) fn table(&self, width: u16) -> String {
        let head =
            ["", "picked", "caught", "timed out", "survived", "does not compile", "not tried", "score"];
        let row = |(name, tally): (String, Tally)| [name].into_iter().chain(tally.cells()).collect();
        let rows = self.lines().into_iter().map(row).collect();
        let mut text = terminal::lay_out(&head, rows, |column| column > 0, width);
        let survivors: Vec<_> = self.names(Some(Fate::Survived)).collect();
        if !survivors.is_empty() {
            text += "\nNo test notices:\n";
            survivors.iter().for_each(|name| text += &format!("    {name}\n"));
        }
        text
    }

    /// The same for programs, with the fate of each mutant.
    pub(super) fn json(&self) -> Value {
        let lines: serde_json::Map<_, _> =
            self.lines().into_iter().map(|(name, tally)| (name, tally.json())).collect();
        let fate = |fate: Option<Fate>| fate.map_or("not tried", Fate::word);
        let mutants: Vec<_> = self
            .mutants
            .values()
            .map(|(mutant, noted)| json!({ "name": mutant.name, "package": mutant.package, "fate": fate(*noted) }))
            .collect();
        json!({ "seed": self.seed, "seconds": self.seconds, "of": lines, "mutants": mutants })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_of_those_that_compile() {
        let picked: Vec<_> = (0..6).map(|i| Mutant::named("vmdq-hal", i)).collect();
        let mut report = Report::new(1, &picked);
        let fates = [Fate::Caught, Fate::Caught, Fate::TimedOut, Fate::Survived, Fate::Unviable];
        picked.iter().zip(fates).for_each(|(mutant, fate)| report.set(&mutant.name, fate));
        report.set("another", Fate::Survived);
        let (_, all) = report.lines().pop().unwrap();
        assert_eq!(all, Tally { picked: 6, caught: 2, timed_out: 1, survived: 1, unviable: 1 });
        assert_eq!((all.score(), all.cells()[5].as_str()), (Some(75.0), "1"));
        assert!(report.table(100).contains(&picked[3].name));
        assert_eq!(report.json()["mutants"][5]["fate"], "not tried");
        assert_eq!(report.json()["of"]["all"]["score"], 75.0);
        report.forget(&picked[3]);
        assert_eq!(report.fate(&picked[3]), None);
    }

    #[test]
    fn nothing_tried_has_no_score() {
        assert_eq!(Tally::default().score(), None);
    }
}
