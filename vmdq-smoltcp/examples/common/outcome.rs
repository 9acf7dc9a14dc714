//! What came of an echo and of pings.

use std::fmt;

use vmdq_sim::ModelDrops;

use super::{Client, MEBIBYTE, PINGS, Pinger, Stack};

/// What came of an echo and of pings.
#[derive(Debug)]
pub struct Outcome {
    pub echoed: usize,
    pub wrong: usize,
    /// Whether the connection was closed in order.
    pub closed: bool,
    pub answered: u16,
    /// Milliseconds of the stacks' time.
    pub steps: usize,
    /// What the controller dropped.
    pub drops: ModelDrops,
}

impl Outcome {
    pub fn new(client: &Client, stack: &mut Stack, pinger: &Pinger, steps: usize, drops: ModelDrops) -> Self {
        let (echoed, wrong) = (client.echoed, client.wrong);
        let closed = client.is_done(stack);
        Self { echoed, wrong, closed, answered: pinger.answered, steps, drops }
    }

    /// Tells whether everything came back, and the controller had to drop nothing.
    pub fn is_complete(&self) -> bool {
        self.closed && self.answered == PINGS && self.drops == ModelDrops::default()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of {MEBIBYTE} bytes echoed, {} of them wrong", self.echoed, self.wrong)?;
        writeln!(f, "{} of {PINGS} pings answered, in {} ms", self.answered, self.steps)?;
        write!(f, "dropped by the controller: {:?}", self.drops)
    }
}
