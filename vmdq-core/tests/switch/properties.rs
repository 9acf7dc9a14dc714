//! For random switches and random, hostile traffic: each verdict is that of a naive model, nothing is
//! lost uncounted, nothing leaves its VLAN or comes back, and static addresses stay where they are.

use std::collections::{BTreeSet, HashMap};

use proptest::collection::vec;
use proptest::prelude::*;
use vmdq_core::MacAddress;
use vmdq_core::switch::{
    Indication, InterfaceId, Load, Origin, Physical, Security, Switch, TagAction, Unknown, Verdict, Virtual,
    Vlan,
};

use crate::model::{AGE, Carried, Known, Model, To, Traffic, VLANS};
use crate::steps::{PLACES, Step, step};
use crate::{header, mac, tagged};

/// That many learned addresses that none of those few here is in another's way.
const ADDRESSES: usize = 8192;

type Tested = Switch<PLACES, ADDRESSES>;

/// What came in and went out at an interface, counted by the test.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Tally {
    received: u64,
    delivered: u64,
    bytes: u64,
    dropped: u64,
}

struct World {
    switch: Box<Tested>,
    model: Model,
    tallies: HashMap<usize, Tally>,
    /// Every id that there ever was at a place; the last one may be gone.
    ids: HashMap<usize, InterfaceId>,
    total: Tally,
}

impl World {
    fn new() -> Self {
        let mut switch = Box::new(Tested::new(1));
        switch.set_age(AGE);
        Self {
            switch,
            model: Model::default(),
            tallies: HashMap::new(),
            ids: HashMap::new(),
            total: Tally::default(),
        }
    }

    fn bound(&mut self, known: Known) {
        let number = known.id.number();
        self.ids.insert(number, known.id);
        self.tallies.insert(number, Tally::default());
        assert!(self.model.known.insert(number, known).is_none(), "the place was taken");
    }

    fn run(&mut self, step: &Step) {
        match step.clone() {
            Step::BindPhysical((carried, access), unknown) => {
                let to = self.ids.get(&0).copied();
                let unknown = match (unknown, to) {
                    (1, _) => Unknown::Flood,
                    (2, Some(to)) => Unknown::To(to),
                    _ => Unknown::Drop,
                };
                let settings = Physical { vlans: carried.vlans(access), unknown };
                if let Ok(id) = self.switch.bind_physical(&settings) {
                    let unknown = Some(unknown);
                    self.bound(Known { id, carried, unknown, learns: false, tie: None });
                } else {
                    assert_eq!(self.model.known.len(), PLACES);
                }
            }
            Step::BindVirtual((carried, access), learns, tie) => {
                let quota = Some(u32::MAX);
                let security = if learns { Security::Learn { quota } } else { Security::OwnAddresses };
                let is_uplink = |at: &usize| self.model.known.get(at).is_some_and(|k| k.unknown.is_some());
                let tie = tie.filter(is_uplink).map(|at| self.ids[&at]);
                let settings = Virtual { vlans: carried.vlans(access), security, uplink: tie };
                if let Ok(id) = self.switch.bind_virtual(&settings) {
                    self.bound(Known { id, carried, unknown: None, learns, tie });
                } else {
                    assert_eq!(self.model.known.len(), PLACES);
                }
            }
            Step::Unbind(at) => {
                let Some(id) = self.ids.get(&at).copied() else { return };
                let counters = self.switch.unbind(id);
                assert_eq!(counters.is_ok(), self.model.known.remove(&at).is_some());
                self.model.statics.retain(|(owner, _)| *owner != at);
                self.model.learned.retain(|_, (owner, _)| *owner != at);
            }
            Step::BindAddress(at, address) => self.bind_address(at, mac(address)),
            Step::UnbindAddress(at, address) => {
                let Some(id) = self.ids.get(&at) else { return };
                let had = self.model.statics.contains(&(at, mac(address)));
                assert_eq!(self.switch.unbind_address(*id, mac(address)).unwrap_or(false), had);
                self.model.statics.retain(|bound| *bound != (at, mac(address)));
            }
            Step::Bridge(bridge) => {
                self.switch.set_bridge_uplinks(bridge);
                self.model.bridge = bridge;
            }
            Step::Pass(time) => self.model.now += time,
            Step::Sweep => {
                let now = self.model.now;
                let before = self.model.learned.len();
                self.model.learned.retain(|_, (_, seen)| now - *seen <= AGE);
                // The switch may have let go of some already, whose addresses came again.
                assert_eq!(self.switch.sweep(now), before - self.model.learned.len());
            }
            Step::Group(traffic) => self.traffic(&traffic),
        }
        for known in self.model.known.values() {
            let at = known.id.number();
            let learned = self.model.learned.values().filter(|(owner, _)| *owner == at).count();
            assert_eq!(self.switch.learned(known.id), learned);
        }
    }

