//! The first pass: who the virtual machines are.
//!
//! They are the unicast destination addresses seen most often, over all records whose header was
//! captured, even if the record is dropped later. Memory grows with the number of distinct
//! addresses, not with the length of the capture.

use std::cmp::Reverse;
use std::collections::HashMap;

use anyhow::Result;
use vmdq::MacAddress;

use crate::progress::Progress;
use crate::source::Source;

/// The virtual machines' addresses; the i-th gets queue i + 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    pub(crate) guests: Vec<MacAddress>,
}

impl Plan {
    /// Reads the source to its end, or to where it is damaged: the second pass will tell.
    pub(crate) fn make(source: &Source, vms: usize) -> Result<Self> {
        let mut records = source.open()?;
        let progress = Progress::new("planning", records.progress().1);
        let mut seen = HashMap::<MacAddress, u64>::new();
        while let Ok(Some(record)) = records.next() {
            if let Some(address) = record.destination().filter(|to| to.is_station()) {
                *seen.entry(address).or_default() += 1;
            }
            progress.show(records.progress().0);
        }
        seen.retain(|&address, _| source.may_be_guest(address));
        Ok(Self { guests: most_frequent(seen, vms) })
    }
}

/// Chooses the most frequent addresses; of equally frequent ones the numerically lower first.
fn most_frequent(seen: HashMap<MacAddress, u64>, most: usize) -> Vec<MacAddress> {
    let mut seen: Vec<_> = seen.into_iter().collect();
    seen.sort_unstable_by_key(|&(address, count)| (Reverse(count), address));
    seen.into_iter().map(|(address, _)| address).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: MacAddress = MacAddress([0x02, 0, 0, 0, 0, 1]);
    const B: MacAddress = MacAddress([0x02, 0, 0, 0, 1, 0]);
    const C: MacAddress = MacAddress([0x52, 0, 0, 0, 0, 0]);

    #[test]
    fn the_more_frequent_then_the_lower() {
        let seen = HashMap::from([(B, 3), (C, 5), (A, 3)]);
        assert_eq!(most_frequent(seen.clone(), 9), [C, A, B]);
        assert_eq!(most_frequent(seen, 2), [C, A]);
        assert_eq!(most_frequent(HashMap::new(), 2), []);
    }

    #[test]
    fn strangers_of_made_up_traffic_are_not_planned_for() {
        assert_eq!(Plan::make(&Source::MadeUp, 15).unwrap().guests.len(), 8);
        assert_eq!(Plan::make(&Source::MadeUp, 3).unwrap().guests.len(), 3);
    }
}
