//! The emulated path (paper section 2.3.4): virtual machines run the igb driver, unmodified, on devices
//! that are models, and a switch joins these with each other and with a controller.

#[path = "../common/mod.rs"]
mod common;
mod hypervisor;
mod machine;

use common::Concrete;
use hypervisor::Hypervisor;
use machine::{address, ethernet, with_tag};
use vmdq::MacAddress;
use vmdq::igb::{I82575, I82576};
use vmdq::ixgbe::I82598;
use vmdq::switch::{DropReason, Virtual, Vlan, VlanMembership};
use vmdq_sim::Sim;

/// A station on the wire.
const STATION: MacAddress = MacAddress([0x02, 0, 0, 0, 0xee, 0x01]);

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;

/// Two virtual machines with one address each, and no VLANs.
fn two<H: Concrete>(sim: Sim) -> Hypervisor<H> {
    let mut hypervisor = Hypervisor::new(sim);
    hypervisor.add(&Virtual::default());
    hypervisor.add(&Virtual::default());
    hypervisor
}

/// Answers what arrived: the addresses change places.
fn answers(received: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let swapped = |bytes: &Vec<u8>| {
        let (to, from) = bytes[..12].split_at(6);
        [from, to, &bytes[12..]].concat()
    };
    received.iter().map(swapped).collect()
}

fn machines_reach_each_other<H: Concrete>(sim: Sim) {
    let mut hypervisor = two::<H>(sim);
    let asked: Vec<_> =
        (0..32).map(|number| ethernet(address(B), address(A), number, 60 + number as usize)).collect();
    hypervisor.guest(A).send(&asked);
    hypervisor.turn();
    let received = hypervisor.guest(B).receive();
    assert_eq!(received, asked);
    hypervisor.guest(B).send(&answers(&received));
    hypervisor.turn();
    assert_eq!(hypervisor.guest(A).receive(), answers(&asked));
    assert_eq!(hypervisor.taken_from_wire(), Vec::<Vec<u8>>::new(), "local traffic stays off the wire");
    assert_eq!(hypervisor.switch.counters().traffic.local, 64);
    hypervisor.finish();
}

fn machines_reach_the_wire<H: Concrete>(sim: Sim) {
    let mut hypervisor = two::<H>(sim);
    let asked = vec![ethernet(STATION, address(A), 1, 60), ethernet(STATION, address(A), 2, 1514)];
    hypervisor.guest(A).send(&asked);
    hypervisor.turn();
    assert_eq!(hypervisor.taken_from_wire(), asked);
    hypervisor.wire(&answers(&asked));
    hypervisor.turn();
    assert_eq!(hypervisor.guest(A).receive(), answers(&asked));
    assert_eq!(hypervisor.guest(B).receive(), Vec::<Vec<u8>>::new());
    assert_eq!(hypervisor.switch.counters().traffic.from_wire, 2, "sorted by the controller's filters");
    hypervisor.finish();
}

fn broadcasts_go_to_everyone_else<H: Concrete>(sim: Sim) {
    let mut hypervisor = two::<H>(sim);
    let sent =
        vec![ethernet(MacAddress::BROADCAST, address(A), 1, 60), ethernet(common::GROUP, address(A), 2, 60)];
    hypervisor.guest(A).send(&sent);
    hypervisor.turn();
    assert_eq!(hypervisor.guest(A).receive(), Vec::<Vec<u8>>::new());
    assert_eq!(hypervisor.guest(B).receive(), sent);
    assert_eq!(hypervisor.taken_from_wire(), sent);

    let sent = vec![ethernet(MacAddress::BROADCAST, STATION, 3, 60)];
    hypervisor.wire(&sent);
    hypervisor.turn();
    assert_eq!(hypervisor.guest(A).receive(), sent);
    assert_eq!(hypervisor.guest(B).receive(), sent);
    assert_eq!(hypervisor.taken_from_wire(), Vec::<Vec<u8>>::new());
    hypervisor.finish();
}

