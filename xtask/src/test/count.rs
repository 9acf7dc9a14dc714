//! Counts test cases in what `cargo test` prints.

use std::ops::AddAssign;

/// How many test cases passed and failed.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Count {
    pub(super) passed: u64,
    pub(super) failed: u64,
}

impl Count {
    /// Reads a line such as `test result: ok. 3 passed; 0 failed; 0 ignored; ..`. Others count nothing.
    pub(super) fn of_line(line: &str) -> Self {
        let Some(result) = line.strip_prefix("test result: ") else { return Self::default() };
        let number = |word: &str| {
            let before = result.split_once(word)?.0;
            before.rsplit([' ', ';']).find(|part| !part.is_empty())?.parse().ok()
        };
        Self { passed: number(" passed").unwrap_or(0), failed: number(" failed").unwrap_or(0) }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_cargos_closing_lines() {
        let line = "test result: FAILED. 16 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.16s";
        assert_eq!(Count::of_line(line), Count { passed: 16, failed: 2 });
        assert_eq!(Count::of_line("test result: nonsense"), Count::default());
        assert_eq!(Count::of_line("running 16 tests"), Count::default());
    }

    #[test]
    fn adds_up() {
        let mut all = Count { passed: 1, failed: 2 };
        all += Count { passed: 10, failed: 20 };
        assert_eq!(all, Count { passed: 11, failed: 22 });
    }
}
