//! For random tables, settings and frames, all three models sort as the paper's rules say
//! ([`vmdq::classify`]), and no frame is lost or reordered without being accounted for.

mod common;

use common::{Concrete, Plan, Setup, SimMachine, frame, number, numbers, pools, tagged, vm};
use proptest::prelude::*;
use proptest::sample::Index;
use vmdq::classify::{Destination, Rules};
use vmdq::igb::{I82575, I82576};
use vmdq::ixgbe::I82598;
use vmdq::{Accept, Config, MacAddress};
use vmdq_sim::{Settled, Sim, Testbed};

/// Addresses that may have a filter.
const STATIONS: usize = 6;

/// What a frame's destination is made of.
#[derive(Clone, Debug)]
enum To {
    Station(usize),
    /// The address of a station with one bit changed.
    Near(usize, usize),
    Own,
    /// The port's own address with one bit changed.
    NearOwn(usize),
    Broadcast,
    Any([u8; 6]),
}

impl To {
    fn address(&self, own: MacAddress) -> MacAddress {
        let flip = |MacAddress(mut bytes): MacAddress, bit: usize| {
            bytes[bit / 8] ^= 1 << (bit % 8);
            MacAddress(bytes)
        };
        match *self {
            Self::Station(i) => vm(i),
            Self::Near(i, bit) => flip(vm(i), bit),
            Self::Own => own,
            Self::NearOwn(bit) => flip(own, bit),
            Self::Broadcast => MacAddress::BROADCAST,
            Self::Any(bytes) => MacAddress(bytes),
        }
    }
}

fn to() -> impl Strategy<Value = To> {
    prop_oneof![
        6 => (0..STATIONS).prop_map(To::Station),
        2 => (0..STATIONS, 0..48usize).prop_map(|(i, bit)| To::Near(i, bit)),
        1 => Just(To::Own),
        1 => (0..48usize).prop_map(To::NearOwn),
        1 => Just(To::Broadcast),
        2 => any::<[u8; 6]>().prop_map(To::Any),
    ]
}

/// One step in the life of a port.
#[derive(Clone, Debug)]
enum Step {
    /// Leads a station's address to a queue: a new filter, or the one that it has.
    Lead(usize, Index),
    Remove(usize),
    /// A frame, with a tag or without, of this length.
    Frame(To, Option<u16>, usize),
    /// Takes what was received from a queue.
    Poll(Index),
}

fn steps(lengths: impl Strategy<Value = usize>) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..STATIONS, any::<Index>()).prop_map(|(i, queue)| Step::Lead(i, queue)),
        1 => (0..STATIONS).prop_map(Step::Remove),
        12 => (to(), any::<Option<u16>>(), lengths).prop_map(|(to, tag, len)| Step::Frame(to, tag, len)),
        2 => any::<Index>().prop_map(Step::Poll),
    ];
    prop::collection::vec(step, 1..60)
}

/// A port, and beside it the rules that it should keep.
struct Checked<M: Concrete> {
    setup: Setup<M, SimMachine, Sim>,
    rules: Rules<STATIONS>,
    sent: u32,
}

impl<M: Concrete> Checked<M> {
    fn start(bed: Sim, accept: u8, descriptors: usize, buffers: usize) -> Self {
        let accept = Accept::from_bits_truncate(accept);
        let config = Config { accept, ..Config::default() };
        let setup = Setup::<M, _, _>::start(bed, Plan { config, descriptors, buffers });
        let rules = Rules::new(setup.port.address(), accept);
        Self { setup, rules, sent: 0 }
    }

    fn lead(&mut self, station: usize, queue: usize) {
        match self.setup.table.find(vm(station)) {
            Some(found) => self.setup.move_to(found.id, queue),
            None => {
                self.setup.bind(vm(station), queue);
            }
        }
        self.rules.bind(vm(station), queue).expect("there is a place for every station");
    }

    fn remove(&mut self, station: usize) {
        let found = self.setup.table.find(vm(station));
        assert_eq!(self.rules.unbind(vm(station)), found.is_some());
        if let Some(found) = found {
            self.setup.unbind(found.id);
        }
    }

    /// Puts a frame on the wire; returns its number and where the rules say that it goes.
    fn frame(&mut self, to: &To, tag: Option<u16>, len: usize) -> (Vec<u8>, Destination) {
        let to = to.address(self.setup.port.address());
        let bytes = match tag {
            Some(vlan) => tagged(to, vlan, self.sent, len),
            None => frame(to, self.sent, len),
        };
        self.sent += 1;
        self.setup.bed.inject(&bytes);
        assert_eq!(self.setup.bed.settle(), Settled::Idle);
        (bytes, self.rules.classify(to))
    }
}

/// The queue that a destination stands for.
fn queue_of(destination: Destination) -> Option<usize> {
    match destination {
        Destination::Matched(queue) => Some(queue),
        Destination::Default => Some(0),
        Destination::Dropped => None,
    }
}

