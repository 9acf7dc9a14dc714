//! More virtual machines than queues and filters (paper section 2.3.7): `Steering` decides who has a
//! filter, `FilterTable` does it, and no machine can tell but by the time it takes.
//!
//! Every test ends with each frame heard exactly once by its machine and in order (but for those that
//! were late, in the test of that), all slots and queues back, and no violation recorded.

#[path = "../common/mod.rs"]
mod common;
mod flow;
mod hypervisor;

use common::{Concrete, limits, pools, vm};
use flow::Flow;
use hypervisor::{Hypervisor, Window};
use vmdq::MacAddress;
use vmdq::igb::{I82575, I82576};
use vmdq::ixgbe::I82598;
use vmdq_core::switch::InterfaceId;
use vmdq_core::switch::steer::{MostActive, Policy, Step};
use vmdq_sim::Sim;

/// Frames a period.
const BUSY: usize = 40;
const IDLE: usize = 2;

/// Runs a test on each model.
macro_rules! on_every_model {
    ($($test:ident),+ $(,)?) => {
        mod i82575 { $(#[test] fn $test() { super::$test::<super::I82575>(super::Sim::i82575(), 12); })+ }
        mod i82576 { $(#[test] fn $test() { super::$test::<super::I82576>(super::Sim::i82576(), 20); })+ }
        mod i82598 { $(#[test] fn $test() { super::$test::<super::I82598>(super::Sim::i82598(), 40); })+ }
    };
}

on_every_model! {
    the_busiest_have_the_filters,
    equal_loads_keep_their_filters,
    who_goes_gives_filter_and_queue_back,
    another_policy_is_obeyed,
    first_come_first_served_is_a_policy,
    a_restless_policy_costs_steps_alone,
    a_late_frame_finds_its_machine,
    addresses_of_one_machine_share_its_queue,
    the_ports_own_address_goes_without,
}

/// A hypervisor with machines, of which the first ones have the filters.
fn full<M: Concrete, P: Policy>(
    bed: Sim,
    machines: usize,
    policy: P,
    window: Window,
) -> (Hypervisor<M, P>, Vec<InterfaceId>) {
    let mut hypervisor = Hypervisor::new(bed, policy, window);
    let ids = (0..machines).map(|i| hypervisor.come(vm(i))).collect();
    assert!(machines > pools::<M>(), "not all can have one");
    assert_eq!(hypervisor.filtered(), addresses(0..Hypervisor::<M, P>::seats()));
    (hypervisor, ids)
}

fn addresses(machines: impl Iterator<Item = usize>) -> Vec<MacAddress> {
    machines.map(vm).collect()
}

/// The load at which these addresses are busy.
fn busy(these: &[MacAddress]) -> impl Fn(&Flow) -> usize + '_ {
    |flow| if these.contains(&flow.address) { BUSY } else { IDLE }
}

/// Sees in a period in which nothing changes that these, and they alone, are sorted by the hardware.
fn alone_are_sorted<M: Concrete, P: Policy>(hypervisor: &mut Hypervisor<M, P>, these: &[MacAddress]) {
    assert_eq!(hypervisor.filtered(), these);
    hypervisor.poll_all();
    hypervisor.flows.iter_mut().for_each(|flow| (flow.matched, flow.looked_up) = (0, 0));
    assert_eq!(hypervisor.periods(1, busy(these)), []);
    hypervisor.poll_all();
    for flow in &hypervisor.flows {
        let expected = if these.contains(&flow.address) { (BUSY as u32, 0) } else { (0, IDLE as u32) };
        assert_eq!((flow.matched, flow.looked_up), expected, "{}", flow.address);
    }
}

fn the_busiest_have_the_filters<M: Concrete>(bed: Sim, machines: usize) {
    let (mut hypervisor, _) = full::<M, _>(bed, machines, MostActive::default(), Window::BeforeTheDrain);
    let seats = Hypervisor::<M, MostActive>::seats();
    for first in [machines - seats, 1, machines / 2] {
        let these = addresses(first..first + seats);
        hypervisor.periods(6, busy(&these));
        alone_are_sorted(&mut hypervisor, &these);
    }
    assert_eq!(hypervisor.finish(), 0);
}

fn equal_loads_keep_their_filters<M: Concrete>(bed: Sim, machines: usize) {
    let (mut hypervisor, _) = full::<M, _>(bed, machines, MostActive::default(), Window::BeforeTheDrain);
    hypervisor.steps.clear();
    for period in 0..12 {
        // Every other machine is a little busier, in turn.
        let nearly = |flow: &Flow| 16 + 4 * ((period + usize::from(flow.address.0[5])) % 2);
        hypervisor.period(nearly);
    }
    assert_eq!(hypervisor.steps, []);
    assert_eq!(hypervisor.finish(), 0);
}

fn who_goes_gives_filter_and_queue_back<M: Concrete>(bed: Sim, machines: usize) {
    let (mut hypervisor, ids) = full::<M, _>(bed, machines, MostActive::default(), Window::BeforeTheDrain);
    let seats = Hypervisor::<M, MostActive>::seats();
    let queue_of = |hypervisor: &Hypervisor<M, MostActive>, id| {
        hypervisor.held.iter().position(|held| held.is_some_and(|held| held.by == id))
    };
    hypervisor.periods(2, busy(&addresses(0..seats)));
    // Two busy ones go while frames for them are under way. Others get their filters at once.
    let queues = [0, 1].map(|i| queue_of(&hypervisor, ids[i]).expect("it has a queue"));
    hypervisor.go(ids[0]);
    hypervisor.go(ids[1]);
    assert_eq!(hypervisor.filtered().len(), seats);
    assert!(queues.iter().all(|queue| hypervisor.held[*queue].is_some()));
    hypervisor.send_astray(vm(0));
    hypervisor.send_astray(vm(1));

    // All go but two, which need not be without a filter then.
    ids[2..machines - 2].iter().for_each(|id| hypervisor.go(*id));
    assert_eq!(hypervisor.filtered(), addresses(machines - 2..machines));
    assert_eq!(hypervisor.setup.slots.len(), usize::from(limits::<M>().filters) - 2);

    // Others come in their places, with addresses that they had.
    let new: Vec<_> = (0..seats).map(|i| hypervisor.come(vm(i))).collect();
    assert!(new.iter().all(|id| !ids.contains(id)), "a successor is another");
    let at_once: Vec<_> = (0..seats - 2).chain(machines - 2..machines).map(vm).collect();
    assert_eq!(hypervisor.filtered(), at_once, "as long as there are free ones, each gets one");
    // They are the busier ones, so that in the end the two old ones share.
    let these = addresses(0..seats);
    hypervisor.periods(5, busy(&these));
    alone_are_sorted(&mut hypervisor, &these);
    assert!(new.iter().all(|id| queue_of(&hypervisor, *id).is_some()));
    assert_eq!(hypervisor.finish(), 0);
}

/// The silent ones have the filters.
#[derive(Debug)]
struct Quietest;

impl Policy for Quietest {
    fn activity(&self, _: u64, frames: u64) -> u64 {
        1_000_000 - frames
    }
    fn takes_over(&self, candidate: u64, holder: u64) -> bool {
        candidate > holder + 10
    }
}

fn another_policy_is_obeyed<M: Concrete>(bed: Sim, machines: usize) {
    let (mut hypervisor, _) = full::<M, _>(bed, machines, Quietest, Window::BeforeTheDrain);
    let quiet = addresses(machines - Hypervisor::<M, Quietest>::seats()..machines);
    hypervisor.periods(4, |flow| if quiet.contains(&flow.address) { IDLE } else { BUSY });
    assert_eq!(hypervisor.filtered(), quiet);
    assert_eq!(hypervisor.finish(), 0);
}

/// Whoever has a filter keeps it.
#[derive(Debug)]
struct FirstCome;

impl Policy for FirstCome {
    fn activity(&self, before: u64, frames: u64) -> u64 {
        before + frames
    }
    fn takes_over(&self, _: u64, _: u64) -> bool {
        false
    }
}

fn first_come_first_served_is_a_policy<M: Concrete>(bed: Sim, machines: usize) {
    let (mut hypervisor, ids) = full::<M, _>(bed, machines, FirstCome, Window::BeforeTheDrain);
    let seats = Hypervisor::<M, FirstCome>::seats();
    let last = vm(machines - 1);
    hypervisor.steps.clear();
    assert_eq!(hypervisor.periods(4, busy(&[last])), []);
    assert_eq!(hypervisor.filtered(), addresses(0..seats));
    // The one that waited busiest is next.
    hypervisor.go(ids[0]);
    assert_eq!(hypervisor.steps, [Step::Remove(ids[0], vm(0)), Step::Install(ids[machines - 1], last)]);
    assert_eq!(hypervisor.finish(), 0);
}

/// Whoever has no filter gets one.
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

/// Filters move to and fro within a period, and no frame comes out of turn.
fn a_restless_policy_costs_steps_alone<M: Concrete>(bed: Sim, machines: usize) {
    let (mut hypervisor, _) = full::<M, _>(bed, machines, Restless, Window::BeforeTheDrain);
    let seats = Hypervisor::<M, Restless>::seats();
    let these = addresses(1..=seats);
    for _ in 0..4 {
        assert_eq!(hypervisor.periods(1, busy(&these)).len(), 2 * seats, "as many exchanges as filters");
    }
    assert_eq!(hypervisor.finish(), 0);
}

/// A frame that was sorted before its filter went and is in memory only after the queue was drained
/// arrives in a queue that is another's by then. It comes out of turn, but to its machine.
fn a_late_frame_finds_its_machine<M: Concrete>(bed: Sim, machines: usize) {
    let (mut hypervisor, _) = full::<M, _>(bed, machines, MostActive::default(), Window::AfterTheDrain);
    let seats = Hypervisor::<M, MostActive>::seats();
    let these = addresses(machines - seats..machines);
    hypervisor.steps.clear();
    for _ in 0..6 {
        hypervisor.period(busy(&these));
    }
    let removed = hypervisor.steps.iter().filter(|step| matches!(step, Step::Remove(..))).count();
    assert_eq!(removed, seats);
    alone_are_sorted(&mut hypervisor, &these);
    // Each removal made one frame late, and no installation did: the default queue goes first.
    assert_eq!(hypervisor.finish(), seats);
}

fn addresses_of_one_machine_share_its_queue<M: Concrete>(bed: Sim, machines: usize) {
    let (mut hypervisor, ids) = full::<M, _>(bed, machines, MostActive::default(), Window::BeforeTheDrain);
    let seats = Hypervisor::<M, MostActive>::seats();
    // Addresses of an interface are as active as all of them together.
    hypervisor.add(ids[0], vm(machines));
    let these: Vec<_> = (0..seats - 1).chain([machines]).map(vm).collect();
    hypervisor.periods(6, busy(&these));
    alone_are_sorted(&mut hypervisor, &these);
    let queue = |address| hypervisor.setup.table.find(address).expect("it has a filter").pool;
    assert_eq!(queue(vm(0)), queue(vm(machines)));
    assert_eq!(hypervisor.held.iter().flatten().count(), seats - 1);
    // It goes, and both filters are others'.
    hypervisor.go(ids[0]);
    assert_eq!(hypervisor.filtered().len(), seats);
    assert_eq!(hypervisor.held.iter().flatten().count(), seats);
    assert_eq!(hypervisor.finish(), 0);
}

/// The hardware refuses a filter: the default queue does as well.
fn the_ports_own_address_goes_without<M: Concrete>(bed: Sim, machines: usize) {
    let mut hypervisor = Hypervisor::<M, _>::new(bed, MostActive::default(), Window::BeforeTheDrain);
    let own = hypervisor.setup.port.address();
    hypervisor.come(own);
    for i in 0..machines {
        hypervisor.come(vm(i));
    }
    let seats = Hypervisor::<M, MostActive>::seats();
    hypervisor.steps.clear();
    let these: Vec<_> = addresses(0..seats - 1).into_iter().chain([own]).collect();
    assert_eq!(hypervisor.periods(4, busy(&these)), []);
    assert_eq!(hypervisor.filtered(), addresses(0..seats));
    hypervisor.poll_all();
    let flow = hypervisor.flow(own);
    assert_eq!((flow.matched, flow.looked_up), (0, 4 * BUSY as u32));
    assert_eq!(hypervisor.finish(), 0);
}
