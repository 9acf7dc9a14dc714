//! One rule a test.

use std::collections::BTreeSet;

use vmdq_core::MacAddress;
use vmdq_core::switch::{
    DropReason, Indication, Load, NotBound, Origin, Physical, Security, Switch, Unknown, Verdict, Virtual,
};

use crate::bed::{Bed, bed, dropped, set};
use crate::{header, mac, plain, receive, send, tagged};

const GROUP: MacAddress = MacAddress([1, 0, 0x5e, 0, 0, 1]);
const BROADCAST: MacAddress = MacAddress::BROADCAST;

#[test]
fn unicast_finds_every_address_of_an_interface() {
    let Bed { mut switch, uplink, red, blue } = bed();
    for (address, owner) in [(1, red), (2, blue), (3, blue)] {
        assert_eq!(receive(&mut switch, uplink, (mac(address), mac(99)), 0).verdict, Verdict::To(owner));
    }
    assert_eq!(switch.addresses(blue).collect::<BTreeSet<_>>(), BTreeSet::from([mac(2), mac(3)]));
}

#[test]
fn what_is_for_a_neighbour_stays_inside() {
    let Bed { mut switch, red, blue, .. } = bed();
    assert_eq!(send(&mut switch, red, (mac(3), mac(1)), 0).verdict, Verdict::To(blue));
    let counters = switch.counters().traffic;
    assert_eq!((counters.local, counters.forwarded, counters.from_wire), (1, 1, 0));
}

#[test]
fn what_is_for_oneself_goes_nowhere() {
    let Bed { mut switch, blue, .. } = bed();
    let verdict = send(&mut switch, blue, (mac(2), mac(3)), 0).verdict;
    assert_eq!(verdict, dropped(DropReason::SameInterface));
}

#[test]
fn groups_reach_all_but_their_sender() {
    let Bed { mut switch, uplink, red, blue } = bed();
    for to in [BROADCAST, GROUP] {
        let sent = send(&mut switch, red, (to, mac(1)), 0).verdict;
        assert_eq!(sent, Verdict::Flood(set(&[uplink, blue])));
        let received = receive(&mut switch, uplink, (to, mac(99)), 0).verdict;
        assert_eq!(received, Verdict::Flood(set(&[red, blue])));
    }
    let blue = switch.interface_counters(blue).unwrap();
    assert_eq!((blue.delivered, blue.from_wire), (Load { frames: 4, bytes: 240 }, 0));
}

#[test]
fn what_bridges_must_not_forward_is_dropped_unless_asked_for() {
    let Bed { mut switch, uplink, red, .. } = bed();
    let pause = MacAddress([1, 0x80, 0xc2, 0, 0, 1]);
    assert_eq!(send(&mut switch, red, (pause, mac(1)), 0).verdict, dropped(DropReason::Reserved));
    assert_eq!(receive(&mut switch, uplink, (pause, mac(9)), 0).verdict, dropped(DropReason::Reserved));
    switch.set_forward_reserved(true);
    let decision = receive(&mut switch, uplink, (pause, mac(9)), 0);
    assert!(matches!(decision.verdict, Verdict::Flood(set) if set.contains(red.number())), "{decision:?}");
}

#[test]
fn a_matched_group_needs_no_header() {
    let Bed { mut switch, uplink, red, .. } = bed();
    let load = Load { frames: 64, bytes: 64 * 1514 };
    for from in [Origin::Matched { uplink, to: red }, Origin::Targeted { uplink, to: red }] {
        let decision = switch.forward(&plain(from), load, &[], 0);
        assert_eq!(decision.verdict, Verdict::To(red));
    }
    let red = switch.interface_counters(red).unwrap();
    assert_eq!((red.delivered.frames, red.delivered.bytes, red.from_wire), (128, 128 * 1514, 128));
    let uplink = switch.interface_counters(uplink).unwrap();
    assert_eq!((uplink.decisions, uplink.forwarded), (2, 128));
}

