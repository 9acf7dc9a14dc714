//! The glue between emulated devices, the switch and a controller: a hypervisor's loop.

use vmdq::Controller;
use vmdq::switch::{
    Decision, Drops, Gather, Indicated, InterfaceId, Load, Origin, Physical, Switch, Virtual,
};
use vmdq::{Accept, Config};
use vmdq_sim::{Settled, Sim, SimBus, Testbed, Undelivered};

use crate::common::{Plan, Rig};
use crate::machine::{Machine, address};

/// Virtual machines, a switch, and one controller with a queue for each machine.
pub(crate) struct Hypervisor<C: Controller> {
    pub(crate) switch: Switch<8, 64>,
    uplink: InterfaceId,
    controller: Rig<C, SimBus, Sim>,
    machines: Vec<Machine>,
}

impl<C: Controller> Hypervisor<C> {
    pub(crate) fn new(sim: Sim) -> Self {
        let config = Config { accept: Accept::all(), strip_tags: true, ..Config::default() };
        let controller = Rig::start(sim, Plan { config, ..Plan::default() });
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
            let group = self.machines[i].emulated.indicated();
            for bytes in self.machines[i].emulated.run() {
                let decision = self.switch.forward(&group, Load::frame(bytes.len()), &bytes, 0);
                self.distribute(&bytes, &decision, queue_of(i));
            }
        }
        for queue in 0..=self.machines.len() {
            self.receive(queue);
        }
        assert_eq!(self.controller.bed.settle(), Settled::Idle);
        for queue in 0..=self.machines.len() {
            self.controller.lane(queue).reclaim();
        }
    }

    /// Switches what the controller has sorted to a queue.
    fn receive(&mut self, queue: usize) {
        let from = match queue.checked_sub(1) {
            Some(i) => Origin::Matched { uplink: self.uplink, to: self.machines[i].emulated.interface() },
            None => Origin::Unmatched { uplink: self.uplink },
        };
        let mut frames = self.controller.lane(queue).take();
        for (group, frames) in
            Gather::new(&mut frames, |frame| Indicated { from, tag: frame.tag(), error: false })
        {
            let bytes = frames.iter().map(|frame| frame.len() as u64).sum();
            let load = Load { frames: frames.len() as u64, bytes };
            let decision = self.switch.forward(&group, load, frames[0].bytes(), 0);
            for frame in frames {
                self.distribute(frame.bytes(), &decision, queue);
            }
        }
        let lane = self.controller.lane(queue);
        frames.into_iter().for_each(|frame| lane.buffers.put(frame).expect("room on the shelf"));
        lane.rx.refill(&mut lane.buffers);
    }

    /// Gives a frame to each of its destinations; to the controller, through a queue.
    fn distribute(&mut self, bytes: &[u8], decision: &Decision, queue: usize) {
        for number in decision.destinations() {
            let action = self.switch.tag_action(decision, number);
            if number == self.uplink.number() {
                let lane = self.controller.lane(queue);
                let mut frame = lane.buffers.take().expect("a buffer to send from");
                frame.fill(bytes).expect("room in the buffer");
                action.apply_to(&mut frame).expect("room for the tag");
                lane.tx.send_one(frame).map_err(|(error, _)| error).expect("room in the ring");
                continue;
            }
            let mut machines = self.machines.iter_mut().map(|machine| &mut machine.emulated);
            let to =
                machines.find(|to| to.interface().number() == number).expect("a machine of that interface");
            match to.deliver(bytes, action) {
                Ok(()) | Err(Undelivered::Deaf | Undelivered::Full) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Ends a test: everything stops, all memory comes back, and no driver did anything against a
    /// datasheet.
    pub(crate) fn finish(self) {
        self.machines.into_iter().for_each(Machine::finish);
        self.controller.finish();
    }
}

/// The controller's queue of machine `i`.
const fn queue_of(i: usize) -> usize {
    i + 1
}