fn false_names_lead_nowhere<H: Concrete>(sim: Sim) {
    let mut hypervisor = two::<H>(sim);
    let mut sent = Vec::new();
    for to in [address(B), STATION, MacAddress::BROADCAST] {
        for from in [address(B), STATION, common::STRANGER] {
            sent.push(ethernet(to, from, 1, 60));
        }
    }
    // No station at all.
    sent.push(ethernet(address(B), MacAddress::BROADCAST, 1, 60));
    // The last one is true.
    sent.push(ethernet(address(B), address(A), 2, 60));
    hypervisor.guest(A).send(&sent);
    hypervisor.turn();
    assert_eq!(hypervisor.guest(B).receive(), sent[10..]);
    assert_eq!(hypervisor.taken_from_wire(), Vec::<Vec<u8>>::new());
    let dropped = hypervisor.dropped_of(A);
    assert_eq!((dropped.of(DropReason::Spoofed), dropped.of(DropReason::BadSource)), (9, 1));
    // B's traffic is still B's.
    hypervisor.wire(&[ethernet(address(B), STATION, 3, 60)]);
    hypervisor.turn();
    assert_eq!(hypervisor.guest(B).receive().len(), 1);
    hypervisor.finish();
}

/// A and B are in VLAN 10 and 20 and see no tags; C has tags of 10 and 20 in its frames.
fn vlans<H: Concrete>(sim: Sim) -> Hypervisor<H> {
    let vlan = |id| Vlan::new(id).expect("an id");
    let mut hypervisor = Hypervisor::new(sim);
    for vlans in [
        VlanMembership::Access(vlan(10)),
        VlanMembership::Access(vlan(20)),
        VlanMembership::Trunk { tagged: [vlan(10), vlan(20)].into_iter().collect(), native: None },
    ] {
        hypervisor.add(&Virtual { vlans, ..Virtual::default() });
    }
    hypervisor
}

fn access_ports_insert_and_remove_tags<H: Concrete>(sim: Sim) {
    let mut hypervisor = vlans::<H>(sim);
    // Out: the longest frame gets its tag, too.
    let sent = [ethernet(STATION, address(A), 1, 60), ethernet(STATION, address(A), 2, 1514)];
    hypervisor.guest(A).send(&sent);
    hypervisor.turn();
    assert_eq!(hypervisor.taken_from_wire(), sent.each_ref().map(|frame| with_tag(frame, 10)));
    // In: the controller removes the tag. In another VLAN than the machine's, or in none, nothing arrives.
    let plain = ethernet(address(A), STATION, 3, 100);
    hypervisor.wire(&[with_tag(&plain, 0x6000 | 10), with_tag(&plain, 20), plain.clone()]);
    hypervisor.turn();
    assert_eq!(hypervisor.guest(A).receive(), [plain]);
    // A tag that the machine made is refused, in any VLAN.
    for vlan in [10, 20] {
        hypervisor.guest(A).send(&[with_tag(&ethernet(STATION, address(A), 4, 60), vlan)]);
    }
    hypervisor.turn();
    assert_eq!(hypervisor.taken_from_wire(), Vec::<Vec<u8>>::new());
    assert_eq!(hypervisor.dropped_of(A).of(DropReason::VlanIngress), 2);
    // The machines don't reach each other.
    hypervisor.guest(A).send(&[ethernet(address(B), address(A), 5, 60)]);
    hypervisor.turn();
    assert_eq!(hypervisor.guest(B).receive(), Vec::<Vec<u8>>::new());
    assert_eq!(hypervisor.taken_from_wire().len(), 1, "in VLAN 10 nobody is known to have B's address");
    hypervisor.finish();
}

