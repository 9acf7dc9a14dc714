//! A hypervisor's loop around the port, in small: targeted and ordinary queues, the switch, channels; and
//! what must hold of it.

use std::collections::BTreeMap;

use vmdq::channel::{GuestBuffer, Posted, Status, VirtualInterface};
use vmdq::device::HeaderReplication;
use vmdq::group::Group;
use vmdq::relay::{Outlet, Received, SentFrame, relay};
use vmdq::switch::{
    DropReason, InterfaceId, Origin, Physical, Switch, TagAction, Virtual, Vlan, VlanMembership,
};
use vmdq::targeted::{Targeted as TargetedFrame, TargetedBurst, TargetedRing};
use vmdq::vmm::GuestRange;
use vmdq::{Accept, Config, MacAddress};
use vmdq_sim::{Guests, Sim, Testbed};

use crate::common::{Concrete, Plan, Setup, SimMachine, frame, pools, ready, vm as address};
use crate::vm::{ENTRIES, Undelivered, Vm};
use crate::watch::WatchedVmm;
use crate::{How, Targeted};

/// The VLAN of machines that have one alone.
pub(crate) const VLAN: u16 = 5;

/// A frame that was put on the wire or sent by a machine.
pub(crate) struct Sent {
    pub(crate) bytes: Vec<u8>,
    /// Its tag, or the one that the switch gives it.
    pub(crate) tag: Option<u16>,
    /// From a machine, or from the wire.
    pub(crate) from: Option<usize>,
    pub(crate) to: MacAddress,
}

/// The port, the machines and all that was sent.
pub(crate) struct World<M: HeaderReplication + Concrete> {
    pub(crate) setup: Setup<M, SimMachine, Sim>,
    pub(crate) guests: Guests,
    pub(crate) vms: Vec<Vm<M>>,
    pub(crate) switch: Switch<8, 64>,
    pub(crate) uplink: InterfaceId,
    how: How,
    pub(crate) sent: Vec<Sent>,
    /// Frames that were put on the wire.
    pub(crate) injected: u64,
    /// What rings that are stopped by now dropped.
    pub(crate) dropped: u64,
    /// Numbers of the last frames of each flow: who sent it, whither, and who got it.
    pub(crate) last: BTreeMap<(Option<usize>, MacAddress, usize), u32>,
    /// The device was made to lie: what arrives may be anything, but where it arrives may not.
    pub(crate) lied: bool,
}

impl<M: HeaderReplication + Concrete> World<M> {
    /// Starts the default queue, and for each machine what the flags say: a targeted queue if it can have
    /// one, and whether it has one VLAN alone.
    pub(crate) fn start(bed: Sim, how: How, machines: &[(bool, bool)]) -> Self {
        let config = Config { accept: Accept::all(), strip_tags: true, ..Config::default() };
        let plan = Plan { config, descriptors: 64, buffers: 40 };
        let port = ready::<M, _>(bed.platform(), &config);
        let mut setup = Setup::stopped(bed, port, plan);
        let queue = setup.idle.remove(0);
        setup.run(queue);
        let (guests, mut switch) = (Guests::new(), Switch::new(7));
        let uplink = switch.bind_physical(&Physical::default()).expect("there is room");
        let mut vms = Vec::new();
        for (i, (_, access)) in machines.iter().enumerate() {
            let vlans = if *access {
                VlanMembership::Access(Vlan::new(VLAN).expect("a VLAN"))
            } else {
                VlanMembership::ALL
            };
            let id = switch.bind_virtual(&Virtual { vlans, ..Virtual::default() }).expect("there is room");
            switch.bind_address(id, address(i + 1)).expect("it is free");
            // The last machines share the default queue.
            let queue = Some(i + 1).filter(|queue| *queue < pools::<M>());
            vms.push(Vm::new(&guests, id, queue, *access));
        }
        let last = BTreeMap::new();
        let mut world = Self {
            setup,
            guests,
            vms,
            switch,
            uplink,
            how,
            sent: vec![],
            injected: 0,
            dropped: 0,
            last,
            lied: false,
        };
        for (i, (targeted, _)) in machines.iter().enumerate() {
            if world.vms[i].queue.is_some() {
                world.run(i, *targeted);
                world.lead(i, world.vms[i].queue);
            }
        }
        world
    }

