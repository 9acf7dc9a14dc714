//! Ethernet addresses.

use core::fmt;
use core::str::FromStr;

/// A 48-bit Ethernet address, in wire order.
///
/// # Examples
///
/// ```
/// use vmdq_core::MacAddress;
///
/// let address: MacAddress = "52:54:00:12:34:56".parse()?;
/// assert_eq!(address, MacAddress([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]));
/// # Ok::<(), vmdq_core::ParseMacError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress(pub [u8; 6]);

impl MacAddress {
    /// The broadcast address.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// Tells whether the group bit is set: multicast, broadcast included.
    #[must_use]
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 != 0
    }

    /// Tells whether this is the broadcast address.
    #[must_use]
    pub const fn is_broadcast(self) -> bool {
        matches!(self.0, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
    }

    /// Tells whether the address can name one station: neither a group nor all zero.
    #[must_use]
    pub const fn is_station(self) -> bool {
        !self.is_group() && !matches!(self.0, [0, 0, 0, 0, 0, 0])
    }

    /// Returns the two register halves: bytes 0 to 3 (RAL) and bytes 4 and 5 (RAH), little endian.
    #[must_use]
    pub const fn register_halves(self) -> (u32, u32) {
        let [a, b, c, d, e, f] = self.0;
        (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, 0, 0]))
    }

    /// Makes an address from its two register halves; bits above 15 of `high` are ignored.
    #[must_use]
    pub const fn from_register_halves(low: u32, high: u32) -> Self {
        let [a, b, c, d] = low.to_le_bytes();
        let [e, f, ..] = high.to_le_bytes();
        Self([a, b, c, d, e, f])
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// Reads six bytes of two hexadecimal digits each, between colons or between hyphens.
impl FromStr for MacAddress {
    type Err = ParseMacError;

    fn from_str(text: &str) -> Result<Self, ParseMacError> {
        let separator = if text.contains('-') { '-' } else { ':' };
        let mut bytes = [0; 6];
        let mut count = 0;
        for part in text.split(separator) {
            let &[high, low] = part.as_bytes() else { return Err(ParseMacError::Digits { byte: count }) };
            let byte = digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low);
            let byte = byte.ok_or(ParseMacError::Digits { byte: count })?;
            *bytes.get_mut(usize::from(count)).ok_or(ParseMacError::TooManyBytes)? = byte;
            count += 1;
        }
        if usize::from(count) < bytes.len() {
            Err(ParseMacError::TooFewBytes { bytes: count })
        } else {
            Ok(Self(bytes))
        }
    }
}

/// Reads a hexadecimal digit.
const fn digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Why a text is not an Ethernet address.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ParseMacError {
    /// A byte is not two hexadecimal digits: write two, as in `0a`, and use one kind of separator.
    Digits {
        /// Which byte, from 0.
        byte: u8,
    },
    /// There are fewer than six bytes: write all of them, with a colon or a hyphen between each two.
    TooFewBytes {
        /// How many there are.
        bytes: u8,
    },
    /// There are more than six bytes: remove the rest.
    TooManyBytes,
}

impl fmt::Display for ParseMacError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digits { byte } => {
                write!(
                    f,
                    "byte {byte} of the address (from 0) is not two hexadecimal digits: write two, as in 0a"
                )
            }
            Self::TooFewBytes { bytes } => {
                write!(f, "the address has {bytes} bytes of 6: write all of them, with colons between")
            }
            Self::TooManyBytes => f.write_str("the address has more than 6 bytes: remove the rest"),
        }
    }
}
impl core::error::Error for ParseMacError {}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for MacAddress {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=[u8; 6]:02x}", self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::{MacAddress, ParseMacError};

    #[test]
    fn addresses_are_read_with_colons_or_hyphens() {
        let address = Ok(MacAddress([0x52, 0x54, 0x00, 0xab, 0xCD, 0xef]));
        assert_eq!("52:54:00:ab:cd:ef".parse(), address);
        assert_eq!("52-54-00-AB-cD-EF".parse(), address);
    }

    #[test]
    fn what_is_no_address_says_why() {
        use ParseMacError::{Digits, TooFewBytes, TooManyBytes};
        let read = |text: &str| text.parse::<MacAddress>();
        assert_eq!(read(""), Err(Digits { byte: 0 }));
        assert_eq!(read("52:54"), Err(TooFewBytes { bytes: 2 }));
        assert_eq!(read("52:54:00:12:34"), Err(TooFewBytes { bytes: 5 }));
        assert_eq!(read("52:54:00:12:34:56:78"), Err(TooManyBytes));
        assert_eq!(read("52:54:00:12:34:5"), Err(Digits { byte: 5 }));
        assert_eq!(read("52:54:00:12:34:567"), Err(Digits { byte: 5 }));
        assert_eq!(read("52:54:0g:12:34:56"), Err(Digits { byte: 2 }));
        assert_eq!(read("52:54:00:12:34:+6"), Err(Digits { byte: 5 }));
        assert_eq!(read("52:54:00:12:34:56:"), Err(Digits { byte: 6 }));
        assert_eq!(read("52:54-00:12:34:56"), Err(Digits { byte: 0 }));
        assert_eq!(read("525400123456"), Err(Digits { byte: 0 }));
    }

    #[test]
    fn register_halves_are_little_endian() {
        let mac = MacAddress([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]);
        // What QEMU's igb shows in RAL0 and RAH0 for this address (there with AV set).
        assert_eq!(mac.register_halves(), (0x1200_5452, 0x0000_5634));
        assert_eq!(MacAddress::from_register_halves(0x1200_5452, 0x8000_5634), mac);
    }

    #[test]
    fn only_a_single_station_is_a_station() {
        assert!(MacAddress([2, 0, 0, 0, 0, 1]).is_station());
        assert!(!MacAddress([0; 6]).is_station());
        assert!(!MacAddress([1, 0, 0x5e, 0, 0, 1]).is_station());
        assert!(!MacAddress::BROADCAST.is_station());
    }
}
