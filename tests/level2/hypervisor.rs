//! An I/O container with virtual machines: ordinary and targeted queues side by side on one port.

use std::collections::BTreeMap;

use vmdq::device::HeaderReplication;
use vmdq::vmm::GuestRange;
use vmdq::{Accept, Config, Idle, Platform, Pool};
use vmdq_sim::{Guest, Guests, Rule, Sim, SimDma, Testbed};

use crate::common::{Concrete, Plan, Setup, SimMachine, ready, vm};
use crate::targeted_queue::IDS;
use crate::watch::{Log, WatchedVmm};
use crate::{Got, How, Targeted};

/// The value of untouched bytes in a machine's memory.
const CANARY: u8 = 0xa5;
const PAGE: usize = 4096;
/// Pages of a machine.
pub(crate) const PAGES: usize = 48;

/// The parameters of a hypervisor.
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
pub(crate) struct Hypervisor<M: Concrete, P: Platform = SimMachine> {
    pub(crate) setup: Setup<M, P, Sim>,
    pub(crate) guests: Guests,
    /// The hypervisor that all rings map through.
    pub(crate) vmm: WatchedVmm,
    pub(crate) machines: Vec<Machine>,
    /// Targeted queues by number.
    pub(crate) pairs: BTreeMap<usize, Targeted<M, P>>,
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
        // The last content is kept: pages that were given up are not read.
        for (at, word) in self.seen.chunks_exact(8).enumerate() {
            let foreign = word[0] & 0xf0 == 0xc0 && word == [word[0]; 8] && !marks.contains(&word[0]);
            assert!(!foreign, "machine {} holds {:#x} at {:#x}", self.guest.vm().0, word[0], 8 * at);
        }
    }
}

impl<M: HeaderReplication + Concrete> Hypervisor<M> {
    /// Starts the default queue, and a targeted queue with a filter for each machine.
    pub(crate) fn start(bed: Sim, shape: Shape) -> Self {
        let platform = bed.platform();
        Self::start_on(bed, platform, shape)
    }
}

impl<M: HeaderReplication + Concrete, P: Platform<Dma = SimDma>> Hypervisor<M, P> {
    /// The same over a platform that leads to the bed.
    pub(crate) fn start_on(bed: Sim, platform: P, shape: Shape) -> Self {
        Self::start_with(bed, platform, shape, &Log::default())
    }

    /// The same with a hypervisor that writes this log.
    pub(crate) fn start_with(bed: Sim, platform: P, shape: Shape, log: &Log) -> Self {
        let config = Config { accept: Accept::all(), strip_tags: shape.strip_tags, ..Config::default() };
        let plan = Plan { config, descriptors: shape.descriptors, buffers: 2 * shape.descriptors };
        let port = ready::<M, _>(platform, &config);
        let mut setup = Setup::stopped(bed, port, plan);
        let queue = setup.idle.remove(0);
        setup.run(queue);
        let guests = Guests::new();
        let machines = Vec::from_iter((0..shape.machines).map(|_| Machine::new(&guests, PAGES)));
        let vmm = WatchedVmm::logging(&guests, log);
        let mut hypervisor = Self { setup, guests, vmm, machines, pairs: BTreeMap::new(), shape };
        for machine in 0..shape.machines {
            hypervisor.target(machine);
        }
        hypervisor
    }

    /// Takes the stopped queue of this number.
    pub(crate) fn idle(&mut self, number: usize) -> Pool<M, P, Idle> {
        let at = self.setup.idle.iter().position(|pool| pool.index().number() == number);
        self.setup.idle.swap_remove(at.expect("the queue is stopped"))
    }

    /// Starts the queue of a machine targeted, shares buffers and binds its address.
    pub(crate) fn target(&mut self, machine: usize) {
        self.run_targeted(machine);
        let pool = &self.pairs[&(machine + 1)].pool;
        let slot = self.setup.slots.remove(0);
        self.setup.table.bind(slot, vm(machine + 1), pool).expect("the filter is bound");
    }

    /// Starts the queue of a machine targeted and shares buffers.
    pub(crate) fn run_targeted(&mut self, machine: usize) {
        let Shape { descriptors, how, shared, .. } = self.shape;
        let queue = self.idle(machine + 1);
        let guest = self.machines[machine].guest.clone();
        let mut pair =
            Targeted::start(&self.setup.bed, &self.setup.port, queue, descriptors, (&guest, &self.vmm), how);
        pair.share(0, shared);
        self.pairs.insert(machine + 1, pair);
    }

    /// The targeted queue of this number.
    pub(crate) fn pair(&mut self, queue: usize) -> &mut Targeted<M, P> {
        self.pairs.get_mut(&queue).expect("the queue runs")
    }

    /// Puts frames on the wire and takes what a targeted queue got of them; buffers go back.
    pub(crate) fn get(&mut self, queue: usize, frames: &[Vec<u8>]) -> Vec<Got> {
        self.setup.inject(frames);
        self.pair(queue).receive()
    }

    /// Removes the filters that lead to a queue.
    pub(crate) fn unbind(&mut self, queue: usize) {
        let bindings = self.setup.table.bindings().filter(|binding| binding.pool.number() == queue);
        for id in bindings.map(|binding| binding.id).collect::<Vec<_>>() {
            self.setup.unbind(id);
        }
    }

    /// Stops a targeted queue to which no filter leads.
    pub(crate) fn stop(&mut self, queue: usize) {
        // Before the table of shared buffers is gone.
        self.see_no_stray();
        let pair = self.pairs.remove(&queue).expect("the queue runs");
        let vm = pair.guest.vm();
        let stopped = pair.stop(&self.setup.table);
        assert_eq!(self.guests.counters(vm).mapped, 0, "nothing stays mapped");
        self.setup.idle.push(stopped.pool);
    }

    /// Sees that no byte of any machine has changed but in what it shares.
    pub(crate) fn see_no_stray(&mut self) {
        for machine in &mut self.machines {
            let vm = machine.guest.vm();
            let pairs = self.pairs.values().filter(|pair| pair.rx.vm() == vm);
            let shared = pairs.flat_map(|pair| (0..IDS).filter_map(|id| pair.rx.shared(id)));
            let shared = Vec::from_iter(shared.map(|(range, _)| range));
            assert_eq!(machine.stray(&shared), [], "machine {}", vm.0);
        }
    }

    /// Ends a test: stops all, and sees that neither side did anything against its rules.
    pub(crate) fn finish(mut self) {
        self.see_no_stray();
        for queue in Vec::from_iter(self.pairs.keys().copied()) {
            self.unbind(queue);
            self.stop(queue);
        }
        assert_eq!(self.guests.violations(), []);
        self.setup.finish();
    }

    /// Ends a test whose faults make the model itself break rules about descriptors.
    pub(crate) fn finish_after_lies(mut self) {
        let mut others = self.setup.bed.violations();
        others.retain(|found| found.rule != Rule::DescriptorNotReady);
        assert_eq!(others, []);
        self.setup.bed.forget_violations();
        self.finish();
    }
}