fn trunks_carry_tags<H: Concrete>(sim: Sim) {
    let mut hypervisor = vlans::<H>(sim);
    let flooded = ethernet(MacAddress::BROADCAST, address(A), 1, 60);
    hypervisor.guest(A).send(std::slice::from_ref(&flooded));
    hypervisor.turn();
    assert_eq!(hypervisor.guest(B).receive(), Vec::<Vec<u8>>::new());
    assert_eq!(hypervisor.guest(C).receive(), [with_tag(&flooded, 10)]);
    assert_eq!(hypervisor.taken_from_wire(), [with_tag(&flooded, 10)]);

    // The shortest frame with a tag is too short without, and gets padding.
    let tagged = with_tag(&ethernet(address(B), address(C), 2, 56), 20);
    let plain = ethernet(address(B), address(C), 3, 100);
    hypervisor.guest(C).send(&[tagged.clone(), with_tag(&plain, 20), with_tag(&plain, 10)]);
    hypervisor.turn();
    let received = hypervisor.guest(B).receive();
    assert_eq!(received.iter().map(Vec::len).collect::<Vec<_>>(), [60, 100]);
    assert_eq!(received[0][..56], [&tagged[..12], &tagged[16..]].concat());
    assert_eq!((&received[0][56..], &received[1]), (&[0; 4][..], &plain));
    assert_eq!(hypervisor.taken_from_wire(), [with_tag(&plain, 10)], "B is not known in VLAN 10");

    // Flooded from the wire: B without the tag, C with it.
    let flooded = ethernet(MacAddress::BROADCAST, STATION, 4, 60);
    hypervisor.wire(&[with_tag(&flooded, 20)]);
    hypervisor.turn();
    assert_eq!(hypervisor.guest(A).receive(), Vec::<Vec<u8>>::new());
    assert_eq!(hypervisor.guest(B).receive(), std::slice::from_ref(&flooded));
    assert_eq!(hypervisor.guest(C).receive(), [with_tag(&flooded, 20)]);
    hypervisor.finish();
}

fn arrivals_interrupt_the_machine<H: Concrete>(sim: Sim) {
    let mut hypervisor = two::<H>(sim);
    hypervisor.guest(A).listen();
    let sent: Vec<_> = (0..5).map(|number| ethernet(address(A), address(B), number, 60)).collect();
    hypervisor.guest(B).send(&sent);
    hypervisor.turn();
    // The vector masks itself when it fires.
    assert_eq!(hypervisor.guest(A).emulated.take_interrupts(), [2]);
    assert_eq!(hypervisor.guest(A).emulated.take_interrupts(), []);
    assert_eq!(hypervisor.guest(B).emulated.take_interrupts(), []);
    hypervisor.finish();
}

fn a_reset_costs_only_who_resets<H: Concrete>(sim: Sim) {
    let mut hypervisor = two::<H>(sim);
    // Frames under way in both directions, and then the driver begins anew.
    let towards = |to, number| ethernet(to, STATION, number, 60);
    hypervisor.wire(&Vec::from_iter((0..10).map(|number| towards(address(A), number))));
    hypervisor.turn();
    hypervisor
        .guest(A)
        .send(&Vec::from_iter((0..10).map(|number| ethernet(STATION, address(A), number, 60))));
    hypervisor.guest(A).reset();
    hypervisor.wire(&Vec::from_iter((0..20).map(|i| towards(address(if i < 10 { A } else { B }), i))));
    hypervisor
        .guest(B)
        .send(&[ethernet(address(A), address(B), 100, 60), ethernet(STATION, address(B), 101, 60)]);
    hypervisor.turn();
    assert_eq!(hypervisor.guest(B).receive().len(), 10);
    assert_eq!(hypervisor.taken_from_wire().len(), 1, "what A's driver had not seen sent is gone");
    assert_eq!(hypervisor.guest(A).emulated.lost(), 11, "A's device has no link");

    // It comes back, and gets nothing of what was before.
    hypervisor.guest(A).start();
    hypervisor.turn();
    assert_eq!(hypervisor.guest(A).receive(), Vec::<Vec<u8>>::new());
    machines_talk(&mut hypervisor);
    hypervisor.finish();
}

