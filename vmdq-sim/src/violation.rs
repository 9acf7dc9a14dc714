//! Violations of the datasheet by a driver.

use std::fmt;

/// A violation of the datasheet by the driver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Which rule was broken.
    pub rule: Rule,
    /// What happened, with register name and value.
    pub what: String,
}

/// The rules that the models check.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Rule {
    /// A register was written at a time at which the datasheet forbids it.
    WrongOrder,
    /// A reserved bit was set.
    ReservedBit,
    /// A register was accessed that the device does not have.
    NoSuchRegister,
    /// A tail was written that lies outside the ring.
    TailBeyondRing,
    /// The controller fetched a descriptor that software had not prepared.
    DescriptorNotReady,
    /// The controller was given an address outside the memory that was mapped for it.
    DmaOutsideGrant,
    /// Memory was unmapped that a running queue can still reach.
    MemoryInUse,
    /// A ring has a base or a length that the device does not support.
    BadRing,
    /// A descriptor has a format that the device does not support.
    BadDescriptor,
    /// Two filters hold one address on a device that does not say which of them wins.
    AmbiguousFilter,
    /// The device may support it, but this model does not: what follows would prove nothing.
    NotModelled,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)
    }
}

/// How many violations are kept: a driver in a loop must not fill the memory.
const KEPT: usize = 1000;

/// The list of violations of one model.
#[derive(Debug, Default)]
pub(crate) struct Log(Vec<Violation>);

impl Log {
    pub(crate) fn report(&mut self, rule: Rule, what: impl Into<String>) {
        if self.0.len() < KEPT {
            self.0.push(Violation { rule, what: what.into() });
        }
    }

    pub(crate) fn list(&self) -> Vec<Violation> {
        self.0.clone()
    }

    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}
