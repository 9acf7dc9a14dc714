//! Learning, moving, ageing, and the bounds of the table.

use vmdq_core::MacAddress;
use vmdq_core::switch::{
    Indication, InterfaceId, LearningCounters, Load, Origin, Physical, Security, Switch, Verdict, Virtual,
    Vlan, VlanMembership, VlanSet,
};

use crate::{header, mac, plain, receive, send};

const HERE: Vlan = Vlan::UNTAGGED;

fn free(quota: Option<u32>) -> Virtual {
    Virtual { security: Security::Learn { quota }, ..Virtual::default() }
}

/// The n-th of many stations.
fn station(n: u32) -> MacAddress {
    let [a, b, c, d] = n.to_be_bytes();
    MacAddress([6, 1, a, b, c, d])
}

fn bed<const A: usize>(quota: Option<u32>) -> (Switch<8, A>, InterfaceId, InterfaceId) {
    let mut switch = Switch::new(11);
    let uplink = switch.bind_physical(&Physical::default()).unwrap();
    let guest = switch.bind_virtual(&free(quota)).unwrap();
    (switch, uplink, guest)
}

#[test]
fn a_silent_station_is_forgotten() {
    let (mut switch, uplink, guest) = bed::<64>(None);
    switch.set_age(100);
    receive(&mut switch, uplink, (mac(1), mac(99)), 50);
    assert_eq!(switch.find(mac(99), HERE, 150), Some(uplink));
    assert_eq!(switch.find(mac(99), HERE, 151), None);
    // A clock that goes back makes nothing old.
    assert_eq!(switch.find(mac(99), HERE, 0), Some(uplink));
    assert_eq!((switch.sweep(150), switch.learned(uplink)), (0, 1));
    receive(&mut switch, uplink, (mac(1), mac(99)), 150);
    assert_eq!((switch.sweep(250), switch.learned(uplink)), (0, 1));
    assert_eq!((switch.sweep(251), switch.learned(uplink)), (1, 0));
    let counters = switch.counters().learning;
    assert_eq!(counters, LearningCounters { learned: 1, aged: 1, ..LearningCounters::default() });
    // Without a sweep, one that comes again after its time is new.
    receive(&mut switch, uplink, (mac(1), mac(99)), 300);
    receive(&mut switch, uplink, (mac(1), mac(99)), 401);
    let counters = switch.counters().learning;
    assert_eq!((counters.learned, counters.aged, switch.learned(uplink)), (3, 2, 1));
    assert_eq!(switch.learned(guest), 0);
}

#[test]
fn a_station_moves() {
    let (mut switch, uplink, guest) = bed::<64>(None);
    let second = switch.bind_physical(&Physical::default()).unwrap();
    // Within the physical side, to the virtual one and back; several times in one millisecond.
    for (times, at) in [uplink, second, uplink, guest, second, guest, uplink].into_iter().enumerate() {
        if at == guest {
            send(&mut switch, at, (mac(1), mac(99)), 5);
        } else {
            receive(&mut switch, at, (mac(1), mac(99)), 5);
        }
        assert_eq!(switch.find(mac(99), HERE, 5), Some(at));
        assert_eq!(switch.counters().learning.moved, times as u64);
        for id in [uplink, second, guest] {
            assert_eq!(switch.learned(id), usize::from(id == at));
        }
    }
    assert_eq!(switch.counters().learning.learned, 1);
}

/// As above, with groups that filters sorted, of which each repeats the one before.
#[test]
fn a_station_moves_between_sorted_groups() {
    let (mut switch, uplink, guest) = bed::<64>(None);
    let second = switch.bind_physical(&Physical::default()).unwrap();
    for (moved, at) in (0..).zip([uplink, second, uplink, second]) {
        for _ in 0..3 {
            let group = plain(Origin::Matched { uplink: at, to: guest });
            switch.forward(&group, Load::frame(60), &header(mac(1), mac(99)), 5);
            assert_eq!((switch.find(mac(99), HERE, 5), switch.learned(at)), (Some(at), 1));
        }
        assert_eq!(switch.counters().learning.moved, moved);
    }
    // A conflict is counted each time.
    switch.bind_address(guest, mac(99)).unwrap();
    for _ in 0..3 {
        let group = plain(Origin::Matched { uplink: second, to: guest });
        switch.forward(&group, Load::frame(60), &header(mac(1), mac(99)), 5);
    }
    assert_eq!(switch.counters().traffic.source_conflict, 3);
}

