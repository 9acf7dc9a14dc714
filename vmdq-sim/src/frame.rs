//! The controller's parser of frames: addresses, 802.1Q tag, packet type, header length.

/// Length of the frame check sequence.
pub(crate) const FCS: usize = 4;

/// Length below which a frame (without FCS) is a runt.
pub(crate) const SHORTEST: usize = 60;

/// EtherType of MAC control frames (IEEE 802.3 annex 31A).
const MAC_CONTROL: u16 = 0x8808;

/// Next header of IPv6: a fragment.
const FRAGMENT: u8 = 44;

/// A received frame, without FCS.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    bytes: Vec<u8>,
    tpid: u16,
}

/// The three kinds of destination address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cast {
    Unicast,
    Multicast,
    Broadcast,
}

/// How far the parser understands a frame.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Headers {
    pub(crate) ipv4: bool,
    pub(crate) ipv6: bool,
    pub(crate) tcp: bool,
    pub(crate) udp: bool,
    /// Whether IP says that this is a fragment, whose payload is not parsed.
    pub(crate) fragment: bool,
    /// End of the MAC header (with its tag).
    pub(crate) l2: usize,
    /// End of the IP header, if there is one.
    pub(crate) l3: usize,
    /// End of the TCP or UDP header, if there is one.
    pub(crate) l4: usize,
}

impl Frame {
    /// Parses a frame; `tpid` is the tag type that the controller is set to.
    pub(crate) fn new(bytes: Vec<u8>, tpid: u16) -> Self {
        Self { bytes, tpid }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Length on the wire, with FCS.
    pub(crate) fn wire_len(&self) -> usize {
        self.bytes.len() + FCS
    }

    /// Destination address; bytes beyond the end of a fragment read 0.
    pub(crate) fn destination(&self) -> [u8; 6] {
        core::array::from_fn(|i| self.bytes.get(i).copied().unwrap_or(0))
    }

    pub(crate) fn cast(&self) -> Cast {
        match self.destination() {
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] => Cast::Broadcast,
            [first, ..] if first & 1 != 0 => Cast::Multicast,
            _ => Cast::Unicast,
        }
    }

    fn word(&self, at: usize) -> Option<u16> {
        Some(u16::from_be_bytes([*self.bytes.get(at)?, *self.bytes.get(at + 1)?]))
    }

    /// The tag control information, if the frame carries a tag directly after the source address.
    pub(crate) fn tag(&self) -> Option<u16> {
        if self.word(12)? == self.tpid { self.word(14) } else { None }
    }

    /// The VLAN id, if tagged.
    pub(crate) fn vlan(&self) -> Option<u16> {
        self.tag().map(|tag| tag & 0x0fff)
    }

    pub(crate) fn is_pause(&self) -> bool {
        self.word(12) == Some(MAC_CONTROL) && self.word(14) == Some(1)
    }

    /// The frame without its tag.
    pub(crate) fn untagged(&self) -> Self {
        let mut bytes = self.bytes.clone();
        if self.tag().is_some() {
            bytes.drain(12..16);
        }
        Self { bytes, tpid: self.tpid }
    }

    /// The 12-bit hash that MTA and UTA are indexed by: destination bits 47:32, shifted by the
    /// filter offset (RCTL.MO, MCSTCTRL.MO).
    pub(crate) fn hash(&self, offset: u32) -> usize {
        let address = self.destination();
        let top = usize::from(address[5]) << 8 | usize::from(address[4]);
        top >> [4, 3, 2, 0][offset as usize & 3] & 0xfff
    }

