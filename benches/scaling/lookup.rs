//! Rules in software: one look-up for each frame.

use std::hint::black_box;

use vmdq_core::classify::{Destination, Rules};
use vmdq_core::{Accept, MacAddress};

use crate::load::Load;

/// Most filters.
const MOST: usize = 128;
/// Look-ups of a region.
const LOOKUPS: usize = 1024;
const OWN: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);

/// Rules and the destinations that are looked up in them.
pub(crate) struct Lookup {
    rules: Box<Rules<MOST>>,
    /// In no order that a processor could foretell, with the queue that each leads to.
    destinations: Vec<(MacAddress, usize)>,
    wrong: u64,
}

/// Numbers without an order, the same each time.
struct Scatter(u64);

impl Scatter {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

impl Lookup {
    /// Makes rules with a number of filters.
    pub(crate) fn new(filters: u32) -> Self {
        let mut scatter = Scatter(1);
        let mut rules = Box::new(Rules::new(OWN, Accept::empty()));
        let mut bound = Vec::new();
        while bound.len() < filters as usize {
            let [a, b, c, ..] = scatter.next().to_le_bytes();
            let address = MacAddress([2, 0, 0x5e, a, b, c]);
            if rules.classify(address) == Destination::Dropped {
                rules.bind(address, bound.len()).expect("room for a filter");
                bound.push(address);
            }
        }
        let destinations = (0..LOOKUPS)
            .map(|_| {
                let queue = scatter.next() as usize % bound.len();
                (bound[queue], queue)
            })
            .collect();
        Self { rules, destinations, wrong: 0 }
    }
}

impl Load for Lookup {
    fn prepare(&mut self) {}

    fn region(&mut self) {
        for &(destination, queue) in &self.destinations {
            let found = self.rules.classify(black_box(destination));
            self.wrong += u64::from(found != Destination::Matched(queue));
        }
    }

    fn units(&self) -> u64 {
        LOOKUPS as u64
    }

    fn verify(&mut self, _: u64) -> Result<(), String> {
        if self.wrong == 0 { Ok(()) } else { Err(format!("{} look-ups went wrong", self.wrong)) }
    }
}