#[test]
fn a_matched_header_decides_nothing() {
    let Bed { mut switch, uplink, red, .. } = bed();
    let group = plain(Origin::Matched { uplink, to: red });
    for (to, from) in [(mac(2), mac(3)), (BROADCAST, GROUP), (MacAddress([0; 6]), MacAddress([0; 6]))] {
        assert_eq!(switch.forward(&group, Load::frame(60), &header(to, from), 0).verdict, Verdict::To(red));
    }
}

#[test]
fn nothing_is_learned_from_a_header_that_a_guest_can_write() {
    let Bed { mut switch, uplink, red, .. } = bed();
    let seen = |switch: &Switch<8, 512>| switch.find(mac(99), Default::default(), 0);
    switch.forward(
        &plain(Origin::Targeted { uplink, to: red }),
        Load::frame(60),
        &header(mac(1), mac(99)),
        0,
    );
    assert_eq!(seen(&switch), None);
    let conflict = &header(mac(1), mac(2));
    switch.forward(&plain(Origin::Targeted { uplink, to: red }), Load::frame(60), conflict, 0);
    assert_eq!(switch.counters().traffic.source_conflict, 0);
    switch.forward(&plain(Origin::Matched { uplink, to: red }), Load::frame(60), &header(mac(1), mac(99)), 0);
    assert_eq!(seen(&switch), Some(uplink));
}

#[test]
fn errors_and_short_headers_are_dropped() {
    let Bed { mut switch, uplink, red, .. } = bed();
    let origins = [Origin::Matched { uplink, to: red }, Origin::Unmatched { uplink }, Origin::Virtual(red)];
    for from in origins {
        let group = Indication { from, tag: None, error: true };
        let load = Load { frames: 5, bytes: 300 };
        let verdict = switch.forward(&group, load, &header(mac(2), mac(1)), 0).verdict;
        assert_eq!(verdict, dropped(DropReason::Error));
    }
    for from in [Origin::Unmatched { uplink }, Origin::Virtual(red)] {
        let short = &header(mac(2), mac(1))[..13];
        assert_eq!(
            switch.forward(&plain(from), Load::frame(13), short, 0).verdict,
            dropped(DropReason::Short)
        );
    }
    let dropped = switch.counters().traffic.dropped;
    assert_eq!((dropped.of(DropReason::Error), dropped.of(DropReason::Short)), (15, 2));
}

#[test]
fn a_virtual_machine_is_known_by_its_own_addresses() {
    let Bed { mut switch, uplink, red, blue } = bed();
    for (source, reason) in [
        (mac(2), DropReason::Spoofed),
        (mac(99), DropReason::Spoofed),
        (GROUP, DropReason::BadSource),
        (BROADCAST, DropReason::BadSource),
        (MacAddress([0; 6]), DropReason::BadSource),
    ] {
        assert_eq!(send(&mut switch, red, (mac(2), source), 0).verdict, dropped(reason));
    }
    assert_eq!(send(&mut switch, blue, (mac(1), mac(3)), 0).verdict, Verdict::To(red));
    for source in [GROUP, MacAddress([0; 6])] {
        let verdict = receive(&mut switch, uplink, (mac(1), source), 0).verdict;
        assert_eq!(verdict, dropped(DropReason::BadSource));
    }
}

#[test]
fn without_port_security_others_addresses_stay_others() {
    let Bed { mut switch, uplink, red, .. } = bed();
    let free = Virtual { security: Security::Learn { quota: None }, ..Virtual::default() };
    let green = switch.bind_virtual(&free).unwrap();
    assert_eq!(send(&mut switch, green, (mac(2), mac(1)), 0).verdict, dropped(DropReason::Spoofed));
    assert_eq!(send(&mut switch, green, (mac(1), mac(50)), 0).verdict, Verdict::To(red));
    assert_eq!(receive(&mut switch, uplink, (mac(50), mac(99)), 0).verdict, Verdict::To(green));
}