/// With room for every frame, each is where the rules say and nowhere else, unchanged and in order.
fn sorts<M: Concrete>(bed: Sim, accept: u8, steps: &[Step]) {
    let mut port = Checked::<M>::start(bed, accept, 64, 63);
    let mut expected = vec![Vec::new(); pools::<M>()];
    for step in steps {
        match step {
            Step::Lead(station, queue) => port.lead(*station, queue.index(pools::<M>())),
            Step::Remove(station) => port.remove(*station),
            Step::Frame(to, tag, len) => {
                let (bytes, destination) = port.frame(to, *tag, *len);
                if let Some(queue) = queue_of(destination) {
                    expected[queue].push(bytes);
                }
            }
            Step::Poll(queue) => {
                let queue = queue.index(pools::<M>());
                assert_eq!(port.setup.pair(queue).receive(), std::mem::take(&mut expected[queue]));
            }
        }
    }
    for (queue, expected) in expected.into_iter().enumerate() {
        assert_eq!(port.setup.pair(queue).receive(), expected, "queue {queue}");
    }
    port.setup.finish();
}

/// With too few buffers and frames of wrong lengths: what arrives is in order and in the right
/// queue, and what does not is counted, once.
fn conserves<M: Concrete>(bed: Sim, accept: u8, steps: &[Step]) {
    let mut port = Checked::<M>::start(bed, accept, 8, 7);
    let mut destinations = Vec::new();
    let mut arrived = vec![Vec::new(); pools::<M>()];
    for step in steps {
        match step {
            Step::Lead(station, queue) => port.lead(*station, queue.index(pools::<M>())),
            Step::Remove(station) => port.remove(*station),
            Step::Frame(to, tag, len) => destinations.push(port.frame(to, *tag, *len)),
            Step::Poll(queue) => {
                let queue = queue.index(pools::<M>());
                arrived[queue].extend(port.setup.pair(queue).receive());
            }
        }
    }
    for (queue, arrived) in arrived.iter_mut().enumerate() {
        arrived.extend(port.setup.pair(queue).receive());
        assert!(numbers(arrived).is_sorted(), "queue {queue}: {:?}", numbers(arrived));
        for bytes in arrived {
            let (sent, destination) = &destinations[number(bytes) as usize];
            assert_eq!(bytes, sent);
            assert_eq!(queue_of(*destination), Some(queue));
            let tag = if bytes[12..14] == [0x81, 0x00] { 4 } else { 0 };
            assert!((60..=1514 + tag).contains(&bytes.len()));
        }
    }
    let arrived = arrived.iter().map(Vec::len).sum::<usize>() as u64;
    let device = port.setup.port.statistics();
    let by_rings: u64 = port.setup.pairs.iter().flatten().map(|pair| pair.rx.counters().too_long).sum();
    // What no filter wants no controller counts; the model tells.
    let drops = port.setup.bed.drops();
    let lost = drops.filtered + device.too_long + device.too_short + device.no_descriptor + by_rings;
    assert_eq!(arrived + lost, u64::from(port.sent));
    assert_eq!((drops.disabled, drops.broken), (0, 0));
    port.setup.finish();
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Lengths that every frame may have.
fn good() -> impl Strategy<Value = usize> {
    prop_oneof![Just(60), 60..200usize, Just(1514)]
}

/// Lengths around and beyond what a frame may have.
fn any_length() -> impl Strategy<Value = usize> {
    prop_oneof![4 => good(), 1 => 22..60usize, 2 => 1510..1530usize, 1 => 1530..2500usize]
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn the_82575_sorts_as_the_rules_say(accept in 0..8u8, steps in steps(good())) {
        sorts::<I82575>(Sim::i82575(), accept, &steps);
    }

    #[test]
    fn the_82576_sorts_as_the_rules_say(accept in 0..8u8, steps in steps(good())) {
        sorts::<I82576>(Sim::i82576(), accept, &steps);
    }

    #[test]
    fn the_82598_sorts_as_the_rules_say(accept in 0..8u8, steps in steps(good())) {
        sorts::<I82598>(Sim::i82598(), accept, &steps);
    }

    #[test]
    fn the_82575_accounts_for_every_frame(accept in 0..8u8, steps in steps(any_length())) {
        conserves::<I82575>(Sim::i82575(), accept, &steps);
    }

    #[test]
    fn the_82576_accounts_for_every_frame(accept in 0..8u8, steps in steps(any_length())) {
        conserves::<I82576>(Sim::i82576(), accept, &steps);
    }

    #[test]
    fn the_82598_accounts_for_every_frame(accept in 0..8u8, steps in steps(any_length())) {
        conserves::<I82598>(Sim::i82598(), accept, &steps);
    }
}
