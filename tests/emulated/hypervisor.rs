//! The glue between emulated devices, the switch and a controller: a hypervisor's loop.

use vmdq::group::Group;
use vmdq::relay::{Outlet, Received, SentFrame, relay};
use vmdq::switch::{DropReason, Drops, InterfaceId, Origin, Physical, Switch, TagAction, Virtual};
use vmdq::{Accept, Config};
use vmdq_sim::{NotReceived, Settled, Sim, Testbed};

use crate::common::{Concrete, Plan, Setup, SimMachine};
use crate::machine::{Machine, address};

/// Virtual machines, a switch, and one controller with a queue for each machine.
pub(crate) struct Hypervisor<M: Concrete> {
    pub(crate) switch: Switch<8, 64>,
    uplink: InterfaceId,
    controller: Setup<M, SimMachine, Sim>,
    machines: Vec<Machine>,
}

impl<M: Concrete> Hypervisor<M> {
    pub(crate) fn new(sim: Sim) -> Self {
        let config = Config { accept: Accept::all(), strip_tags: true, ..Config::default() };
        let controller = Setup::start(sim, Plan { config, ..Plan::default() });
        let mut switch = Switch::new(0x5eed);
        let uplink = switch.bind_physical(&Physical::default()).expect("a place");
        Self { switch, uplink, controller, machines: Vec::new() }
    }

    /// Adds a virtual machine with one address.
    pub(crate) fn add(&mut self, settings: &Virtual) {
        let i = self.machines.len();
        let interface = self.switch.bind_virtual(settings).expect("a place");
        self.switch.bind_address(interface, address(i)).expect("a free address");
        self.controller.bind(address(i), queue_of(i));
        self.machines.push(Machine::new(interface, address(i)));
    }

    pub(crate) fn guest(&mut self, i: usize) -> &mut Machine {
        &mut self.machines[i]
    }

    /// Puts frames on the wire towards the controller.
    pub(crate) fn wire(&mut self, frames: &[Vec<u8>]) {
        self.controller.inject(frames);
    }

    /// Takes what the controller has put on the wire.
    pub(crate) fn taken_from_wire(&mut self) -> Vec<Vec<u8>> {
        self.controller.bed.take_sent().into_iter().map(|sent| sent.bytes).collect()
    }

    pub(crate) fn dropped_of(&self, i: usize) -> Drops {
        let id = self.machines[i].emulated.interface();
        self.switch.interface_counters(id).expect("the interface is bound").dropped
    }

    /// Moves everything that waits anywhere by one step of its way, and sends it.
    pub(crate) fn turn(&mut self) {
        for i in 0..self.machines.len() {
            let emulated = &mut self.machines[i].emulated;
            let (origin, frames) = (emulated.origin(), emulated.run());
            let mut sent = Vec::from_iter(frames.iter().map(|bytes| SentFrame { bytes, tag: None }));
            self.relay(origin, &mut sent, queue_of(i));
        }
        for queue in 0..=self.machines.len() {
            self.receive(queue);
        }
        assert_eq!(self.controller.bed.settle(), Settled::Idle);
        for queue in 0..=self.machines.len() {
            self.controller.pair(queue).reclaim();
        }
    }

    /// Switches what the controller has sorted to a queue.
    fn receive(&mut self, queue: usize) {
        let from = match queue.checked_sub(1) {
            Some(i) => Origin::Matched { uplink: self.uplink, to: self.machines[i].emulated.interface() },
            None => Origin::Unmatched { uplink: self.uplink },
        };
        let mut frames = self.controller.pair(queue).take();
        self.relay(from, &mut frames, queue);
        let pair = self.controller.pair(queue);
        frames.into_iter().for_each(|frame| pair.buffers.put(frame).expect("room in the pool"));
        pair.rx.refill(&mut pair.buffers);
    }

    /// Gives frames to each of their destinations; to the controller, through a queue.
    fn relay<F: Received + AsRef<[u8]>>(&mut self, from: Origin, frames: &mut [F], queue: usize) {
        let Self { switch, uplink, controller, machines } = self;
        let mut wires = Wires { machines, controller, uplink: *uplink, queue };
        relay(switch, from, frames, 0, &mut wires);
    }

    /// Ends a test: everything stops, all memory comes back, and no driver did anything against a
    /// datasheet.
    pub(crate) fn finish(self) {
        self.machines.into_iter().for_each(Machine::finish);
        self.controller.finish();
    }
}

/// Where the switch's interfaces lead.
struct Wires<'h, M: Concrete> {
    machines: &'h mut [Machine],
    controller: &'h mut Setup<M, SimMachine, Sim>,
    uplink: InterfaceId,
    /// The controller's queue to send from.
    queue: usize,
}

impl<M: Concrete, F: Received + AsRef<[u8]>> Outlet<F> for Wires<'_, M> {
    fn copy(&mut self, to: InterfaceId, tag: TagAction, group: &Group<'_, F>) {
        for bytes in group.frames.iter().map(F::as_ref) {
            if to == self.uplink {
                let pair = self.controller.pair(self.queue);
                let mut frame = pair.buffers.take().expect("a buffer to send from");
                frame.fill(bytes).expect("room in the buffer");
                tag.apply_to(&mut frame).expect("room for the tag");
                pair.tx.send_one(frame).expect("room in the ring");
                continue;
            }
            let mut machines = self.machines.iter_mut().map(|machine| &mut machine.emulated);
            let machine = machines.find(|machine| machine.interface() == to).expect("its machine");
            match machine.deliver(bytes, tag) {
                Ok(()) | Err(NotReceived::ReceiverOff | NotReceived::Full) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn dropped(&mut self, _reason: DropReason, _group: &mut Group<'_, F>) {
        // Tests look at the switch's counters.
    }
}

/// The controller's queue of machine `i`.
const fn queue_of(i: usize) -> usize {
    i + 1
}
