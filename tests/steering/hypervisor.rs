//! The glue: a port, a switch, and filters that follow the traffic.

use vmdq::group::Group;
use vmdq::relay::{Outlet, relay};
use vmdq::ring::Frame;
use vmdq::{BindError, MacAddress, Refused};
use vmdq_core::switch::steer::{Policy, Steering, Step};
use vmdq_core::switch::{DropReason, InterfaceId, Origin, Physical, Switch, TagAction, Virtual};
use vmdq_sim::Sim;

use crate::common::{Concrete, Plan, Setup, SimMachine, limits, pools};
use crate::flow::Flow;

/// Frames between two polls: fewer than a queue has descriptors, including what steps add to them.
const ROUND: usize = 48;

/// When a frame for an address arrives while its filter moves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    /// After the register write, before the old queue is drained.
    BeforeTheDrain,
    /// It is sorted before the register write, and in memory only after the drain.
    AfterTheDrain,
}

/// The interface that has a queue.
#[derive(Clone, Copy)]
pub(crate) struct Held {
    pub(crate) by: InterfaceId,
    /// A frame for the interface that had the queue before may still turn up in it: what it brings
    /// is not taken as matched.
    changing_hands: bool,
}

pub(crate) struct Hypervisor<M: Concrete, P> {
    pub(crate) setup: Setup<M, SimMachine, Sim>,
    switch: Box<Switch<64, 64>>,
    uplink: InterfaceId,
    pub(crate) steering: Steering<P, 64>,
    /// By queue.
    pub(crate) held: Vec<Option<Held>>,
    pub(crate) flows: Vec<Flow>,
    /// What the steering asked for since the test last looked.
    pub(crate) steps: Vec<Step>,
    window: Window,
    /// Frames for addresses that no interface had any more.
    astray: u64,
    random: fastrand::Rng,
}

impl<M: Concrete, P: Policy> Hypervisor<M, P> {
    /// How many interfaces can have a queue of their own and a filter that leads there.
    pub(crate) fn seats() -> usize {
        usize::from(limits::<M>().filters).min(pools::<M>() - 1)
    }

    pub(crate) fn new(bed: Sim, policy: P, window: Window) -> Self {
        let setup = Setup::start(bed, Plan { descriptors: 128, buffers: 127, ..Plan::default() });
        let mut switch = Box::new(Switch::new(7));
        let uplink = switch.bind_physical(&Physical::default()).expect("a place");
        Self {
            setup,
            switch,
            uplink,
            steering: Steering::new(Self::seats(), policy),
            held: vec![None; pools::<M>()],
            flows: Vec::new(),
            steps: Vec::new(),
            window,
            astray: 0,
            random: fastrand::Rng::with_seed(0x57ee),
        }
    }

    /// A machine comes.
    pub(crate) fn come(&mut self, address: MacAddress) -> InterfaceId {
        let interface = self.switch.bind_virtual(&Virtual::default()).expect("a place");
        self.add(interface, address);
        interface
    }

    /// A machine gets an address (more).
    pub(crate) fn add(&mut self, interface: InterfaceId, address: MacAddress) {
        self.switch.bind_address(interface, address).expect("a place");
        self.flows.push(Flow::new(interface, address));
        self.steering.add(interface, address).expect("a place");
        self.steer();
    }

    /// A machine goes. Its frames so far it still gets.
    pub(crate) fn go(&mut self, interface: InterfaceId) {
        self.steering.remove_interface(interface);
        // Filters first: afterwards nothing is matched for it.
        self.steer();
        self.poll_all();
        self.switch.unbind(interface).expect("it was bound");
        self.flows.iter().filter(|flow| flow.interface == interface).for_each(|flow| {
            flow.check();
        });
        self.flows.retain(|flow| flow.interface != interface);
    }

    /// Does what the steering says.
    pub(crate) fn steer(&mut self) {
        while let Some(step) = self.steering.step() {
            self.steps.push(step);
            match step {
                Step::Install(interface, address) => self.install(interface, address),
                Step::Remove(interface, address) => self.remove(interface, address),
            }
            let bound = self.setup.table.bindings().count();
            assert_eq!(bound, self.steering.installed());
            assert!(bound <= Self::seats());
        }
    }

    fn install(&mut self, interface: InterfaceId, address: MacAddress) {
        let own = |held: &Option<Held>| held.is_some_and(|held| held.by == interface);
        let queue = match self.held.iter().position(own) {
            Some(queue) => queue,
            None => {
                (1..pools::<M>()).find(|queue| self.held[*queue].is_none()).expect("a queue for each filter")
            }
        };
        self.before_the_write(0, address);
        let slot = self.setup.slots.remove(0);
        let pool = &self.setup.pairs[queue].as_ref().expect("the queue runs").pool;
        match self.setup.table.bind(slot, address, pool) {
            Ok(_) => {
                self.held[queue].get_or_insert(Held { by: interface, changing_hands: true });
                // What came before is in the default queue. It goes before the first frame of the
                // interface's own queue.
                self.drain(0, address);
            }
            Err(Refused { error, value: slot }) => {
                assert_eq!(error, BindError::PortAddress);
                self.setup.slots.push(slot);
                self.steering.refuse(interface, address);
            }
        }
    }

    fn remove(&mut self, interface: InterfaceId, address: MacAddress) {
        let binding = self.setup.table.find(address).expect("it has a filter");
        let queue = binding.pool.number();
        assert_eq!(self.held[queue].map(|held| held.by), Some(interface));
        self.before_the_write(queue, address);
        self.setup.unbind(binding.id);
        // What came before is in the interface's own queue. It goes before the next frame of the
        // default queue, and before the queue is another's.
        self.drain(queue, address);
        if !self.setup.table.leads_to(binding.pool) {
            self.held[queue] = None;
        }
    }

