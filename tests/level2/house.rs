//! An I/O container with virtual machines: ordinary and targeted queues side by side on one port.

use std::collections::BTreeMap;

use vmdq::device::HeaderReplication;
use vmdq::vmm::GuestRange;
use vmdq::{Accept, Config, Idle, Platform, Pool};
use vmdq_sim::{Guest, Guests, Rule, Sim, SimDma, Testbed};

use crate::common::{Concrete, Plan, Rig, SimMachine, ready, vm};
use crate::lane::IDS;
use crate::watch::{Log, WatchedVmm};
use crate::{Got, How, Targeted};

/// What a byte of a machine's memory is that nobody has written.
const CANARY: u8 = 0xa5;
const PAGE: usize = 4096;
/// Pages of a machine.
pub(crate) const PAGES: usize = 48;

/// How a house is set up.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// Descriptors of each ring.
    pub(crate) descriptors: usize,
    pub(crate) strip_tags: bool,
    pub(crate) how: How,
    /// Buffers that each machine shares.
    pub(crate) shared: u16,
    /// Machines, each with a targeted queue and a filter: machine i has queue i + 1.
    pub(crate) machines: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self { descriptors: 64, strip_tags: false, how: How::Hardware(64), shared: 8, machines: 2 }
    }
}

/// The port, and what stands beside it.
pub(crate) struct House<M: Concrete, P: Platform = SimMachine> {
    pub(crate) rig: Rig<M, P, Sim>,
    pub(crate) guests: Guests,
    /// The hypervisor that all rings map through.
    pub(crate) vmm: WatchedVmm,
    pub(crate) machines: Vec<Machine>,
    /// Targeted queues by number.
    pub(crate) lanes: BTreeMap<usize, Targeted<M, P>>,
    pub(crate) shape: Shape,
}

/// A machine, and its memory when it was last looked at.
pub(crate) struct Machine {
    pub(crate) guest: Guest,
    seen: Vec<u8>,
}

impl Machine {
    pub(crate) fn new(guests: &Guests, pages: usize) -> Self {
        let guest = guests.add(pages);
        let GuestRange { at, len } = guest.memory();
        let seen = vec![CANARY; len as usize];
        guest.write(at, &seen).expect("its own memory");
        Self { seen, guest }
    }

    /// Finds the bytes that have changed since the last look and lie in none of these ranges. Pages that
    /// the machine gave up are not looked at.
    pub(crate) fn stray(&mut self, allowed: &[GuestRange]) -> Vec<u64> {
        let start = self.guest.memory().at;
        let mut stray = Vec::new();
        let mut now = [0; PAGE];
        for (page, seen) in (start..).step_by(PAGE).zip(self.seen.chunks_exact_mut(PAGE)) {
            if self.guest.read(page, &mut now).is_err() || *seen == now {
                continue;
            }
            let changed = (page..).zip(seen.iter().zip(&now)).filter(|(_, (old, new))| old != new);
            let inside = |at: u64| allowed.iter().any(|range| range.overlaps(GuestRange { at, len: 1 }));
            stray.extend(changed.map(|(at, _)| at).filter(|&at| !inside(at)));
            seen.copy_from_slice(&now);
        }
        stray
    }

    /// Takes what the machine wrote itself for seen.
    pub(crate) fn absorb(&mut self) {
        let _ = self.stray(&[self.guest.memory()]);
    }

    /// Sees that no frame is in the machine's memory but those that are filled with these bytes: no run
    /// of any other from 0xc0 to 0xcf.
    pub(crate) fn holds_only(&self, marks: &[u8]) {
        // What was last seen is all there is: nobody reads pages that were given up.
        for (at, word) in self.seen.chunks_exact(8).enumerate() {
            let foreign = word[0] & 0xf0 == 0xc0 && word == [word[0]; 8] && !marks.contains(&word[0]);
            assert!(!foreign, "machine {} holds {:#x} at {:#x}", self.guest.vm().0, word[0], 8 * at);
        }
    }
}

impl<M: HeaderReplication + Concrete> House<M> {
    /// Starts the default queue, and a targeted queue with a filter for each machine.
    pub(crate) fn start(bed: Sim, shape: Shape) -> Self {
        let platform = bed.platform();
        Self::start_on(bed, platform, shape)
    }
}

impl<M: HeaderReplication + Concrete, P: Platform<Dma = SimDma>> House<M, P> {
    /// The same over a platform that leads to the bed.
    pub(crate) fn start_on(bed: Sim, platform: P, shape: Shape) -> Self {
        Self::start_with(bed, platform, shape, &Log::default())
    }

