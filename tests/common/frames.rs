//! Frames that carry a number, and addresses to send them to.

use vmdq::MacAddress;
use vmdq::switch::{Origin, Physical, Switch, Virtual};

/// A unicast address that no filter has.
pub(crate) const STRANGER: MacAddress = MacAddress([0x02, 0, 0, 0, 0x99, 0x99]);
/// A multicast address.
pub(crate) const GROUP: MacAddress = MacAddress([0x01, 0, 0x5e, 0, 0, 0x07]);
/// The address that all frames come from.
const SOURCE: [u8; 6] = [0x02, 0, 0, 0, 0xee, 0x01];
/// A type for local experiments.
const LOCAL: [u8; 2] = [0x88, 0xb5];
/// Where the number is in a frame without tag.
const NUMBER: usize = 14;

/// The address of virtual machine `i`.
pub(crate) const fn vm(i: usize) -> MacAddress {
    MacAddress([0x02, 0, 0, 0, 0x01, i as u8])
}

/// The origin of frames that a filter matched, of a switch that is not used.
pub(crate) fn matched() -> Origin {
    let mut switch = Switch::<2, 8>::new(1);
    let uplink = switch.bind_physical(&Physical::default()).expect("a place");
    Origin::Matched { uplink, to: switch.bind_virtual(&Virtual::default()).expect("a place") }
}

/// A frame of `len` bytes (without FCS), at least 18, that carries a number.
pub(crate) fn frame(to: MacAddress, number: u32, len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..len).map(|i| i as u8).collect();
    bytes[..6].copy_from_slice(&to.0);
    bytes[6..12].copy_from_slice(&SOURCE);
    bytes[12..14].copy_from_slice(&LOCAL);
    bytes[NUMBER..NUMBER + 4].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// The same with an 802.1Q tag; `len` includes it.
pub(crate) fn tagged(to: MacAddress, vlan: u16, number: u32, len: usize) -> Vec<u8> {
    let mut bytes = frame(to, number, len - 4);
    let [high, low] = vlan.to_be_bytes();
    bytes.splice(12..12, [0x81, 0x00, high, low]);
    bytes
}

/// Reads the number back.
pub(crate) fn number(bytes: &[u8]) -> u32 {
    let at = if bytes[12..14] == [0x81, 0x00] { NUMBER + 4 } else { NUMBER };
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// Reads the numbers of all frames back.
pub(crate) fn numbers(frames: &[Vec<u8>]) -> Vec<u32> {
    frames.iter().map(|bytes| number(bytes)).collect()
}