    /// Starts the queue of a machine.
    fn run(&mut self, i: usize, targeted: bool) {
        let vm = &mut self.vms[i];
        let number = vm.queue.expect("it can have one");
        let at =
            self.setup.idle.iter().position(|pool| pool.index().number() == number).expect("it is stopped");
        let queue = self.setup.idle.swap_remove(at);
        if !targeted {
            return self.setup.run(queue);
        }
        let vmm = WatchedVmm::new(&self.guests);
        let mut pair = Targeted::start(
            &self.setup.bed,
            &self.setup.port,
            queue,
            64,
            (&vm.machine.guest, &vmm),
            self.how,
        );
        pair.rx.set_reserve(2);
        vm.targeted = Some(pair);
    }

    /// Stops the queue of a machine. No filter leads there.
    fn stop(&mut self, i: usize) {
        let vm = &mut self.vms[i];
        let number = vm.queue.expect("it has one");
        let Some(pair) = vm.targeted.take() else {
            let counters = self.setup.pair(number).rx.counters();
            self.dropped += counters.too_long + counters.malformed;
            return self.setup.stop(number);
        };
        let counters = pair.rx.counters();
        self.dropped += counters.too_long + counters.malformed;
        let stopped = pair.stop(&self.setup.table);
        assert_eq!(self.guests.counters(vm.machine.guest.vm()).mapped, 0);
        self.setup.idle.push(stopped.pool);
        for token in vm.tokens.iter_mut().filter_map(Option::take) {
            let _ = vm.interface.receive().give_back(token, Status::Dropped);
        }
    }

    /// Leads the address of a machine to a queue or, without a filter, to the default one.
    pub(crate) fn lead(&mut self, i: usize, queue: Option<usize>) {
        // What came before is older than what comes by the new way.
        self.poll_all();
        let found = self.setup.table.find(address(i + 1)).map(|binding| binding.id);
        let Some(queue) = queue else {
            found.into_iter().for_each(|id| self.setup.unbind(id));
            return;
        };
        let pool = match &self.vms[i].targeted {
            Some(pair) if pair.rx.pool().number() == queue => &pair.pool,
            _ => &self.setup.pairs[queue].as_ref().expect("the queue runs").pool,
        };
        match found {
            Some(id) => self.setup.table.move_to(id, pool).expect("the filter moves"),
            None => {
                let slot = self.setup.slots.remove(0);
                self.setup.table.bind(slot, address(i + 1), pool).map(drop).expect("the filter is bound");
            }
        }
    }

    /// Makes the queue of a machine targeted if it is ordinary, and the other way round.
    pub(crate) fn turn(&mut self, i: usize) {
        let Some(queue) = self.vms[i].queue else { return };
        let led = self.setup.table.find(address(i + 1)).is_some_and(|binding| binding.pool.number() == queue);
        let targeted = self.vms[i].targeted.is_some();
        self.lead(i, if led { Some(0) } else { None });
        self.stop(i);
        self.run(i, !targeted);
        if led {
            self.lead(i, Some(queue));
        }
    }

    /// Tells whether frames for a machine go to a targeted queue of its own.
    pub(crate) fn is_targeted(&self, i: usize) -> bool {
        let led = self.setup.table.find(address(i + 1)).map(|binding| Some(binding.pool.number()));
        self.vms[i].targeted.is_some() && led == Some(self.vms[i].queue)
    }