    /// A frame that was sorted already when the filter moved. The models write a frame as soon as it
    /// is sorted: the drain misses one that is late if it comes before it.
    fn before_the_write(&mut self, old: usize, address: MacAddress) {
        if self.window == Window::AfterTheDrain {
            self.poll(old);
            let late = self.flow(address).send_late();
            self.setup.inject(&[late]);
        }
    }

    /// Delivers what came before the filter moved; the wire does not wait meanwhile.
    fn drain(&mut self, old: usize, address: MacAddress) {
        let next = self.flow(address).send();
        self.setup.inject(&[next]);
        if self.window == Window::BeforeTheDrain {
            self.poll(old);
        }
    }

    /// Delivers what a queue has.
    fn poll(&mut self, queue: usize) {
        let uplink = self.uplink;
        let from = match self.held[queue] {
            Some(Held { by, changing_hands: false }) => Origin::Matched { uplink, to: by },
            _ => Origin::Unmatched { uplink },
        };
        let mut frames = self.setup.pair(queue).take();
        relay(&mut self.switch, from, &mut frames, 0, &mut Ears(&mut self.flows));
        let pair = self.setup.pair(queue);
        frames.into_iter().for_each(|frame| pair.buffers.put(frame).expect("room in the pool"));
        pair.rx.refill(&mut pair.buffers);
    }

    pub(crate) fn poll_all(&mut self) {
        (0..pools::<M>()).for_each(|queue| self.poll(queue));
    }

    /// A period: frames for each flow, in random order, then a decision on who has filters. The last
    /// frames still wait in the queues while filters move.
    pub(crate) fn period(&mut self, load: impl Fn(&Flow) -> usize) {
        self.poll_all();
        // The device has been quiet since the steps: what was late has come.
        self.held.iter_mut().flatten().for_each(|held| held.changing_hands = false);
        let loads = self.flows.iter().enumerate();
        let mut order: Vec<usize> =
            loads.flat_map(|(at, flow)| std::iter::repeat_n(at, load(flow))).collect();
        self.random.shuffle(&mut order);
        for round in order.chunks(ROUND) {
            self.poll_all();
            let frames: Vec<_> = round.iter().map(|at| self.flows[*at].send()).collect();
            self.setup.inject(&frames);
        }
        let switch = &self.switch;
        self.steering.period(|id, _| switch.interface_counters(id).expect("it is bound").from_wire);
        self.steer();
    }

    /// Some periods of the same load. Returns the steps of the last one.
    pub(crate) fn periods(&mut self, count: usize, load: impl Fn(&Flow) -> usize) -> Vec<Step> {
        for _ in 0..count {
            self.steps.clear();
            self.period(&load);
        }
        std::mem::take(&mut self.steps)
    }

    /// A frame for an address that no interface has any more.
    pub(crate) fn send_astray(&mut self, address: MacAddress) {
        self.setup.inject(&[crate::common::frame(address, 0, 60)]);
        self.poll_all();
        self.astray += 1;
        assert_eq!(self.switch.counters().traffic.dropped.total(), self.astray);
    }

    pub(crate) fn flow(&mut self, address: MacAddress) -> &mut Flow {
        flow_of(&mut self.flows, address)
    }

    /// The addresses that have a filter, in order.
    pub(crate) fn filtered(&self) -> Vec<MacAddress> {
        let mut bound: Vec<_> = self.setup.table.bindings().map(|binding| binding.address).collect();
        bound.sort_unstable_by_key(|address| address.0);
        bound
    }

    /// All machines go; every slot and queue is back. Returns how many frames came out of turn.
    pub(crate) fn finish(mut self) -> usize {
        self.poll_all();
        let out_of_turn = self.flows.iter().map(Flow::check).sum();
        while let Some(flow) = self.flows.first() {
            self.go(flow.interface);
        }
        assert_eq!(self.steering.installed(), 0);
        assert_eq!(self.setup.slots.len(), usize::from(limits::<M>().filters));
        assert!(self.held.iter().all(Option::is_none));
        assert_eq!(self.switch.counters().traffic.dropped.total(), self.astray);
        // Sees that no slot or queue is missing, and that the model saw no violation.
        self.setup.finish();
        out_of_turn
    }
}

/// Lets each flow hear its frames.
struct Ears<'h>(&'h mut [Flow]);

impl Outlet<Frame> for Ears<'_> {
    fn copy(&mut self, _to: InterfaceId, _tag: TagAction, _group: &Group<'_, Frame>) {
        panic!("each frame is for one");
    }

    fn deliver(&mut self, to: InterfaceId, tag: TagAction, group: &mut Group<'_, Frame>) {
        assert_eq!(tag, TagAction::Keep);
        for bytes in group.frames.iter().map(Frame::bytes) {
            let address = MacAddress(bytes[..6].try_into().expect("an address"));
            flow_of(self.0, address).hear(to, bytes, group.indication.from.is_matched());
        }
    }

    fn dropped(&mut self, reason: DropReason, _group: &mut Group<'_, Frame>) {
        assert_eq!(reason, DropReason::UnknownUnicast);
    }
}

fn flow_of(flows: &mut [Flow], address: MacAddress) -> &mut Flow {
    let found = flows.iter_mut().find(|flow| flow.address == address);
    found.expect("a frame for a machine that is here")
}
