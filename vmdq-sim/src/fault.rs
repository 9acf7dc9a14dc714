//! Faults of a controller that tests inject, to show that a driver does not trust it.

/// A fault of the controller that a test injects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum InjectedFault {
    /// CTRL.RST never clears again and the NVM is never loaded.
    ResetNeverEnds,
    /// A queue that is asked to start from now on never starts.
    QueueNeverEnables,
    /// A queue that is asked to stop from now on keeps running.
    QueueNeverDisables,
    /// STATUS shows outstanding requests for ever after a master disable.
    MasterNeverStops,
    /// The link does not come up, no matter what software requests.
    LinkNeverComes,
    /// Surprise removal: every read is `0xffff_ffff`, writes have no effect, and nothing moves.
    AllOnes,
    /// The next received frame's last descriptor claims this length.
    ClaimLength(u16),
    /// The next received frame's first descriptor claims a split header of this length.
    ClaimHeader(u16),
    /// The next received frame's last descriptor lacks EOP.
    NoEndOfPacket,
    /// The next received frame's descriptor carries all error bits.
    AllErrors,
    /// A posted receive descriptor gets DD although no frame was written.
    SpuriousDone,
    /// The next transmit write-back by head pointer names an index outside the ring.
    WildHead,
}

/// The faults that are in effect.
#[derive(Default, Debug)]
pub(crate) struct Faults(Vec<InjectedFault>);

impl Faults {
    pub(crate) fn inject(&mut self, fault: InjectedFault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns whether a lasting fault is in effect.
    pub(crate) fn has(&self, fault: InjectedFault) -> bool {
        self.0.contains(&fault)
    }

    /// Takes the first fault for which `pick` gives something: faults that strike once.
    pub(crate) fn take<T>(&mut self, pick: impl Fn(InjectedFault) -> Option<T>) -> Option<T> {
        let (at, found) = self.0.iter().enumerate().find_map(|(at, &fault)| Some((at, pick(fault)?)))?;
        self.0.remove(at);
        Some(found)
    }

    /// Takes one fault of exactly this kind.
    pub(crate) fn strike(&mut self, fault: InjectedFault) -> bool {
        self.take(|found| (found == fault).then_some(())).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::{Faults, InjectedFault};

    #[test]
    fn some_faults_last_and_some_strike_once() {
        let mut faults = Faults::default();
        faults.inject(InjectedFault::AllOnes);
        faults.inject(InjectedFault::ClaimLength(9));
        let claimed = |fault| if let InjectedFault::ClaimLength(len) = fault { Some(len) } else { None };
        assert_eq!(faults.take(claimed), Some(9));
        assert_eq!(faults.take(claimed), None);
        assert!(faults.has(InjectedFault::AllOnes) && faults.has(InjectedFault::AllOnes));
        assert!(faults.strike(InjectedFault::AllOnes) && !faults.has(InjectedFault::AllOnes));
    }
}