    /// Makes a frame whose bytes say for whom it is.
    fn frame(&mut self, from: Option<usize>, to: MacAddress, tag: Option<u16>, len: usize) -> Vec<u8> {
        let mut bytes = frame(to, self.sent.len() as u32, len);
        bytes[18..].fill(mark(to));
        if let Some(from) = from {
            bytes[6..12].copy_from_slice(&address(from + 1).0);
        }
        self.sent.push(Sent { bytes: bytes.clone(), tag, from, to });
        bytes
    }

    /// Puts a frame on the wire.
    pub(crate) fn inject(&mut self, to: MacAddress, tag: Option<u16>, len: usize) {
        let mut bytes = self.frame(None, to, tag, len);
        if let Some([high, low]) = tag.map(u16::to_be_bytes) {
            bytes.splice(12..12, [0x81, 0x00, high, low]);
        }
        self.injected += 1;
        self.setup.inject(&[bytes]);
    }

    /// A machine sends a frame, under its own name or the wire's.
    pub(crate) fn send(&mut self, i: usize, to: MacAddress, honest: bool, len: usize) {
        let tag = self.vms[i].access.then_some(VLAN);
        let bytes = self.frame(honest.then_some(i), to, tag, len);
        let vm = &mut self.vms[i];
        if vm.machine.guest.write(vm.sending.at, &bytes).is_ok() {
            let range = GuestRange { len: len as u32, ..vm.sending };
            let _ = vm.driver.send(GuestBuffer { id: 0, range }, None);
        }
        let mut copy = [0; 1522];
        let taken = vm.interface.take_sent(&self.guests, &mut copy);
        // It is in the machine's memory for no other reason.
        let _ = vm.machine.guest.write(vm.sending.at, &[0; 1522]);
        vm.machine.absorb();
        let Some(Ok(sent)) = taken else { return };
        let from = Origin::Virtual(vm.id);
        self.relay(from, &mut [SentFrame { bytes: &copy[..sent.len], tag: sent.tag }]);
    }

    /// Asks the switch and copies frames to whoever gets them.
    fn relay<F: Received + AsRef<[u8]>>(&mut self, from: Origin, frames: &mut [F]) {
        let Self { switch, vms, guests, .. } = self;
        relay(switch, from, frames, 0, &mut Machines { vms, guests });
    }

    /// Takes what an ordinary queue has.
    fn poll_ordinary(&mut self, from: Origin, queue: usize) {
        let mut frames = self.setup.pair(queue).take();
        self.relay(from, &mut frames);
        let pair = self.setup.pair(queue);
        frames.into_iter().for_each(|frame| pair.buffers.put(frame).expect("room in the pool"));
        pair.rx.refill(&mut pair.buffers);
    }

    /// Takes what the queue of a machine has.
    pub(crate) fn poll(&mut self, i: usize) {
        let Some(queue) = self.vms[i].queue else { return };
        let (uplink, to) = (self.uplink, self.vms[i].id);
        if self.vms[i].targeted.is_some() {
            return self.poll_targeted(i);
        }
        if self.setup.pairs[queue].is_none() {
            // It does not run yet, or any more.
            return;
        }
        self.poll_ordinary(Origin::Matched { uplink, to }, queue);
    }

    fn poll_targeted(&mut self, i: usize) {
        let Self { switch, vms, uplink, .. } = self;
        let Vm { id, targeted, tokens, interface, notified, undelivered, .. } = &mut vms[i];
        let Targeted { rx, headers, .. } = targeted.as_mut().expect("it is targeted");
        let from = Origin::Matched { uplink: *uplink, to: *id };
        let mut burst = TargetedBurst::<8>::new();
        while rx.receive(&mut burst) > 0 {
            let mut shared = Shared { id: *id, rx, tokens, interface, notified, undelivered };
            relay(switch, from, &mut burst, 0, &mut shared);
            burst.drain(..).for_each(|frame| headers.put(frame.header).expect("room in the pool"));
        }
        rx.refill(headers);
    }

