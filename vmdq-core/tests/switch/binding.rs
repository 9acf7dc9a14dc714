//! Interfaces and addresses that come, go, are too many or belong together.

use std::sync::Mutex;

use vmdq_core::MacAddress;
use vmdq_core::switch::{
    AddressError, DropReason, InterfaceError, Load, NotBound, Origin, Physical, Switch, Verdict, Virtual,
};

use crate::bed::{Bed, bed, dropped, set};
use crate::{mac, plain, receive, send};

const GROUP: MacAddress = MacAddress([1, 0, 0x5e, 0, 0, 1]);
const BROADCAST: MacAddress = MacAddress::BROADCAST;

#[test]
fn an_address_is_bound_once() {
    let Bed { mut switch, uplink, red, blue } = bed();
    assert_eq!(switch.bind_address(blue, mac(1)), Err(AddressError::Taken(red)));
    assert_eq!(switch.bind_address(red, mac(1)), Err(AddressError::Taken(red)));
    assert_eq!(switch.bind_address(red, GROUP), Err(AddressError::NotUnicast));
    assert_eq!(switch.bind_address(red, MacAddress([0; 6])), Err(AddressError::NotUnicast));
    assert_eq!(switch.bind_address(uplink, mac(9)), Err(AddressError::NotVirtual));
    assert_eq!(switch.unbind_address(red, mac(2)), Ok(false));
    assert_eq!(switch.unbind_address(red, mac(1)), Ok(true));
    assert_eq!(switch.bind_address(blue, mac(1)), Ok(()));
    assert_eq!(receive(&mut switch, uplink, (mac(1), mac(99)), 0).verdict, Verdict::To(blue));
}

#[test]
fn static_addresses_are_limited() {
    let mut switch = Switch::<2, 8>::new(0);
    let red = switch.bind_virtual(&Virtual::default()).unwrap();
    assert_eq!(Switch::<2, 8>::STATIC_ADDRESSES, 8);
    assert!((0..8).all(|i| switch.bind_address(red, mac(i)).is_ok()));
    assert_eq!(switch.bind_address(red, mac(8)), Err(AddressError::Full));
    assert!((0..8).all(|i| switch.find(mac(i), Default::default(), 0) == Some(red)));
}

#[test]
fn uplinks_do_not_bridge_unless_told() {
    let Bed { mut switch, uplink, red, blue } = bed();
    let second = switch.bind_physical(&Physical::default()).unwrap();
    receive(&mut switch, second, (mac(1), mac(88)), 0);
    let flood = Verdict::Flood(set(&[red, blue]));
    assert_eq!(receive(&mut switch, uplink, (BROADCAST, mac(99)), 0).verdict, flood);
    assert_eq!(receive(&mut switch, uplink, (mac(88), mac(99)), 0).verdict, dropped(DropReason::NoPath));
    assert_eq!(
        receive(&mut switch, uplink, (mac(77), mac(99)), 0).verdict,
        dropped(DropReason::UnknownUnicast)
    );
    // Stations behind an interface's own uplink do not conflict.
    let same = receive(&mut switch, uplink, (mac(99), mac(98)), 0).verdict;
    assert_eq!(same, dropped(DropReason::SameInterface));

    switch.set_bridge_uplinks(true);
    let flood = Verdict::Flood(set(&[red, blue, second]));
    assert_eq!(receive(&mut switch, uplink, (BROADCAST, mac(99)), 0).verdict, flood);
    for to in [mac(88), mac(77)] {
        assert_eq!(receive(&mut switch, uplink, (to, mac(99)), 0).verdict, Verdict::To(second));
    }
    assert_eq!(switch.interface_counters(second).unwrap().from_wire, 0);
}

