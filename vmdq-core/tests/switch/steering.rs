//! Filters for those who deserve them, and the same delivery with and without.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use vmdq_core::classify::{Destination, Rules};
use vmdq_core::switch::steer::{MostActive, Policy, Steering, SteeringError, Step};
use vmdq_core::switch::{
    InterfaceId, Load, Origin, Physical, Security, Switch, Unknown, Verdict, Virtual, Vlan, VlanMembership,
};
use vmdq_core::{Accept, MacAddress};

use crate::{header, mac, plain};

const PORT: MacAddress = MacAddress([2, 0xff, 0, 0, 0, 1]);
/// Filters of the hardware, of fewer than there are virtual machines.
const FILTERS: usize = 3;

/// Does the steps on rules in software, as the hardware would: the queue is the interface's number.
fn execute<P: Policy, const N: usize>(
    steering: &mut Steering<P, N>,
    rules: &mut Rules<FILTERS>,
    bound: &mut HashSet<MacAddress>,
) -> usize {
    let mut steps = 0;
    while let Some(step) = steering.step() {
        match step {
            Step::Remove(_, address) => assert!(rules.unbind(address) && bound.remove(&address)),
            Step::Install(_, address) if address == PORT => {
                let Step::Install(interface, _) = step else { unreachable!() };
                steering.refuse(interface, address);
            }
            Step::Install(interface, address) => {
                assert!(bound.insert(address), "two filters for one address");
                rules.bind(address, interface.number()).expect("no more filters than there are");
            }
        }
        steps += 1;
        assert!(steps < 200, "the steps never end");
    }
    steps
}

fn interfaces<const I: usize>(count: usize) -> (Switch<I, 64>, Vec<InterfaceId>) {
    let mut switch = Switch::new(1);
    let ids = (0..count).map(|_| switch.bind_virtual(&Virtual::default()).unwrap()).collect();
    (switch, ids)
}

#[test]
fn the_least_active_ones_share() {
    let (_, ids) = interfaces::<8>(6);
    let mut steering = Steering::<_, 8>::new(FILTERS, MostActive::default());
    let (mut rules, mut bound) = (Rules::new(PORT, Accept::all()), HashSet::new());
    for (n, id) in ids.iter().enumerate() {
        steering.add(*id, mac(n as u8)).unwrap();
    }
    execute(&mut steering, &mut rules, &mut bound);
    assert_eq!(steering.installed(), FILTERS);
    let mut totals = [0; 6];
    for _ in 0..10 {
        for (n, total) in totals.iter_mut().enumerate() {
            *total += [10, 5000, 20, 4000, 0, 3000][n];
        }
        steering.period(|id, _| totals[id.number()]);
        execute(&mut steering, &mut rules, &mut bound);
    }
    assert_eq!(bound, HashSet::from([mac(1), mac(3), mac(5)]));
}

#[test]
fn equals_do_not_take_turns() {
    let (_, ids) = interfaces::<8>(2);
    let mut steering = Steering::<_, 2>::new(1, MostActive::default());
    let (mut rules, mut bound) = (Rules::new(PORT, Accept::all()), HashSet::new());
    ids.iter().zip([mac(0), mac(1)]).for_each(|(id, address)| steering.add(*id, address).unwrap());
    execute(&mut steering, &mut rules, &mut bound);
    let (mut totals, mut steps) = ([0u64; 2], 0);
    for period in 0..100 {
        // Each in turn a fifth busier than the other.
        totals[period % 2] += 1200;
        totals[(period + 1) % 2] += 1000;
        steering.period(|id, _| totals[id.number()]);
        steps += execute(&mut steering, &mut rules, &mut bound);
    }
    assert_eq!(steps, 0);
    // One that is silent gives way soon.
    for period in 0..3 {
        totals[1] += 1000;
        steering.period(|id, _| totals[id.number()]);
        execute(&mut steering, &mut rules, &mut bound);
        assert!(period < 2 || steering.has_filter(ids[1], mac(1)));
    }
}

