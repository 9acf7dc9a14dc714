//! The virtual switch, through its public API.

mod bed;
mod binding;
mod learning;
mod model;
mod properties;
mod rules;
mod steering;
mod steps;
mod vlans;

use vmdq_core::MacAddress;
use vmdq_core::switch::{Decision, Indication, InterfaceId, Load, Origin, Switch};

/// The address of a station.
fn mac(last: u8) -> MacAddress {
    MacAddress([2, 0, 0, 0, 0, last])
}

/// The beginning of an untagged frame.
fn header(to: MacAddress, from: MacAddress) -> [u8; 18] {
    let mut bytes = [0; 18];
    bytes[..6].copy_from_slice(&to.0);
    bytes[6..12].copy_from_slice(&from.0);
    bytes[12..14].copy_from_slice(&[0x08, 0x00]);
    bytes
}

/// The beginning of a frame with a tag in its bytes.
fn tagged(to: MacAddress, from: MacAddress, kind: u16, tag: u16) -> [u8; 18] {
    let mut bytes = header(to, from);
    bytes[12..14].copy_from_slice(&kind.to_be_bytes());
    bytes[14..16].copy_from_slice(&tag.to_be_bytes());
    bytes
}

fn plain(from: Origin) -> Indication {
    Indication { from, tag: None, error: false }
}

/// A frame of 60 bytes from a virtual machine, without a tag.
fn send<const I: usize, const A: usize>(
    switch: &mut Switch<I, A>,
    from: InterfaceId,
    (to, source): (MacAddress, MacAddress),
    now: u64,
) -> Decision {
    switch.forward(&plain(Origin::Virtual(from)), Load::frame(60), &header(to, source), now)
}

/// A frame of 60 bytes from the wire, without a tag, of the default queue.
fn receive<const I: usize, const A: usize>(
    switch: &mut Switch<I, A>,
    uplink: InterfaceId,
    (to, source): (MacAddress, MacAddress),
    now: u64,
) -> Decision {
    switch.forward(&plain(Origin::Unmatched { uplink }), Load::frame(60), &header(to, source), now)
}