/// A station is one in each VLAN, also if sorted groups of several VLANs come from it at once.
#[test]
fn a_station_is_learned_in_each_vlan_of_sorted_groups() {
    let mut switch = Switch::<8, 64>::new(7);
    let vlans = [5, 6].map(|id| Vlan::new(id).unwrap());
    let uplink = switch.bind_physical(&Physical::default()).unwrap();
    let tagged = VlanSet::from_iter(vlans);
    let settings = Virtual { vlans: VlanMembership::Trunk { tagged, native: None }, ..Virtual::default() };
    let guest = switch.bind_virtual(&settings).unwrap();
    for (round, vlan) in vlans.into_iter().enumerate() {
        let from = Origin::Matched { uplink, to: guest };
        let group = Indication { from, tag: Some(vlan.id()), error: false };
        let decision = switch.forward(&group, Load::frame(60), &header(mac(1), mac(99)), 0);
        assert_eq!((decision.verdict, decision.vlan()), (Verdict::To(guest), vlan));
        assert_eq!(switch.learned(uplink), round + 1);
        assert_eq!(switch.find(mac(99), vlan, 0), Some(uplink));
    }
    assert_eq!(switch.interface_counters(guest).unwrap().from_wire, 2);
}

#[test]
fn a_place_where_one_guest_is_has_room_for_another() {
    // One bucket, in which every address is.
    let mut switch = Switch::<8, 8>::new(1);
    let greedy = switch.bind_virtual(&free(Some(u32::MAX))).unwrap();
    let other = switch.bind_virtual(&free(Some(u32::MAX))).unwrap();
    for n in 0..100 {
        send(&mut switch, greedy, (mac(1), station(n)), 1 + u64::from(n));
        assert_eq!(switch.find(station(n), HERE, 100), Some(greedy));
    }
    assert_eq!(switch.learned(greedy), 2);
    send(&mut switch, other, (mac(1), station(500)), 200);
    assert_eq!(switch.find(station(500), HERE, 200), Some(other));
    // Its own oldest gave way.
    assert_eq!(switch.find(station(98), HERE, 200), Some(greedy));
    assert_eq!(switch.find(station(97), HERE, 200), None);
}

#[test]
fn an_address_that_is_bound_is_no_longer_learned() {
    let (mut switch, uplink, guest) = bed::<64>(None);
    receive(&mut switch, uplink, (mac(1), mac(99)), 5);
    switch.bind_address(guest, mac(99)).unwrap();
    assert_eq!((switch.learned(uplink), switch.find(mac(99), HERE, 5)), (0, Some(guest)));
    receive(&mut switch, uplink, (mac(1), mac(99)), 5);
    assert_eq!((switch.learned(uplink), switch.counters().traffic.source_conflict), (0, 1));
    switch.unbind_address(guest, mac(99)).unwrap();
    assert_eq!(switch.find(mac(99), HERE, 5), None);
    receive(&mut switch, uplink, (mac(1), mac(99)), 5);
    assert_eq!(switch.find(mac(99), HERE, 5), Some(uplink));
}

#[test]
fn what_an_interface_learned_goes_with_it() {
    let (mut switch, uplink, guest) = bed::<64>(None);
    receive(&mut switch, uplink, (mac(1), mac(99)), 5);
    send(&mut switch, guest, (mac(1), mac(50)), 5);
    switch.unbind(guest).unwrap();
    let next = switch.bind_virtual(&free(None)).unwrap();
    assert_eq!(next.number(), guest.number());
    assert_eq!((switch.find(mac(50), HERE, 5), switch.learned(next)), (None, 0));
    assert_eq!(switch.find(mac(99), HERE, 5), Some(uplink));
}

