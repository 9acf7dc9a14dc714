//! The key of a frame: an address and a VLAN, in one word.
#![forbid(unsafe_code)]

use core::fmt;

use crate::mac::MacAddress;

/// An address and a VLAN as one number, so that they compare in one step.
///
/// Frames without a tag and frames of VLAN 0 have the same key: that id says that a frame has a
/// priority and belongs to no VLAN.
///
/// # Examples
///
/// ```
/// use vmdq_core::MacAddress;
/// use vmdq_core::classify::Key;
///
/// let header = [2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 9, 8, 0];
/// let tag = 0xa005; // priority 5, VLAN 5
/// assert_eq!(Key::destination(&header, Some(tag)), Key::new(MacAddress([2, 0, 0, 0, 0, 7]), Some(5)));
/// assert_eq!(Key::source(&header, None), Key::new(MacAddress([2, 0, 0, 0, 0, 9]), None));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u64);

impl Key {
    const ADDRESS: u64 = 0xffff_ffff_ffff;
    /// VLAN ids are in bits 63:52, so that the shift throws priority and DEI away.
    const VLAN: u32 = 52;

    /// Puts an address and a VLAN together; of a tag, only the VLAN id counts.
    #[must_use]
    pub const fn new(address: MacAddress, tag: Option<u16>) -> Self {
        let [a, b, c, d, e, f] = address.0;
        Self::read(Some(&[a, b, c, d, e, f, 0, 0]), tag)
    }

    /// Reads the destination address of an Ethernet header; `tag` is the one that the controller
    /// removed.
    #[inline(always)]
    #[must_use]
    pub const fn destination(header: &[u8; 14], tag: Option<u16>) -> Self {
        Self::read(header.first_chunk(), tag)
    }

    /// Reads the source address of an Ethernet header; `tag` is the one that the controller removed.
    #[inline(always)]
    #[must_use]
    pub const fn source(header: &[u8; 14], tag: Option<u16>) -> Self {
        Self::read(header.last_chunk(), tag)
    }

    /// One load of 8 bytes for 6: a mask costs less than a second load. There always are 8 bytes;
    /// as an array that was put together byte by byte, they would be loaded so.
    #[inline(always)]
    const fn read(bytes: Option<&[u8; 8]>, tag: Option<u16>) -> Self {
        let bytes = match bytes {
            Some(bytes) => *bytes,
            None => [0; 8],
        };
        let tag = match tag {
            Some(tag) => tag as u64,
            None => 0,
        };
        Self(u64::from_le_bytes(bytes) & Self::ADDRESS | tag << Self::VLAN)
    }

    /// Returns the address.
    #[must_use]
    pub const fn address(self) -> MacAddress {
        let [a, b, c, d, e, f, ..] = self.0.to_le_bytes();
        MacAddress([a, b, c, d, e, f])
    }

    /// Returns the VLAN id, 0 if it is none.
    #[must_use]
    pub const fn vlan(self) -> u16 {
        (self.0 >> Self::VLAN) as u16
    }

    /// A word that no key is: bits 51:48 of keys are zero.
    pub(super) const NONE: u64 = 1 << 48;

    #[inline(always)]
    pub(super) const fn word(self) -> u64 {
        self.0
    }

    pub(super) const fn from_word(word: u64) -> Self {
        Self(word)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} vlan {}", self.address(), self.vlan())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Key {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{} vlan {}", self.address(), self.vlan());
    }
}
