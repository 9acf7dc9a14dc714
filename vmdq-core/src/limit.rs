//! The frame limit of a port, and the part of the check that the hardware leaves to software.
#![forbid(unsafe_code)]

/// Bytes of the frame check sequence, which the limit counts and software never sees.
const FCS: u16 = 4;
/// Bytes of an 802.1Q tag.
const TAG: u16 = 4;
/// Tag protocol identifier of 802.1Q.
const TPID: [u8; 2] = [0x81, 0x00];

/// The longest frame that a port takes; 4 bytes more are allowed for one 802.1Q tag.
///
/// Controllers can't set this limit exactly: most know one length for tagged and untagged frames.
/// They are set 4 bytes too high, and the receive ring drops and counts frames over the limit. Where
/// the controller removes tags, the limit is still that of the frame on the wire: in memory the frame is
/// 4 bytes shorter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameLimit(u16);

impl FrameLimit {
    /// The shortest frame in memory: two addresses and a type.
    ///
    /// Devices pad frames to 60 bytes when they send.
    pub const SHORTEST: u16 = 14;
    /// The shortest limit: the shortest frame of Ethernet.
    pub const LEAST: u16 = 64;

    /// The limit of plain Ethernet: 1518 bytes.
    pub const ETHERNET: Self = Self(1518);

    /// Makes a limit of `max_frame` bytes with FCS, or `None` if it is below 64 or above `most`.
    #[must_use]
    pub const fn new(max_frame: u16, most: u16) -> Option<Self> {
        if max_frame < Self::LEAST || max_frame > most { None } else { Some(Self(max_frame)) }
    }

    /// Returns the limit as it was given: with FCS, without a tag.
    #[must_use]
    pub const fn with_fcs(self) -> u16 {
        self.0
    }

    /// Returns the longest untagged frame in memory, without FCS.
    #[inline(always)]
    #[must_use]
    pub const fn untagged(self) -> u16 {
        self.0 - FCS
    }

    /// Returns the longest tagged frame in memory, without FCS and with its tag.
    #[inline(always)]
    #[must_use]
    pub const fn tagged(self) -> u16 {
        (self.0 - FCS).saturating_add(TAG)
    }

    /// Returns what hardware that knows one length for all frames is set to: with FCS and tag.
    #[must_use]
    pub const fn hardware(self) -> u16 {
        self.0.saturating_add(TAG)
    }

    /// Returns how many bytes a buffer must hold for every frame that hardware lets pass.
    #[must_use]
    pub const fn buffer_bytes(self) -> usize {
        // Some hardware adds 4 bytes for a tag on its own.
        self.0 as usize + 2 * TAG as usize - FCS as usize
    }

    /// Tells whether a frame in memory (without FCS) is too long.
    #[must_use]
    pub fn refuses(self, frame: &[u8]) -> bool {
        self.refuses_length(frame.len(), frame)
    }

    /// Tells whether a frame of `len` bytes in memory (without FCS) is too long, of which `header` holds
    /// the first.
    #[must_use]
    pub fn refuses_length(self, len: usize, header: &[u8]) -> bool {
        let tagged = header.get(12..14) == Some(&TPID[..]);
        len > usize::from(if tagged { self.tagged() } else { self.untagged() })
    }

    /// Tells whether a frame of `len` bytes in memory, from which the controller removed a tag, is too
    /// long.
    ///
    /// The tag that the limit leaves room for is the removed one: if another one follows, it counts.
    #[must_use]
    pub const fn refuses_stripped(self, len: usize) -> bool {
        len > self.untagged() as usize
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn a_tag_allows_four_bytes_more() {
        let limit = FrameLimit::new(1518, 9728).unwrap();
        let mut frame = std::vec![0; 1514];
        assert!(!limit.refuses(&frame));
        frame.push(0);
        assert!(limit.refuses(&frame));
        frame[12..14].copy_from_slice(&TPID);
        assert!(!limit.refuses(&frame));
        frame.extend([0; 3]);
        assert!(!limit.refuses(&frame));
        frame.push(0);
        assert!(limit.refuses(&frame));
    }

    #[test]
    fn a_removed_tag_was_the_one_that_is_allowed() {
        let limit = FrameLimit::new(1518, 9728).unwrap();
        // 1522 bytes on the wire with its tag and FCS.
        let mut frame = std::vec![0; 1514];
        assert!(!limit.refuses_stripped(frame.len()));
        frame.push(0);
        assert!(limit.refuses_stripped(frame.len()));
        // A second tag gives no more room.
        frame[12..14].copy_from_slice(&TPID);
        assert!(limit.refuses_stripped(frame.len()));
        assert!(!limit.refuses(&frame));
    }

    #[test]
    fn limits_have_a_range() {
        assert_eq!(FrameLimit::new(1518, 9728).map(FrameLimit::buffer_bytes), Some(1522));
        assert_eq!(FrameLimit::new(63, 9728), None);
        assert_eq!(FrameLimit::new(9729, 9728), None);
    }
}