#[test]
fn an_interface_that_is_tied_to_an_uplink_knows_no_other() {
    let Bed { mut switch, uplink, red, blue } = bed();
    let second = switch.bind_physical(&Physical::default()).unwrap();
    let tied = Virtual { uplink: Some(second), ..Virtual::default() };
    let green = switch.bind_virtual(&tied).unwrap();
    switch.bind_address(green, mac(5)).unwrap();

    let sent = send(&mut switch, green, (BROADCAST, mac(5)), 0).verdict;
    assert_eq!(sent, Verdict::Flood(set(&[second, red, blue])));
    let received = receive(&mut switch, uplink, (BROADCAST, mac(99)), 0).verdict;
    assert_eq!(received, Verdict::Flood(set(&[red, blue])));
    // Both uplinks are in one network: the station was seen behind the other.
    assert_eq!(send(&mut switch, green, (mac(99), mac(5)), 0).verdict, Verdict::To(second));
    assert_eq!(receive(&mut switch, uplink, (mac(5), mac(99)), 0).verdict, dropped(DropReason::NoPath));
    let group = plain(Origin::Matched { uplink, to: green });
    assert_eq!(switch.forward(&group, Load::frame(60), &[], 0).verdict, dropped(DropReason::NoPath));
    assert_eq!(send(&mut switch, red, (mac(5), mac(1)), 0).verdict, Verdict::To(green));

    // Its uplink's successor is not its uplink.
    switch.unbind(second).unwrap();
    let third = switch.bind_physical(&Physical::default()).unwrap();
    assert_eq!(third.number(), second.number());
    assert_eq!(send(&mut switch, green, (mac(99), mac(5)), 0).verdict, dropped(DropReason::UnknownUnicast));
    assert_eq!(switch.bind_virtual(&tied), Err(InterfaceError::NoUplink));
}

#[test]
fn what_is_under_way_for_one_that_is_gone_does_not_reach_its_successor() {
    let Bed { mut switch, uplink, red, blue } = bed();
    send(&mut switch, red, (mac(2), mac(1)), 0);
    let last = switch.unbind(red).unwrap();
    assert_eq!((last.received.frames, last.local), (1, 1));
    assert_eq!(switch.unbind(red), Err(NotBound));
    let green = switch.bind_virtual(&Virtual::default()).unwrap();
    assert_eq!(green.number(), red.number());
    assert_ne!(green, red);

    let group = plain(Origin::Matched { uplink, to: red });
    assert_eq!(switch.forward(&group, Load::frame(60), &[], 0).verdict, dropped(DropReason::Gone));
    assert_eq!(send(&mut switch, red, (mac(2), mac(1)), 0).verdict, dropped(DropReason::NoInterface));
    assert_eq!(switch.bind_address(red, mac(1)), Err(AddressError::NotBound));
    assert_eq!(
        receive(&mut switch, uplink, (mac(1), mac(99)), 0).verdict,
        dropped(DropReason::UnknownUnicast)
    );
    assert_eq!(switch.interface_counters(green).unwrap().received.frames, 0);
    assert_eq!(switch.id(green.number()), Some(green));
    // The total forgets nothing: neither red's frame nor the one without an interface.
    let total = switch.counters().traffic;
    assert_eq!((total.received.frames, total.local, total.dropped.total()), (4, 1, 3));
    assert_eq!(switch.addresses(red).count(), 0);
    assert_eq!(switch.addresses(blue).count(), 2);
}

#[test]
fn an_interface_of_the_wrong_kind_is_none() {
    let Bed { mut switch, uplink, red, .. } = bed();
    let none = dropped(DropReason::NoInterface);
    assert_eq!(send(&mut switch, uplink, (mac(1), mac(99)), 0).verdict, none);
    assert_eq!(receive(&mut switch, red, (mac(2), mac(1)), 0).verdict, none);
    let group = plain(Origin::Matched { uplink: red, to: red });
    assert_eq!(switch.forward(&group, Load::frame(60), &[], 0).verdict, none);
    let group = plain(Origin::Matched { uplink, to: uplink });
    assert_eq!(switch.forward(&group, Load::frame(60), &[], 0).verdict, dropped(DropReason::Gone));
}

#[test]
fn a_full_switch_says_so() {
    static SWITCH: Mutex<Switch<128, 8192>> = Mutex::new(Switch::new(0));
    let mut switch = SWITCH.lock().unwrap();
    let ids: Vec<_> = (0..128).map(|_| switch.bind_virtual(&Virtual::default()).unwrap()).collect();
    assert_eq!(switch.bind_virtual(&Virtual::default()), Err(InterfaceError::Full));
    assert_eq!(switch.interfaces().len(), 128);
    switch.bind_address(ids[127], mac(1)).unwrap();
    let verdict = send(&mut switch, ids[127], (BROADCAST, mac(1)), 0).verdict;
    assert!(matches!(verdict, Verdict::Flood(set) if set.len() == 127 && !set.contains(127)));
}

#[test]
fn one_alone_reaches_nobody() {
    let mut switch = Switch::<2, 8>::new(0);
    let red = switch.bind_virtual(&Virtual::default()).unwrap();
    switch.bind_address(red, mac(1)).unwrap();
    assert_eq!(send(&mut switch, red, (BROADCAST, mac(1)), 0).verdict, dropped(DropReason::Nobody));
}