    fn bind_address(&mut self, at: usize, address: MacAddress) {
        let Some(id) = self.ids.get(&at) else { return };
        let model = &mut self.model;
        let known = model.known.get(&at).filter(|known| known.unknown.is_none());
        let free = known.is_some_and(|known| {
            let meets = |other: &Known| VLANS.iter().any(|v| other.carried.has(*v) && known.carried.has(*v));
            let same = model.statics.iter().filter(|(_, bound)| *bound == address);
            !same.into_iter().any(|(owner, _)| *owner == at || meets(&model.known[owner]))
        });
        let bound = self.switch.bind_address(*id, address);
        assert_eq!(bound.is_ok(), free, "{bound:?}");
        if bound.is_ok() {
            let carried = &model.known[&at].carried;
            model.learned.retain(|(vlan, learned), _| *learned != address || !carried.has(*vlan));
            model.statics.push((at, address));
        }
    }

    fn traffic(&mut self, traffic: &Traffic) {
        let mut traffic = traffic.clone();
        if let Some(known) = self.model.known.get(&traffic.from).filter(|_| traffic.fits) {
            traffic.kind = if known.unknown.is_none() { 0 } else { traffic.kind.max(1) };
        }
        let traffic = &traffic;
        let Some(from) = self.ids.get(&traffic.from).copied() else { return };
        let to = self.ids.get(&traffic.to).copied().unwrap_or(from);
        let from = match traffic.kind {
            0 => Origin::Virtual(from),
            1 => Origin::Unmatched { uplink: from },
            2 => Origin::Matched { uplink: from, to },
            _ => Origin::Targeted { uplink: from, to },
        };
        let bytes = match traffic.tag {
            Some(tag) if traffic.inside => tagged(traffic.destination, traffic.source, 0x8100, tag),
            _ => header(traffic.destination, traffic.source),
        };
        let bytes = if traffic.cut { &bytes[..11] } else { &bytes[..] };
        let tag = traffic.tag.filter(|_| !traffic.inside);
        let group = Indication { from, tag, error: traffic.error };
        let load = Load { frames: traffic.frames, bytes: traffic.frames * 64 };
        let statics = self.model.statics.clone();

        let expected = self.model.decide(&group, traffic);
        let decision = self.switch.forward(&group, load, bytes, self.model.now);

        match (expected, decision.verdict) {
            (To::Drop(expected), Verdict::Drop(reason)) => assert_eq!(reason, expected),
            (To::All(expected), Verdict::To(id)) => {
                assert_eq!(self.ids[&id.number()], id);
                assert_eq!(expected, BTreeSet::from([id.number()]));
            }
            (To::All(expected), Verdict::Flood(set)) => {
                assert_eq!(expected, set.iter().collect::<BTreeSet<_>>());
                assert!(set.len() > 1 || traffic.destination.is_group());
            }
            (To::Drop(expected), verdict) => panic!("{verdict:?} instead of {expected}"),
            (To::All(expected), verdict) => panic!("{verdict:?} instead of {expected:?}"),
        }
        self.tally(&group, load, &decision, traffic);
        for (owner, address) in statics {
            let known = &self.model.known[&owner];
            for vlan in VLANS.iter().filter(|vlan| known.carried.has(**vlan)) {
                let found = self.switch.find(address, Vlan::new(*vlan).unwrap(), self.model.now);
                assert_eq!(found, Some(known.id), "a static address moved");
            }
        }
    }

    /// Properties that hold for every decision.
    fn tally(
        &mut self,
        group: &Indication,
        load: Load,
        decision: &vmdq_core::switch::Decision,
        traffic: &Traffic,
    ) {
        let (Origin::Virtual(from)
        | Origin::Unmatched { uplink: from }
        | Origin::Matched { uplink: from, .. }
        | Origin::Targeted { uplink: from, .. }) = group.from;
        let dropped = if let Verdict::Drop(_) = decision.verdict { load.frames } else { 0 };
        let alive = self.model.known.contains_key(&from.number());
        let mine = alive.then(|| self.tallies.get_mut(&from.number()).unwrap());
        for tally in [Some(&mut self.total), mine].into_iter().flatten() {
            tally.received += load.frames;
            tally.dropped += dropped;
        }
        assert!(!decision.destinations().contains(from.number()), "back to where it came from");
        for to in decision.destinations() {
            let vlan = decision.vlan().id();
            let carried = &self.model.known[&to].carried;
            assert!(carried.has(vlan), "it left its VLAN");
            assert!(self.model.known[&from.number()].carried.has(vlan));
            // The tag that arrives is the one that this destination expects, with the priority.
            let inside = traffic.tag.filter(|_| traffic.inside && traffic.kind < 2);
            let arrives = match self.switch.tag_action(decision, to) {
                TagAction::Keep => inside,
                TagAction::Remove => inside.and(None),
                TagAction::Insert(tag) => inside.map_or(Some(tag), |_| panic!("two tags")),
                TagAction::Replace(tag) => inside.and(Some(tag)),
            };
            let old = if traffic.kind < 2 { traffic.tag } else { group.tag };
            let priority = old.unwrap_or(0) & 0xf000;
            let expected = (carried.untagged != Some(vlan)).then_some(priority | vlan);
            assert_eq!(arrives, expected);
            for tally in [&mut self.total, self.tallies.get_mut(&to).unwrap()] {
                tally.delivered += load.frames;
                tally.bytes += load.bytes;
            }
        }
    }

