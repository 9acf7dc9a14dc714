//! The first bytes of a frame.
#![forbid(unsafe_code)]

use super::vlan::Tag;
use crate::mac::MacAddress;

const CUSTOMER_TAG: u16 = 0x8100;
const SERVICE_TAG: u16 = 0x88a8;

/// An address as a number: byte 0 lowest, as the bytes lie in memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Address(pub(super) u64);

impl Address {
    const MASK: u64 = 0xffff_ffff_ffff;
    /// 01:80:c2:00:00:00 to 0f, which no bridge forwards.
    const RESERVED: u64 = 0x0000_00c2_8001;

    pub(super) const fn new(address: MacAddress) -> Self {
        let (low, high) = address.register_halves();
        Self((high as u64) << 32 | low as u64)
    }

    pub(super) const fn mac(self) -> MacAddress {
        MacAddress::from_register_halves(self.0 as u32, (self.0 >> 32) as u32)
    }

    #[inline(always)]
    pub(super) const fn is_group(self) -> bool {
        self.0 & 1 != 0
    }

    #[inline(always)]
    pub(super) const fn is_station(self) -> bool {
        self.0 & 1 == 0 && self.0 != 0
    }

    #[inline(always)]
    pub(super) const fn is_reserved(self) -> bool {
        self.0 & !(0x0f << 40) == Self::RESERVED
    }
}

/// Reads the source address, if the header has that many bytes.
#[inline(always)]
pub(super) fn source(header: &[u8]) -> Option<Address> {
    let [_, _, _, _, last @ ..] = *header.first_chunk::<12>()?;
    // One load, with the end of the destination in front.
    Some(Address(u64::from_le_bytes(last) >> 16))
}

/// What the switch needs of a header.
#[derive(Clone, Copy)]
pub(super) struct Header {
    pub(super) destination: Address,
    pub(super) source: Address,
    pub(super) tag: Tag,
    /// Whether another tag follows the first.
    pub(super) doubly_tagged: bool,
}

impl Header {
    /// Reads a header. `removed` is the tag that is no longer in the bytes. `None` if there are
    /// too few bytes.
    #[inline]
    pub(super) fn read(bytes: &[u8], removed: Option<u16>, service_tags: bool) -> Option<Self> {
        let source = source(bytes)?;
        let destination = Address(u64::from_le_bytes(*bytes.first_chunk()?) & Address::MASK);
        let word = |at: usize| bytes.get(at..at + 2).map(|b| u16::from_be_bytes([b[0], b[1]]));
        let is_tag = |kind| kind == CUSTOMER_TAG || kind == SERVICE_TAG && service_tags;
        let tagged = is_tag(word(12)?);
        let (tag, doubly_tagged) = match removed {
            Some(removed) => (Tag::Outside(removed), tagged),
            None if tagged => (Tag::Inside(word(14)?), is_tag(word(16)?)),
            None => (Tag::Outside(0), false),
        };
        Some(Self { destination, source, tag, doubly_tagged })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: [u8; 20] =
        [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0xfe, 0x81, 0x00, 0xe0, 0x0a, 0x88, 0xa8, 0x00, 0x14];

    #[test]
    fn addresses_and_tags_are_where_they_are() {
        let header = Header::read(&FRAME, None, false).unwrap();
        assert_eq!(header.destination.mac(), MacAddress([2, 0, 0, 0, 0, 1]));
        assert_eq!(header.source.mac(), MacAddress([2, 0, 0, 0, 0, 0xfe]));
        assert_eq!(header.tag, Tag::Inside(0xe00a));
        assert!(!header.doubly_tagged);
        assert!(Header::read(&FRAME, None, true).unwrap().doubly_tagged);
        let removed = Header::read(&FRAME, Some(7), false).unwrap();
        assert_eq!(removed.tag, Tag::Outside(7));
        assert!(removed.doubly_tagged);
    }

    #[test]
    fn what_is_cut_off_is_no_header() {
        for len in 0..18 {
            assert!(Header::read(&FRAME[..len], None, false).is_none(), "{len}");
        }
        assert!(Header::read(&FRAME[..14], Some(1), false).is_some());
        assert!(source(&FRAME[..11]).is_none());
    }

    #[test]
    fn reserved_addresses_are_sixteen() {
        let reserved = |last| Address::new(MacAddress([1, 0x80, 0xc2, 0, 0, last])).is_reserved();
        assert!((0..16).all(reserved) && !(16..=255).any(reserved));
        assert!(!Address::new(MacAddress([1, 0x80, 0xc3, 0, 0, 0])).is_reserved());
    }
}
