//! Numbers that were measured again and again.

use serde_json::{Value, json};

/// The middle of some numbers, and what lies between the tenth and the ninetieth of a hundred.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// A tenth of the numbers is below.
    pub p10: f64,
    /// Half of the numbers is below.
    pub median: f64,
    /// A tenth of the numbers is above.
    pub p90: f64,
}

impl Sample {
    /// Sorts the numbers; all are NaN without any.
    #[must_use]
    pub fn of(numbers: &[f64]) -> Self {
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f64::total_cmp);
        let part =
            |tenths: usize| sorted.get((sorted.len() * tenths / 10).min(sorted.len().saturating_sub(1)));
        let [p10, median, p90] = [1, 5, 9].map(|tenths| part(tenths).copied().unwrap_or(f64::NAN));
        Self { p10, median, p90 }
    }

    /// Takes the ratio of each number to its partner, measured just before or after: what disturbs
    /// one disturbs both.
    #[must_use]
    pub fn of_ratios(numbers: &[f64], to: &[f64]) -> Self {
        Self::of(&numbers.iter().zip(to).map(|(a, b)| a / b).collect::<Vec<_>>())
    }

    /// Writes the three numbers.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({"p10": self.p10, "median": self.median, "p90": self.p90})
    }
}