#[test]
fn one_address_in_two_vlans_has_no_filter() {
    let (_, ids) = interfaces::<8>(3);
    let mut steering = Steering::<_, 3>::new(2, MostActive::default());
    steering.add(ids[0], mac(1)).unwrap();
    assert_eq!(steering.step(), Some(Step::Install(ids[0], mac(1))));
    steering.add(ids[1], mac(1)).unwrap();
    assert_eq!(steering.step(), Some(Step::Remove(ids[0], mac(1))));
    assert_eq!(steering.step(), None);
    assert!(steering.remove(ids[0], mac(1)));
    assert_eq!(steering.step(), Some(Step::Install(ids[1], mac(1))));
    // Even if there is no room to remember the second.
    steering.add(ids[0], mac(2)).unwrap();
    steering.add(ids[0], mac(3)).unwrap();
    assert_eq!(steering.add(ids[2], mac(1)), Err(SteeringError::Full));
    assert_eq!(steering.step(), Some(Step::Remove(ids[1], mac(1))));
    assert_eq!(steering.add(ids[0], mac(2)), Err(SteeringError::Known));
}

#[test]
fn who_leaves_frees_the_filter_first() {
    let (_, ids) = interfaces::<8>(2);
    let mut steering = Steering::<_, 4>::new(1, MostActive::default());
    steering.add(ids[0], mac(1)).unwrap();
    assert_eq!(steering.step(), Some(Step::Install(ids[0], mac(1))));
    steering.add(ids[1], mac(2)).unwrap();
    steering.remove_interface(ids[0]);
    assert!(!steering.remove(ids[0], mac(1)));
    assert_eq!(steering.installed(), 1);
    assert_eq!(steering.step(), Some(Step::Remove(ids[0], mac(1))));
    assert_eq!(steering.step(), Some(Step::Install(ids[1], mac(2))));
    // Gone and back again before anything was done: nothing to do.
    assert!(steering.remove(ids[1], mac(2)));
    steering.add(ids[1], mac(2)).unwrap();
    assert_eq!(steering.step(), None);
    // Refused: the next one's turn.
    steering.add(ids[0], mac(1)).unwrap();
    steering.refuse(ids[1], mac(2));
    assert_eq!(steering.step(), Some(Step::Install(ids[0], mac(1))));
    assert_eq!(steering.step(), None);
}

/// A policy that never has enough.
#[derive(Debug)]
struct Restless;

impl Policy for Restless {
    fn activity(&self, _: u64, frames: u64) -> u64 {
        frames
    }
    fn takes_over(&self, _: u64, _: u64) -> bool {
        true
    }
}

#[test]
fn a_restless_policy_comes_to_an_end() {
    let (_, ids) = interfaces::<8>(8);
    let mut steering = Steering::<_, 8>::new(FILTERS, Restless);
    let (mut rules, mut bound) = (Rules::new(PORT, Accept::all()), HashSet::new());
    ids.iter().enumerate().for_each(|(n, id)| steering.add(*id, mac(n as u8)).unwrap());
    for _ in 0..5 {
        steering.period(|_, _| 7);
        assert!(execute(&mut steering, &mut rules, &mut bound) <= 3 * FILTERS);
    }
}

/// A switch on a port, with filters or without.
struct Host {
    switch: Switch<8, 512>,
    uplink: InterfaceId,
    guests: Vec<InterfaceId>,
    rules: Rules<FILTERS>,
    bound: HashSet<MacAddress>,
    steering: Steering<MostActive, 64>,
}

impl Host {
    fn new(filters: usize) -> Self {
        let mut switch = Switch::new(5);
        let uplink = switch.bind_physical(&Physical { unknown: Unknown::Drop, ..Physical::default() });
        let vlan = |n: u16| VlanMembership::Access(Vlan::new(10 + n % 2).unwrap());
        let mut guest = |n| {
            let security = if n == 5 { Security::Learn { quota: None } } else { Security::OwnAddresses };
            switch.bind_virtual(&Virtual { vlans: vlan(n), security, uplink: None }).unwrap()
        };
        let guests = (0..6).map(&mut guest).collect();
        Self {
            uplink: uplink.unwrap(),
            switch,
            guests,
            rules: Rules::new(PORT, Accept::all()),
            bound: HashSet::new(),
            steering: Steering::new(filters, MostActive::default()),
        }
    }

