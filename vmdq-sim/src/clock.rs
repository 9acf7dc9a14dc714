//! The controller's time, and things that take some of it. Nothing here depends on real time.

/// One microsecond, in the unit of the clock.
pub(crate) const US: u64 = 1_000;
/// One millisecond, in the unit of the clock.
pub(crate) const MS: u64 = 1_000_000;
/// How long what a device has under way when it stops takes to land (igb-hal/FACTS.md 2.4: 100 us).
pub(crate) const LANDING: u64 = 100 * US;

/// A switch that follows what software asked for after some time: ENABLE bits, the link, a reset.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Gate {
    asked: bool,
    open: bool,
    due: Option<u64>,
    /// When it last became closed.
    closed: Option<u64>,
}

impl Gate {
    /// A gate that is open from the start.
    pub(crate) const OPEN: Self = Self { asked: true, open: true, due: None, closed: None };

    /// Asks for a state, to be reached at the time `due`.
    pub(crate) fn ask(&mut self, open: bool, due: u64) {
        if self.asked != open {
            self.asked = open;
            self.due = (self.open != open).then_some(due);
        }
    }

    /// Returns what software asked for.
    pub(crate) const fn asked(self) -> bool {
        self.asked
    }

    /// Returns the actual state.
    pub(crate) const fn is_open(self) -> bool {
        self.open
    }

    /// Returns whether the gate is or will be open.
    pub(crate) const fn in_use(self) -> bool {
        self.asked || self.open
    }

    /// Returns whether what passed the gate may still be under way: it is or will be open, or has been
    /// closed for less than [`LANDING`].
    pub(crate) fn may_land(self, now: u64) -> bool {
        self.in_use() || self.closed.is_some_and(|closed| now < closed + LANDING)
    }

    /// Returns when the state will change, if it will.
    pub(crate) const fn due(self) -> Option<u64> {
        self.due
    }

    /// Lets the state follow if its time has come; returns whether it changed.
    pub(crate) fn tick(&mut self, now: u64) -> bool {
        let Some(due) = self.due.filter(|&due| due <= now) else { return false };
        self.open = self.asked;
        self.due = None;
        self.closed = (!self.open).then_some(due);
        true
    }

    /// Keeps the state as it is for good: a fault.
    pub(crate) fn jam(&mut self) {
        self.due = None;
    }
}

/// The earlier of two times.
pub(crate) fn sooner(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::{Gate, LANDING, sooner};

    #[test]
    fn a_gate_follows_late() {
        let mut gate = Gate::default();
        gate.ask(true, 10);
        assert!(!gate.tick(9) && !gate.is_open() && gate.in_use());
        assert!(gate.tick(10) && gate.is_open());
        gate.ask(false, 20);
        assert!(gate.is_open() && !gate.asked());
        gate.ask(true, 25);
        assert_eq!(gate.due(), None, "never left");
    }

    #[test]
    fn what_passed_a_gate_lands_after_it_closed() {
        let mut gate = Gate::OPEN;
        gate.ask(false, 10);
        assert!(gate.tick(500) && !gate.in_use());
        assert!(gate.may_land(10 + LANDING - 1) && !gate.may_land(10 + LANDING));
        assert!(!Gate::default().may_land(0), "never open");
    }

    #[test]
    fn asking_twice_does_not_delay() {
        let mut gate = Gate::default();
        gate.ask(true, 10);
        gate.ask(true, 20);
        assert_eq!(gate.due(), Some(10));
    }

    #[test]
    fn nothing_is_later_than_anything() {
        assert_eq!(sooner(None, Some(3)), Some(3));
        assert_eq!(sooner(Some(2), Some(3)), Some(2));
        assert_eq!(sooner(None, None), None);
    }
}
