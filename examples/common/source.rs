//! Sources of frames: a capture file, or generated traffic. Either can be read twice.

use std::path::PathBuf;

use anyhow::{Context, Result};
use vmdq::MacAddress;

use crate::capture::{Capture, CaptureError};
use crate::traffic::Traffic;

/// The shortest record in which an Ethernet header is complete.
const HEADER: usize = 14;
/// The shortest frame on the wire, without FCS.
pub(crate) const SHORTEST: usize = 60;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    Capture(PathBuf),
    MadeUp,
}

/// One record of a capture.
#[derive(Debug)]
pub(crate) struct Record<'r> {
    /// What was captured of the frame, without FCS.
    pub(crate) bytes: &'r [u8],
    /// How long the frame was.
    pub(crate) original: u64,
}

/// The use of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It goes to the wire.
    Wire,
    /// A part of the frame is missing.
    Truncated,
    /// It is too short for an Ethernet header.
    Malformed,
}

impl Record<'_> {
    pub(crate) fn fate(&self) -> Fate {
        if (self.bytes.len() as u64) < self.original {
            Fate::Truncated
        } else if self.bytes.len() < HEADER {
            Fate::Malformed
        } else {
            Fate::Wire
        }
    }

    /// Returns the destination address if the whole header was captured.
    pub(crate) fn destination(&self) -> Option<MacAddress> {
        if self.bytes.len() < HEADER { None } else { destination(self.bytes) }
    }
}

/// Returns the destination address of a frame.
pub(crate) fn destination(frame: &[u8]) -> Option<MacAddress> {
    frame.first_chunk().copied().map(MacAddress)
}

impl Source {
    /// Begins to read, at the first record.
    pub(crate) fn open(&self) -> Result<Records> {
        match self {
            Self::Capture(path) => Capture::open(path).map(Records::Capture).with_context(|| self.name()),
            Self::MadeUp => Ok(Records::MadeUp(Traffic::new())),
        }
    }

    /// Tells whether an address can be a virtual machine's. In generated traffic it is known which
    /// are strangers.
    pub(crate) fn may_be_guest(&self, address: MacAddress) -> bool {
        match self {
            Self::Capture(_) => true,
            Self::MadeUp => Traffic::is_guest(address),
        }
    }

    /// Returns the name for error messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Capture(path) => path.display().to_string(),
            Self::MadeUp => "generated traffic".into(),
        }
    }
}

/// The records of a source, one after the other.
pub(crate) enum Records {
    Capture(Capture),
    MadeUp(Traffic),
}

impl Records {
    /// Reads the next record; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Record<'_>>, CaptureError> {
        match self {
            Self::Capture(capture) => capture.next(),
            Self::MadeUp(traffic) => Ok(traffic.next()),
        }
    }

    /// Returns how much was read and how much there is, in units of the source's own.
    pub(crate) fn progress(&self) -> (u64, u64) {
        match self {
            Self::Capture(capture) => capture.progress(),
            Self::MadeUp(traffic) => traffic.progress(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_counts_before_what_is_short() {
        let fate = |captured: usize, original| Record { bytes: &[0; 100][..captured], original }.fate();
        assert_eq!(fate(14, 14), Fate::Wire);
        assert_eq!(fate(60, 100), Fate::Truncated);
        assert_eq!(fate(10, 100), Fate::Truncated);
        assert_eq!(fate(13, 13), Fate::Malformed);
        assert_eq!(fate(0, 0), Fate::Malformed);
        // More captured than there was: a wrong length field, nothing is missing.
        assert_eq!(fate(60, 42), Fate::Wire);
    }
}