    /// Parses the headers as far as the packet type of the descriptor distinguishes them. Extension
    /// headers and fragments end the walk.
    pub(crate) fn headers(&self) -> Headers {
        let l2 = if self.tag().is_some() { 18 } else { 14 };
        let mut headers = Headers { l2, ..Headers::default() };
        let (protocol, l3) = match self.word(l2 - 2) {
            Some(0x0800) if self.bytes.get(l2).is_some_and(|byte| byte >> 4 == 4) => {
                let l3 = l2 + usize::from(self.bytes[l2] & 0xf) * 4;
                let fragment = self.word(l2 + 6).unwrap_or(0) & 0x3fff != 0;
                (headers.ipv4, headers.fragment) = (true, fragment);
                (self.bytes.get(l2 + 9).copied().filter(|_| !fragment), l3)
            }
            Some(0x86dd) if self.bytes.get(l2).is_some_and(|byte| byte >> 4 == 6) => {
                let next = self.bytes.get(l2 + 6).copied();
                (headers.ipv6, headers.fragment) = (true, next == Some(FRAGMENT));
                (next, l2 + 40)
            }
            _ => return headers,
        };
        headers.l3 = l3;
        match protocol {
            Some(6) => {
                headers.tcp = true;
                headers.l4 = l3 + usize::from(self.bytes.get(l3 + 12).copied().unwrap_or(0) >> 4) * 4;
            }
            Some(17) => {
                headers.udp = true;
                headers.l4 = l3 + 8;
            }
            _ => {}
        }
        headers
    }

    /// The frame check sequence, as it follows the frame on the wire.
    pub(crate) fn fcs(bytes: &[u8]) -> [u8; FCS] {
        crc32fast::hash(bytes).to_le_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::{Cast, Frame};

    fn frame(start: &[u8]) -> Frame {
        let mut bytes = start.to_vec();
        bytes.resize(60, 0);
        Frame::new(bytes, 0x8100)
    }

    #[test]
    fn distinguishes_addresses() {
        assert_eq!(frame(&[0xff; 6]).cast(), Cast::Broadcast);
        assert_eq!(frame(&[1, 0, 0x5e, 0, 0, 1]).cast(), Cast::Multicast);
        assert_eq!(frame(&[2, 0, 0, 0, 0, 1]).cast(), Cast::Unicast);
        assert_eq!(Frame::new(vec![], 0x8100).cast(), Cast::Unicast);
    }

    #[test]
    fn finds_only_a_tag_of_the_set_type_after_the_source() {
        let tagged = frame(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0x60, 5]);
        assert_eq!((tagged.tag(), tagged.vlan()), (Some(0x6005), Some(5)));
        assert_eq!(tagged.untagged().bytes().len(), 56);
        assert_eq!(Frame::new(tagged.bytes().to_vec(), 0x88a8).tag(), None);
        assert_eq!(Frame::new(tagged.bytes()[..15].to_vec(), 0x8100).tag(), None);
    }

    #[test]
    fn hashes_as_the_filter_offset_says() {
        let group = frame(&[1, 0, 0x5e, 0, 0x34, 0x12]);
        assert_eq!([0, 1, 2, 3].map(|offset| group.hash(offset)), [0x123, 0x246, 0x48d, 0x234]);
    }

    #[test]
    fn walks_to_the_transport_header() {
        let mut bytes = vec![2; 12];
        bytes.extend([8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6]);
        bytes.resize(14 + 20 + 12, 0);
        bytes.push(0x50);
        bytes.resize(60, 0);
        let headers = Frame::new(bytes, 0x8100).headers();
        assert!(headers.ipv4 && headers.tcp && !headers.udp);
        assert_eq!((headers.l2, headers.l3, headers.l4), (14, 34, 54));
    }

    #[test]
    fn the_check_sequence_is_that_of_ethernet() {
        // The residue of a frame followed by its FCS is a constant of IEEE 802.3.
        let mut bytes = b"123456789".to_vec();
        assert_eq!(Frame::fcs(&bytes), 0xcbf4_3926_u32.to_le_bytes());
        bytes.extend(Frame::fcs(&bytes.clone()));
        assert_eq!(crc32fast::hash(&bytes), 0x2144_df1c);
    }
}