    /// What the port does with a frame from the wire, then what the switch does.
    fn receive(&mut self, to: MacAddress, from: MacAddress, tag: u16) -> Vec<usize> {
        let uplink = self.uplink;
        let origin = match self.rules.classify(to) {
            Destination::Matched(queue) => {
                Origin::Matched { uplink, to: self.switch.id(queue).expect("filters go first") }
            }
            Destination::Default => Origin::Unmatched { uplink },
            Destination::Dropped => unreachable!("the port is promiscuous"),
        };
        let group = vmdq_core::switch::Indication { tag: Some(tag), ..plain(origin) };
        let decision = self.switch.forward(&group, Load::frame(60), &header(to, from), 0);
        if let Verdict::To(id) = decision.verdict {
            assert_eq!(self.switch.id(id.number()), Some(id));
        }
        decision.destinations().iter().collect()
    }
}

#[derive(Clone, Debug)]
enum Event {
    Frame(u8, u8, u16),
    Add(usize, u8),
    Remove(usize, u8),
    Replace(usize),
    Period,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        20 => (0..12u8, 50..60u8, 10..13u16).prop_map(|(to, from, tag)| Event::Frame(to, from, tag)),
        4 => (0..6usize, 0..10u8).prop_map(|(guest, address)| Event::Add(guest, address)),
        1 => (0..6usize, 0..10u8).prop_map(|(guest, address)| Event::Remove(guest, address)),
        1 => (0..6usize).prop_map(Event::Replace),
        1 => Just(Event::Period),
    ]
}

/// Addresses 0 to 9 are virtual machines' (9 is the port's own, which takes no filter), 10 is
/// nobody's, 11 is broadcast.
fn named(n: u8) -> MacAddress {
    match n {
        9 => PORT,
        11 => MacAddress::BROADCAST,
        n => mac(n),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn filters_change_no_delivery(events in vec(event(), 1..300)) {
        let (mut with, mut without) = (Host::new(FILTERS), Host::new(0));
        let mut sorted = false;
        for event in events {
            for host in [&mut with, &mut without] {
                match event {
                    Event::Frame(..) => {}
                    Event::Add(guest, address) => {
                        let id = host.guests[guest];
                        if host.switch.bind_address(id, named(address)).is_ok() {
                            prop_assert!(host.steering.add(id, named(address)).is_ok());
                        }
                    }
                    Event::Remove(guest, address) => {
                        let id = host.guests[guest];
                        let had = host.switch.unbind_address(id, named(address)).unwrap();
                        prop_assert_eq!(host.steering.remove(id, named(address)), had);
                    }
                    Event::Replace(guest) => {
                        let old = host.guests[guest];
                        host.steering.remove_interface(old);
                        execute(&mut host.steering, &mut host.rules, &mut host.bound);
                        host.switch.unbind(old).unwrap();
                        let vlans = VlanMembership::Access(Vlan::new(10 + guest as u16 % 2).unwrap());
                        let settings = Virtual { vlans, ..Virtual::default() };
                        host.guests[guest] = host.switch.bind_virtual(&settings).unwrap();
                    }
                    Event::Period => {
                        let switch = &host.switch;
                        host.steering.period(|id, _| switch.interface_counters(id).map_or(0, |c| c.from_wire));
                    }
                }
                execute(&mut host.steering, &mut host.rules, &mut host.bound);
                prop_assert_eq!(host.bound.len(), host.steering.installed());
            }
            if let Event::Frame(to, from, tag) = event {
                let (to, from) = (named(to), mac(from));
                sorted |= matches!(with.rules.classify(to), Destination::Matched(_));
                prop_assert!(without.rules.classify(to) == Destination::Default);
                prop_assert_eq!(with.receive(to, from, tag), without.receive(to, from, tag));
            }
        }
        let (a, b) = (with.switch.counters().traffic, without.switch.counters().traffic);
        prop_assert_eq!(a.delivered, b.delivered);
        prop_assert_eq!(a.dropped.total(), b.dropped.total());
        if !sorted {
            prop_assert_eq!(a, b);
        }
    }
}
