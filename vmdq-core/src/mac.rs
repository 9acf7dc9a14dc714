//! Ethernet addresses.

use core::fmt;

/// A 48-bit Ethernet address, in the order of the wire.
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

    /// Puts an address together from its two register halves; bits above 15 of `high` are ignored.
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
    use super::MacAddress;

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