    fn finish(&self) {
        for known in self.model.known.values() {
            let counters = self.switch.interface_counters(known.id).unwrap();
            let tally = Tally {
                received: counters.received.frames,
                delivered: counters.delivered.frames,
                bytes: counters.delivered.bytes,
                dropped: counters.dropped.total(),
            };
            assert_eq!(self.tallies[&known.id.number()], tally);
            let accounted = counters.forwarded + counters.flooded + counters.dropped.total();
            assert_eq!(counters.received.frames, accounted);
        }
        let counters = self.switch.counters();
        let all = counters.traffic;
        let tally = Tally {
            received: all.received.frames,
            delivered: all.delivered.frames,
            bytes: all.delivered.bytes,
            dropped: all.dropped.total(),
        };
        assert_eq!(self.total, tally);
        assert_eq!(all.received.frames, all.forwarded + all.flooded + all.dropped.total());
        assert!(all.local <= all.forwarded);
        assert_eq!(all.source_conflict, self.model.conflicts);
        assert_eq!(counters.learning.moved, self.model.moved);
        assert_eq!((counters.learning.replaced, counters.learning.not_learned), (0, 0));
    }
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_switch_does_as_the_rules_say(start in vec(step(), 5..20), steps in vec(step(), 1..200)) {
        let mut world = World::new();
        // Most worlds have an uplink and a few virtual machines before anything else happens.
        let bare = |untagged| (Carried { untagged: Some(untagged), tagged: BTreeSet::new() }, true);
        let all = Carried { untagged: Some(0), tagged: BTreeSet::from([10, 20, 30]) };
        world.run(&Step::BindPhysical((all, false), 1));
        world.run(&Step::BindVirtual(bare(10), false, None));
        world.run(&Step::BindVirtual(bare(10), true, None));
        for step in start.iter().chain(&steps) {
            world.run(step);
        }
        world.finish();
    }

    /// In a table that is far too small, quotas hold, each interface finds what it holds, and static
    /// addresses are not touched.
    #[test]
    fn quotas_hold_under_any_traffic(
        quotas in vec(0..12u32, 3),
        seed in any::<u64>(),
        traffic in vec((0..4usize, 0..200u8, 0..20u64), 1..400),
    ) {
        let mut switch = Switch::<4, 32>::new(seed);
        switch.set_age(AGE);
        let uplink = switch.bind_physical(&Physical::default()).unwrap();
        let guests: Vec<_> = quotas.iter().map(|quota| {
            let security = Security::Learn { quota: Some(*quota) };
            switch.bind_virtual(&Virtual { security, ..Virtual::default() }).unwrap()
        }).collect();
        switch.bind_address(guests[0], mac(0xff)).unwrap();
        let (mut now, mut sightings) = (0, 0);
        for (from, station, pass) in traffic {
            now += pass;
            let (to, source) = (mac(0xff), MacAddress([6, 0, 0, 0, 0, station]));
            let before = switch.counters().learning;
            if from == 3 {
                crate::receive(&mut switch, uplink, (to, source), now);
                prop_assert_eq!(switch.find(source, Vlan::UNTAGGED, now), Some(uplink));
            } else {
                crate::send(&mut switch, guests[from], (to, source), now);
                let learned = switch.find(source, Vlan::UNTAGGED, now) == Some(guests[from]);
                let refused = switch.counters().learning.not_learned - before.not_learned;
                prop_assert_eq!(learned, refused == 0);
            }
            sightings += 1;
            for (guest, quota) in guests.iter().zip(&quotas) {
                prop_assert!(switch.learned(*guest) <= *quota as usize);
            }
            let held: usize = guests.iter().map(|guest| switch.learned(*guest)).sum();
            prop_assert!(held <= 16 && switch.learned(uplink) <= 16);
            let counters = switch.counters().learning;
            let gone = counters.aged + counters.replaced;
            prop_assert_eq!(counters.learned - gone, (held + switch.learned(uplink)) as u64);
            prop_assert!(counters.learned + counters.not_learned <= sightings);
            prop_assert_eq!(switch.find(mac(0xff), Vlan::UNTAGGED, now), Some(guests[0]));
        }
    }
}