#[test]
fn a_conflict_on_the_wire_is_forwarded_and_counted() {
    let Bed { mut switch, uplink, red, blue } = bed();
    assert_eq!(receive(&mut switch, uplink, (mac(1), mac(2)), 0).verdict, Verdict::To(red));
    switch.forward(&plain(Origin::Matched { uplink, to: red }), Load::frame(60), &header(mac(1), mac(2)), 0);
    assert_eq!(switch.counters().traffic.source_conflict, 2);
    assert_eq!(switch.learned(uplink), 0);
    assert_eq!(send(&mut switch, red, (mac(2), mac(1)), 0).verdict, Verdict::To(blue));
}

#[test]
fn unknown_addresses_from_the_wire_go_where_the_policy_says() {
    let Bed { mut switch, uplink, red, blue } = bed();
    let unknown = (mac(77), mac(99));
    let mut verdict = |unknown_policy| {
        switch.set_unknown(uplink, unknown_policy).unwrap();
        receive(&mut switch, uplink, unknown, 0).verdict
    };
    assert_eq!(verdict(Unknown::Drop), dropped(DropReason::UnknownUnicast));
    assert_eq!(verdict(Unknown::Flood), Verdict::Flood(set(&[red, blue])));
    assert_eq!(verdict(Unknown::To(blue)), Verdict::To(blue));
    assert_eq!(verdict(Unknown::To(uplink)), dropped(DropReason::UnknownUnicast));
    switch.unbind(blue).unwrap();
    assert_eq!(receive(&mut switch, uplink, unknown, 0).verdict, dropped(DropReason::UnknownUnicast));
    assert_eq!(switch.set_unknown(red, Unknown::Flood), Err(NotBound));
}

#[test]
fn unknown_addresses_from_a_virtual_machine_go_to_the_uplinks() {
    let Bed { mut switch, uplink, red, .. } = bed();
    assert_eq!(send(&mut switch, red, (mac(77), mac(1)), 0).verdict, Verdict::To(uplink));
    let second = switch.bind_physical(&Physical::default()).unwrap();
    let verdict = send(&mut switch, red, (mac(77), mac(1)), 0).verdict;
    assert_eq!(verdict, Verdict::Flood(set(&[uplink, second])));
    // The second is where the station answers.
    receive(&mut switch, second, (mac(1), mac(77)), 0);
    assert_eq!(send(&mut switch, red, (mac(77), mac(1)), 0).verdict, Verdict::To(second));
    switch.unbind(uplink).unwrap();
    switch.unbind(second).unwrap();
    let verdict = send(&mut switch, red, (mac(77), mac(1)), 0).verdict;
    assert_eq!(verdict, dropped(DropReason::UnknownUnicast));
}

#[test]
fn service_tags_are_opaque_unless_told() {
    let Bed { mut switch, uplink, red, .. } = bed();
    let frame = tagged(mac(1), mac(99), 0x88a8, 10);
    let unmatched = plain(Origin::Unmatched { uplink });
    assert_eq!(switch.forward(&unmatched, Load::frame(60), &frame, 0).verdict, Verdict::To(red));

    switch.set_service_tags(true);
    // Red is not in VLAN 10.
    assert_eq!(
        switch.forward(&unmatched, Load::frame(60), &frame, 0).verdict,
        dropped(DropReason::UnknownUnicast)
    );
    let matched = plain(Origin::Matched { uplink, to: red });
    assert_eq!(switch.forward(&matched, Load::frame(60), &frame, 0).verdict, dropped(DropReason::VlanEgress));
    assert_eq!(switch.forward(&matched, Load::frame(60), &[], 0).verdict, dropped(DropReason::Short));
    let two = Load { frames: 2, bytes: 120 };
    assert_eq!(switch.forward(&matched, two, &frame, 0).verdict, dropped(DropReason::MixedTags));
    let targeted = plain(Origin::Targeted { uplink, to: red });
    assert_eq!(switch.forward(&targeted, Load::frame(60), &frame, 0).verdict, dropped(DropReason::MixedTags));
    // A removed tag is the outer one, and shows in descriptors.
    let removed = Indication { tag: Some(0), ..matched };
    assert_eq!(switch.forward(&removed, two, &frame, 0).verdict, Verdict::To(red));
}