fn who_posts_no_buffers_loses_only_its_own<H: Concrete>(sim: Sim) {
    for drops in [false, true] {
        let mut hypervisor = two::<H>(sim_like(&sim));
        hypervisor.guest(A).reset();
        hypervisor.guest(A).config.default_drops = drops;
        hypervisor.guest(A).start();
        let mut received = 0;
        for round in 0..30 {
            let both = (0..20).map(|i| ethernet(address(i % 2), STATION, (round * 20 + i) as u32, 200));
            hypervisor.wire(&Vec::from_iter(both));
            hypervisor.guest(B).send(&[ethernet(STATION, address(B), round as u32, 60)]);
            hypervisor.turn();
            received += hypervisor.guest(B).receive().len();
        }
        assert_eq!((received, hypervisor.taken_from_wire().len()), (300, 30), "B has all of its traffic");
        // A has 63 in its ring. Of the others 64 wait, or its device drops them.
        let emulated = &hypervisor.guest(A).emulated;
        let dropped = emulated.device().drops().no_descriptor;
        assert_eq!((emulated.lost(), dropped), if drops { (0, 237) } else { (173, 0) });
        let mut late = 0;
        for _ in 0..4 {
            late += hypervisor.guest(A).receive().len();
            hypervisor.turn();
        }
        assert_eq!(late, if drops { 63 } else { 127 });
        machines_talk(&mut hypervisor);
        hypervisor.finish();
    }
}

/// A reset while frames wait for buffers: none of them appears afterwards, and each is counted.
fn what_waited_is_lost_in_a_reset<H: Concrete>(sim: Sim) {
    let mut hypervisor = two::<H>(sim);
    hypervisor.guest(A).reset();
    hypervisor.guest(A).config.default_drops = false;
    hypervisor.guest(A).start();
    for _ in 0..2 {
        hypervisor.wire(&Vec::from_iter((0..50).map(|number| ethernet(address(A), STATION, number, 60))));
        hypervisor.turn();
    }
    assert_eq!(hypervisor.guest(A).emulated.lost(), 0);
    hypervisor.guest(A).reset();
    hypervisor.guest(A).start();
    hypervisor.turn();
    assert_eq!(hypervisor.guest(A).receive(), Vec::<Vec<u8>>::new());
    let emulated = &hypervisor.guest(A).emulated;
    assert_eq!((emulated.device().drops().reset, emulated.lost()), (37, 0), "63 were in the ring");
    machines_talk(&mut hypervisor);
    hypervisor.finish();
}

/// Sees that two machines reach each other and the wire.
fn machines_talk<H: Concrete>(hypervisor: &mut Hypervisor<H>) {
    let sent = [ethernet(address(A), address(B), 7, 60), ethernet(STATION, address(B), 8, 60)];
    hypervisor.guest(B).send(&sent);
    hypervisor.turn();
    let received = hypervisor.guest(A).receive();
    assert_eq!(received, sent[..1]);
    hypervisor.guest(A).send(&answers(&received));
    hypervisor.wire(&answers(&sent[1..]));
    hypervisor.turn();
    assert_eq!(hypervisor.guest(B).receive(), answers(&sent));
    assert_eq!(hypervisor.taken_from_wire(), sent[1..]);
}

fn sim_like(sim: &Sim) -> Sim {
    Sim::new(sim.kind())
}

macro_rules! on_every_controller {
    ($($check:ident,)+) => {
        mod on_i82575 { use super::*; $(#[test] fn $check() { super::$check::<I82575>(Sim::i82575()); })+ }
        mod on_i82576 { use super::*; $(#[test] fn $check() { super::$check::<I82576>(Sim::i82576()); })+ }
        mod on_i82598 { use super::*; $(#[test] fn $check() { super::$check::<I82598>(Sim::i82598()); })+ }
    };
}

on_every_controller! {
    machines_reach_each_other,
    machines_reach_the_wire,
    broadcasts_go_to_everyone_else,
    false_names_lead_nowhere,
    access_ports_insert_and_remove_tags,
    trunks_carry_tags,
    arrivals_interrupt_the_machine,
    a_reset_costs_only_who_resets,
    who_posts_no_buffers_loses_only_its_own,
    what_waited_is_lost_in_a_reset,
}