#[test]
fn a_hostile_guest_pushes_nobody_out() {
    let (mut switch, uplink, hostile) = bed::<256>(Some(20));
    let victim = switch.bind_virtual(&free(Some(20))).unwrap();
    let known: Vec<_> = (0..40).map(|n| (station(n), if n < 20 { uplink } else { victim })).collect();
    for (address, at) in &known {
        if *at == uplink {
            receive(&mut switch, uplink, (mac(1), *address), 5);
        } else {
            send(&mut switch, victim, (mac(1), *address), 5);
        }
    }
    let before: Vec<_> = known.iter().filter(|(a, at)| switch.find(*a, HERE, 5) == Some(*at)).collect();
    assert!(before.len() >= 38, "{}", before.len());
    let held = switch.learned(victim);
    for n in 0..100_000 {
        send(&mut switch, hostile, (mac(1), station(1000 + n)), 6 + u64::from(n) / 1000);
        assert!(switch.learned(hostile) <= 20);
    }
    for (address, at) in before {
        assert_eq!(switch.find(*address, HERE, 200), Some(*at));
    }
    assert_eq!((switch.learned(uplink), switch.learned(victim)), (20, held));
    let counters = switch.counters().learning;
    assert_eq!(counters.learned + counters.not_learned, 100_000 + 40);
    assert_eq!(
        counters.learned - counters.replaced - counters.aged,
        (20 + held + switch.learned(hostile)) as u64
    );
}

#[test]
fn many_hostile_guests_leave_the_wire_its_half() {
    let mut switch = Switch::<128, 256>::new(11);
    let uplink = switch.bind_physical(&Physical::default()).unwrap();
    let hostile: Vec<_> = (0..127).map(|_| switch.bind_virtual(&free(Some(u32::MAX))).unwrap()).collect();
    for n in 0..127_000 {
        send(&mut switch, hostile[n as usize % 127], (mac(1), station(1000 + n)), 1);
    }
    assert!(hostile.iter().map(|id| switch.learned(*id)).sum::<usize>() <= 128);
    for n in 0..40 {
        receive(&mut switch, uplink, (mac(1), station(n)), 2);
    }
    let found = (0..40).filter(|n| switch.find(station(*n), HERE, 2) == Some(uplink)).count();
    assert!(found >= 38, "{found}");
}

#[test]
fn a_flood_from_the_wire_leaves_the_guests_theirs() {
    let (mut switch, uplink, guest) = bed::<64>(Some(4));
    for n in 0..4 {
        send(&mut switch, guest, (mac(1), station(n)), 1);
    }
    let held = switch.learned(guest);
    assert!(held >= 3);
    for n in 0..10_000 {
        receive(&mut switch, uplink, (mac(1), station(100 + n)), 2 + u64::from(n));
        // The newest is always learned; the longest silent of its bucket gives way.
        assert_eq!(switch.find(station(100 + n), HERE, 2 + u64::from(n)), Some(uplink));
    }
    assert_eq!((switch.learned(uplink), switch.learned(guest)), (32, held));
    assert_eq!(switch.counters().learning.not_learned, 4 - held as u64);
}

#[test]
fn a_claim_beyond_the_quota_moves_nothing() {
    let (mut switch, uplink, guest) = bed::<512>(Some(2));
    for n in 0..2 {
        send(&mut switch, guest, (mac(1), station(n)), 1);
    }
    for n in 10..60 {
        receive(&mut switch, uplink, (mac(1), station(n)), 1);
    }
    for n in 10..60 {
        send(&mut switch, guest, (mac(1), station(n)), 1);
    }
    assert!(switch.learned(guest) <= 2);
    let lost = (10..60).filter(|n| switch.find(station(*n), HERE, 1) != Some(uplink)).count();
    assert!(lost <= 2, "{lost}");
}

#[test]
fn room_comes_back_with_age() {
    let (mut switch, _, guest) = bed::<64>(Some(1));
    switch.set_age(10);
    send(&mut switch, guest, (mac(1), station(0)), 0);
    switch.sweep(11);
    send(&mut switch, guest, (mac(1), station(1)), 11);
    assert_eq!(switch.find(station(1), HERE, 11), Some(guest));
}

#[test]
fn security_can_be_switched() {
    let (mut switch, uplink, guest) = bed::<64>(None);
    send(&mut switch, guest, (mac(1), mac(50)), 1);
    switch.set_security(guest, Security::OwnAddresses).unwrap();
    assert_eq!(switch.learned(guest), 0);
    assert!(matches!(send(&mut switch, guest, (mac(1), mac(50)), 1).verdict, Verdict::Drop(_)));
    switch.set_security(guest, Security::Learn { quota: None }).unwrap();
    assert_eq!(send(&mut switch, guest, (mac(1), mac(50)), 1).verdict, Verdict::To(uplink));
    assert!(switch.set_security(uplink, Security::OwnAddresses).is_err());
}