/// What was answered for one group is not what is answered for the next like it, once the rules are others.
#[test]
fn a_group_like_the_last_one_is_judged_by_the_rules_of_its_own_time() {
    let Bed { mut switch, uplink, red, blue } = bed();
    let matched = plain(Origin::Matched { uplink, to: red });
    let two = Load { frames: 2, bytes: 120 };
    let verdict = |switch: &mut Switch<8, 512>, group: &Indication| {
        let frame = header(mac(1), mac(99));
        let first = switch.forward(group, two, &frame, 0);
        // The same again takes the short way.
        assert_eq!(switch.forward(group, two, &frame, 0), first);
        first.verdict
    };
    assert_eq!(verdict(&mut switch, &matched), Verdict::To(red));
    assert_eq!(verdict(&mut switch, &Indication { error: true, ..matched }), dropped(DropReason::Error));
    let tag = Indication { tag: Some(10), ..matched };
    assert_eq!(verdict(&mut switch, &tag), dropped(DropReason::VlanEgress));
    // A priority tag is no VLAN, but another tag.
    let priority = Indication { tag: Some(0xa000), ..matched };
    assert_eq!(verdict(&mut switch, &priority), Verdict::To(red));
    assert_eq!(verdict(&mut switch, &matched), Verdict::To(red));
    switch.set_service_tags(true);
    assert_eq!(verdict(&mut switch, &matched), dropped(DropReason::MixedTags));
    assert_eq!(verdict(&mut switch, &priority), Verdict::To(red));
    switch.set_service_tags(false);
    assert_eq!(verdict(&mut switch, &matched), Verdict::To(red));
    let other = plain(Origin::Matched { uplink, to: blue });
    assert_eq!(verdict(&mut switch, &other), Verdict::To(blue));
    switch.unbind(uplink).unwrap();
    assert_eq!(verdict(&mut switch, &matched), dropped(DropReason::NoInterface));
    let uplink = switch.bind_physical(&Physical::default()).unwrap();
    assert_eq!(verdict(&mut switch, &matched), dropped(DropReason::NoInterface));
    let matched = plain(Origin::Matched { uplink, to: red });
    assert_eq!(verdict(&mut switch, &matched), Verdict::To(red));
    switch.unbind(red).unwrap();
    assert_eq!(verdict(&mut switch, &matched), dropped(DropReason::Gone));
}

/// With service tags, the bytes of a single frame say the VLAN, each time anew.
#[test]
fn a_tag_in_the_bytes_is_read_each_time() {
    let Bed { mut switch, uplink, red, .. } = bed();
    switch.set_service_tags(true);
    let matched = plain(Origin::Matched { uplink, to: red });
    for _ in 0..2 {
        let bare = header(mac(1), mac(99));
        assert_eq!(switch.forward(&matched, Load::frame(60), &bare, 0).verdict, Verdict::To(red));
        let other = tagged(mac(1), mac(99), 0x88a8, 10);
        let verdict = switch.forward(&matched, Load::frame(60), &other, 0).verdict;
        assert_eq!(verdict, dropped(DropReason::VlanEgress));
    }
}

#[test]
fn reasons_have_names_of_their_own() {
    let names: BTreeSet<_> = DropReason::ALL.iter().map(|reason| reason.name()).collect();
    assert_eq!(names.len(), DropReason::ALL.len());
    assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    assert_eq!(DropReason::UnknownUnicast.to_string(), "unknown_unicast");
}