    /// The same with a hypervisor that writes this log.
    pub(crate) fn start_with(bed: Sim, platform: P, shape: Shape, log: &Log) -> Self {
        let config = Config { accept: Accept::all(), strip_tags: shape.strip_tags, ..Config::default() };
        let plan = Plan { config, descriptors: shape.descriptors, buffers: 2 * shape.descriptors };
        let port = ready::<M, _>(platform, &config);
        let mut rig = Rig::stopped(bed, port, plan);
        let queue = rig.idle.remove(0);
        rig.run(queue);
        let guests = Guests::new();
        let machines = Vec::from_iter((0..shape.machines).map(|_| Machine::new(&guests, PAGES)));
        let vmm = WatchedVmm::logging(&guests, log);
        let mut house = Self { rig, guests, vmm, machines, lanes: BTreeMap::new(), shape };
        for machine in 0..shape.machines {
            house.target(machine);
        }
        house
    }

    /// Takes the stopped queue of this number.
    pub(crate) fn idle(&mut self, number: usize) -> Pool<M, P, Idle> {
        let at = self.rig.idle.iter().position(|pool| pool.index().number() == number);
        self.rig.idle.swap_remove(at.expect("the queue is stopped"))
    }

    /// Starts the queue of a machine targeted, shares buffers and binds its address.
    pub(crate) fn target(&mut self, machine: usize) {
        self.run_targeted(machine);
        let pool = &self.lanes[&(machine + 1)].pool;
        let slot = self.rig.slots.remove(0);
        self.rig.table.bind(slot, vm(machine + 1), pool).expect("the filter is bound");
    }

    /// Starts the queue of a machine targeted and shares buffers.
    pub(crate) fn run_targeted(&mut self, machine: usize) {
        let Shape { descriptors, how, shared, .. } = self.shape;
        let queue = self.idle(machine + 1);
        let guest = self.machines[machine].guest.clone();
        let mut lane =
            Targeted::start(&self.rig.bed, &self.rig.port, queue, descriptors, (&guest, &self.vmm), how);
        lane.share(0, shared);
        self.lanes.insert(machine + 1, lane);
    }

    /// The targeted queue of this number.
    pub(crate) fn lane(&mut self, queue: usize) -> &mut Targeted<M, P> {
        self.lanes.get_mut(&queue).expect("the queue runs")
    }

    /// Puts frames on the wire and takes what a targeted queue got of them; buffers go back.
    pub(crate) fn get(&mut self, queue: usize, frames: &[Vec<u8>]) -> Vec<Got> {
        self.rig.inject(frames);
        self.lane(queue).receive()
    }

    /// Removes the filters that lead to a queue.
    pub(crate) fn unbind(&mut self, queue: usize) {
        let bindings = self.rig.table.bindings().filter(|binding| binding.pool.number() == queue);
        for id in bindings.map(|binding| binding.id).collect::<Vec<_>>() {
            self.rig.unbind(id);
        }
    }

    /// Stops a targeted queue to which no filter leads.
    pub(crate) fn stop(&mut self, queue: usize) {
        // While it can be told what is shared.
        self.see_no_stray();
        let lane = self.lanes.remove(&queue).expect("the queue runs");
        let vm = lane.guest.vm();
        let stopped = lane.stop(&self.rig.table);
        assert_eq!(self.guests.counters(vm).mapped, 0, "nothing stays mapped");
        self.rig.idle.push(stopped.pool);
    }

    /// Sees that no byte of any machine has changed but in what it shares.
    pub(crate) fn see_no_stray(&mut self) {
        for machine in &mut self.machines {
            let vm = machine.guest.vm();
            let lanes = self.lanes.values().filter(|lane| lane.rx.vm() == vm);
            let shared = lanes.flat_map(|lane| (0..IDS).filter_map(|id| lane.rx.shared(id)));
            let shared = Vec::from_iter(shared.map(|(range, _)| range));
            assert_eq!(machine.stray(&shared), [], "machine {}", vm.0);
        }
    }

    /// Ends a test: stops all, and sees that neither side did anything against its rules.
    pub(crate) fn finish(mut self) {
        self.see_no_stray();
        for queue in Vec::from_iter(self.lanes.keys().copied()) {
            self.unbind(queue);
            self.stop(queue);
        }
        assert_eq!(self.guests.violations(), []);
        self.rig.finish();
    }

    /// Ends a test whose faults make the model itself break rules about descriptors.
    pub(crate) fn finish_after_lies(mut self) {
        let mut others = self.rig.bed.violations();
        others.retain(|found| found.rule != Rule::DescriptorNotReady);
        assert_eq!(others, []);
        self.rig.bed.forget_violations();
        self.finish();
    }
}