    /// Takes what all queues have; machines then read it.
    pub(crate) fn poll_all(&mut self) {
        self.poll_ordinary(Origin::Unmatched { uplink: self.uplink }, 0);
        (0..self.vms.len()).for_each(|i| self.poll(i));
        self.check();
        self.vms.iter_mut().for_each(|vm| vm.spoilt = false);
    }

    /// Takes buffers that machines posted; sees that no memory changed but what is shared; and lets the
    /// machines read the frames that they were notified of.
    pub(crate) fn check(&mut self) {
        for i in 0..self.vms.len() {
            self.vms[i].admit();
            self.vms[i].look();
            for notified in self.vms[i].drain(&self.guests) {
                self.read(i, &notified);
            }
        }
    }

    /// Ends the world; sees that every frame is accounted for, and that no machine's memory holds a
    /// frame for another one.
    pub(crate) fn finish(mut self) {
        self.setup.bed.clear_faults();
        self.poll_all();
        if !self.lied {
            self.balance();
        }
        for i in 0..self.vms.len() {
            self.lead(i, None);
            if self.vms[i].queue.is_some() {
                self.stop(i);
            }
        }
        self.check();
        self.vms
            .iter()
            .enumerate()
            .for_each(|(i, vm)| vm.machine.holds_only(&[mark(address(i + 1)), FLOODED]));
        assert_eq!(self.guests.violations(), []);
        self.setup.finish();
    }
}

/// The machines, each of which gets copies.
struct Machines<'w, M: HeaderReplication + Concrete> {
    vms: &'w mut [Vm<M>],
    guests: &'w Guests,
}

impl<M: HeaderReplication + Concrete, F: Received + AsRef<[u8]>> Outlet<F> for Machines<'_, M> {
    fn copy(&mut self, to: InterfaceId, tag: TagAction, group: &Group<'_, F>) {
        // What is for the uplink goes no further here.
        let Some(vm) = self.vms.iter_mut().find(|vm| vm.id == to) else { return };
        group.frames.iter().for_each(|frame| vm.copy(self.guests, frame.as_ref(), inserted(tag)));
    }

    fn dropped(&mut self, _reason: DropReason, _group: &mut Group<'_, F>) {
        // The switch's counters are what the balance looks at.
    }
}

/// A machine whose frames are in its buffers already.
struct Shared<'w> {
    id: InterfaceId,
    rx: &'w mut TargetedRing<SimMachine, WatchedVmm>,
    tokens: &'w mut [Option<Posted>; ENTRIES],
    interface: &'w mut VirtualInterface<'static>,
    notified: &'w mut u64,
    undelivered: &'w mut Undelivered,
}

impl Outlet<TargetedFrame> for Shared<'_> {
    fn copy(&mut self, _to: InterfaceId, _tag: TagAction, _group: &Group<'_, TargetedFrame>) {
        panic!("a matched frame is for one");
    }

    fn deliver(&mut self, to: InterfaceId, tag: TagAction, group: &mut Group<'_, TargetedFrame>) {
        assert_eq!(to, self.id, "whatever the header says");
        for frame in &*group.frames {
            let token = self.tokens[usize::from(frame.id)].take().expect("it was shared");
            let notified = self.interface.receive().complete(token, frame.len.into(), inserted(tag));
            *if notified.is_ok() { &mut *self.notified } else { &mut self.undelivered.channel } += 1;
        }
    }

    fn dropped(&mut self, _reason: DropReason, group: &mut Group<'_, TargetedFrame>) {
        group.frames.iter().for_each(|frame| self.rx.give_back(frame.id).expect("it was delivered"));
    }
}

/// The tag that goes to the machine beside the frame.
fn inserted(tag: TagAction) -> Option<u16> {
    match tag {
        TagAction::Insert(tag) => Some(tag),
        _ => None,
    }
}

/// The byte that frames for many are filled with.
const FLOODED: u8 = 0xcf;

/// The byte that frames for an address are filled with.
fn mark(to: MacAddress) -> u8 {
    if to.0[0] & 1 != 0 { FLOODED } else { 0xc0 | to.0[5] & 0xf }
}
