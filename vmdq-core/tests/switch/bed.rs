//! A switch with one uplink and two virtual machines.

use vmdq_core::switch::{DropReason, InterfaceId, InterfaceSet, Physical, Switch, Verdict, Virtual};

use crate::mac;

pub(crate) struct Bed {
    pub(crate) switch: Switch<8, 512>,
    pub(crate) uplink: InterfaceId,
    pub(crate) red: InterfaceId,
    pub(crate) blue: InterfaceId,
}

/// One uplink, two virtual machines; red has address 1, blue addresses 2 and 3.
pub(crate) fn bed() -> Bed {
    let mut switch = Switch::new(7);
    let uplink = switch.bind_physical(&Physical::default()).unwrap();
    let red = switch.bind_virtual(&Virtual::default()).unwrap();
    let blue = switch.bind_virtual(&Virtual::default()).unwrap();
    switch.bind_address(red, mac(1)).unwrap();
    switch.bind_address(blue, mac(2)).unwrap();
    switch.bind_address(blue, mac(3)).unwrap();
    Bed { switch, uplink, red, blue }
}

pub(crate) fn set(ids: &[InterfaceId]) -> InterfaceSet {
    ids.iter().map(|id| id.number()).collect()
}

pub(crate) fn dropped(reason: DropReason) -> Verdict {
    Verdict::Drop(reason)
}
