//! What a diagnosis finds, with what to do about it.

use core::fmt;

use crate::fault::Gone;
use crate::statistics::Statistics;

/// A mistake that fits what a port and a pool show; its text says what to do.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Finding {
    /// The device is gone.
    Gone,
    /// The platform says that the function may not start DMA.
    NotBusMaster,
    /// There is no link.
    LinkDown,
    /// The controller reads as if the rings were not enabled.
    RingsOff,
    /// No filter leads to the pool, and it is not the default one.
    NoFilter,
    /// The receive ring never had a buffer.
    NeverFilled,
    /// The receive ring had buffers, and has none left.
    NotRefilled,
    /// The controller has filled every buffer of the receive ring, and none was taken.
    NotTaken,
    /// A frame waits in the receive ring, and the vector of the pool is masked.
    VectorMasked,
    /// No frame was counted since the port was initialised.
    NothingCounted,
    /// Frames were counted, and the controller has not used one buffer of the receive ring.
    NothingReceived,
    /// The controller says that it used receive buffers, and memory shows no frame.
    ReceivedElsewhere,
    /// Frames wait in the transmit ring, and the controller fetches none.
    NothingSent,
    /// The controller says that it fetched frames from the transmit ring, and memory shows no report.
    ReportedElsewhere,
    /// The transmit ring is full of frames that were sent.
    NotReclaimed,
}

/// All findings, in the order in which they are looked for.
const ALL: [Finding; 15] = [
    Finding::Gone,
    Finding::NotBusMaster,
    Finding::LinkDown,
    Finding::RingsOff,
    Finding::NoFilter,
    Finding::NeverFilled,
    Finding::NotRefilled,
    Finding::NotTaken,
    Finding::VectorMasked,
    Finding::NothingCounted,
    Finding::NothingReceived,
    Finding::ReceivedElsewhere,
    Finding::NothingSent,
    Finding::ReportedElsewhere,
    Finding::NotReclaimed,
];

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gone => return Gone.fmt(f),
            Self::NotBusMaster => {
                "the function may not start DMA: set bus master enable in its command register"
            }
            Self::LinkDown => "there is no link: call `bring_link_up`, and check cable and peer",
            Self::RingsOff => {
                "the controller has the rings turned off, as after a reset from outside: quiesce the port, \
                 reset it and restore its plan"
            }
            Self::NoFilter => "no filter leads to the pool, and it is not the default one: bind an address",
            Self::NeverFilled => {
                "the receive ring never had a buffer: call `refill`, or start the pool by `start_with`"
            }
            Self::NotRefilled => {
                "the receive ring has no buffer left: call `refill` after each receive, or \
                 `receive_replacing`; if the pool is empty, look for dropped frames (`lost_buffers`)"
            }
            Self::NotTaken => "every receive buffer is full: call `receive` more often, or for more frames",
            Self::VectorMasked => {
                "a frame waits and the vector is masked: `unmask` it after each interrupt, then look at the \
                 ring again"
            }
            Self::NothingCounted => {
                "the controller has counted no good frame: if one was sent to it, check bus master enable \
                 (some receivers wait for it), and what it counted as bad"
            }
            Self::NothingReceived => {
                "frames were counted, but not one reached the pool's buffers: if one was for it, check bus \
                 master enable, and that the `DmaSpace` is that of this controller"
            }
            Self::ReceivedElsewhere => {
                "the controller has used receive buffers that memory shows unused: its writes are lost or \
                 go elsewhere; check bus master enable, the bus addresses of the `DmaSpace` (an offset, an \
                 IOMMU), and caches"
            }
            Self::NothingSent => {
                "the controller fetches no frame from the transmit ring: check bus master enable, and that \
                 the `DmaSpace` is that of this controller"
            }
            Self::ReportedElsewhere => {
                "the controller has fetched frames and memory shows no report: its writes are \
                 lost or go elsewhere; check bus master enable, the bus addresses of the `DmaSpace` (an \
                 offset, an IOMMU), and caches"
            }
            Self::NotReclaimed => "the transmit ring is full of frames that were sent: call `reclaim`",
        })
    }
}

/// What [`Port::diagnose`](crate::Port::diagnose) found, and what the controller has counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Diagnosis {
    found: u16,
    statistics: Statistics,
}

impl Diagnosis {
    pub(super) const fn new(statistics: Statistics) -> Self {
        Self { found: 0, statistics }
    }

    /// Adds a finding if it holds.
    pub(super) fn note(&mut self, finding: Finding, holds: bool) {
        self.found |= u16::from(holds) << finding as u16;
    }

    /// Lists the findings, causes before what may follow from them.
    pub fn findings(&self) -> impl Iterator<Item = Finding> + use<> {
        let found = self.found;
        ALL.into_iter().filter(move |&finding| found >> finding as u16 & 1 != 0)
    }

    /// Tells whether something was found.
    #[must_use]
    pub fn has(&self, finding: Finding) -> bool {
        self.found >> finding as u16 & 1 != 0
    }

    /// Returns what the controller has counted since [`Port::init`](crate::Port::init), as
    /// [`Port::statistics`](crate::Port::statistics) does.
    #[must_use]
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }
}

impl fmt::Display for Diagnosis {
    /// Writes the findings in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.found == 0 {
            return f.write_str("no known mistake");
        }
        for (number, finding) in self.findings().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{finding}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnosis_has_what_was_noted() {
        for (place, finding) in ALL.into_iter().enumerate() {
            assert_eq!(finding as usize, place);
            let mut diagnosis = Diagnosis::new(Statistics::ZERO);
            diagnosis.note(finding, false);
            assert!(!diagnosis.has(finding) && diagnosis.findings().next().is_none());
            diagnosis.note(finding, true);
            assert!(diagnosis.has(finding) && diagnosis.findings().eq([finding]));
        }
    }
}
