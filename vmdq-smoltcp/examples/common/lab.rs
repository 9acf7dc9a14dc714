//! A controller on its model, with VMDq on, and the memory of its queues.

use vmdq_hal::device::Model;
use vmdq_hal::ring::{BufferPool, BufferSize, BufferSlot, PoolMemory, RingMemory, RingSpace};
use vmdq_hal::{
    Config, FilterSlot, FilterTable, Host, Idle, MacAddress, Pool, Port, Resources, Started, Vector, Vmdq,
};
use vmdq_sim::{Sim, SimBus, SimDelay, SimDma, Testbed, Traced};
use vmdq_smoltcp::QueueDevice;

/// The machine, which counts register accesses.
pub type Machine = Host<Traced<SimBus>, SimDma, SimDelay>;

/// A queue pair with buffers of its own.
pub type Pair<M> = QueueDevice<Started<M, Machine>, BufferPool, 16>;

/// How large everything is.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Descriptors of each ring: 8 or 64.
    pub descriptors: usize,
    /// Buffers of each queue.
    pub buffers: usize,
    pub config: Config,
}

impl Default for Shape {
    fn default() -> Self {
        Self { descriptors: 64, buffers: 160, config: Config::DEFAULT }
    }
}

/// A controller with VMDq on, and what is not in use of it.
pub struct Lab<M: Model> {
    pub sim: Sim,
    pub bus: Traced<SimBus>,
    pub shape: Shape,
    pub table: FilterTable<M, Machine>,
    port: Port<M, Machine, Vmdq>,
    pools: Vec<Pool<M, Machine, Idle>>,
    slots: Vec<FilterSlot<M>>,
    vectors: Vec<Vector<M, Machine>>,
    /// By the number of the pool.
    memory: Vec<(usize, PoolMemory<&'static mut [u8], SimDma>)>,
}

impl<M: Model + Default> Lab<M> {
    /// Brings a controller up and turns VMDq on.
    pub fn new(sim: Sim, shape: Shape) -> Self {
        let bus = Traced::new(sim.bus());
        // SAFETY: the model is a controller of this kind, and accesses only what is mapped for it.
        let port = unsafe { Port::new(M::default(), sim.platform_over(bus.clone())) };
        let mut port = port.init(&shape.config).expect("the port initialises");
        assert!(port.bring_link_up(5000).is_up(), "no link");
        let Resources { port, pools, filters, table, vectors, .. } = port.enable();
        Self {
            sim,
            bus,
            shape,
            table,
            port,
            pools: pools.into_iter().collect(),
            slots: filters.into_iter().collect(),
            vectors: vectors.into_iter().collect(),
            memory: Vec::new(),
        }
    }

    /// Starts the next pool, the first of which is the default one, and binds an address to it.
    pub fn start(&mut self, address: Option<MacAddress>) -> Pair<M> {
        let (started, buffers) = self.start_bare(address);
        QueueDevice::new(started, buffers).expect("rings and buffers belong together")
    }

    /// Starts the next pool as [`start`](Self::start) does, without making a device of it.
    pub fn start_bare(&mut self, address: Option<MacAddress>) -> (Started<M, Machine>, BufferPool) {
        let size = self.shape.config.buffer_size().expect("a size for the frame limit");
        let (mut buffers, memory) = self.buffers(size, self.shape.buffers);
        let pool = self.pools.remove(0);
        self.memory.push((pool.index().number(), memory));
        let started = self.port.start_with(pool, self.ring(), self.ring(), &mut buffers).expect("it starts");
        if let Some(address) = address {
            let slot = self.slots.remove(0);
            self.table.bind(slot, address, &started.pool).expect("the address is bound");
        }
        (started, buffers)
    }

    /// Removes the filter of an address.
    pub fn unbind(&mut self, address: MacAddress) {
        let id = self.table.find(address).expect("it is bound").id;
        self.slots.push(self.table.unbind(id).expect("it is bound"));
    }

    /// Makes a pool of buffers out of the model's memory.
    pub fn buffers(
        &self,
        size: BufferSize,
        count: usize,
    ) -> (BufferPool, PoolMemory<&'static mut [u8], SimDma>) {
        let region = self.sim.alloc_bytes(count * (size.bytes() + 64));
        let slots = Vec::from_iter((0..count).map(|_| BufferSlot::uninit())).leak();
        BufferPool::carve(region, size, slots, self.sim.dma()).expect("buffers")
    }

    fn ring(&self) -> RingSpace {
        match self.shape.descriptors {
            8 => self.sim.place(RingMemory::<8>::new()).into(),
            64 => self.sim.place(RingMemory::<64>::new()).into(),
            other => panic!("no ring of {other} descriptors here"),
        }
    }

    /// Takes everything down: every buffer must be back in its pool, and nothing stays mapped. The driver did
    /// nothing against the datasheet.
    pub fn finish(self, pairs: impl IntoIterator<Item = Pair<M>>) {
        self.finish_bare(pairs.into_iter().map(Pair::into_parts));
    }

    /// Takes everything down as [`finish`](Self::finish) does.
    pub fn finish_bare(mut self, pairs: impl IntoIterator<Item = (Started<M, Machine>, BufferPool)>) {
        let bound: Vec<_> = self.table.bindings().map(|binding| binding.id).collect();
        self.slots.extend(bound.into_iter().map(|id| self.table.unbind(id).expect("it is bound")));
        for (started, mut buffers) in pairs {
            let number = started.pool.index().number();
            let freed = |frame| buffers.put(frame).expect("it came from this pool");
            let stopped = started.stop(&self.table, freed).expect("it stops");
            self.pools.push(stopped.pool);
            let at = self.memory.iter().position(|(pool, _)| *pool == number).expect("it was started");
            self.memory.swap_remove(at).1.release(buffers).expect("all buffers are back");
        }
        let mut parts = self.port.parts();
        parts.put_all(self.pools).expect("pools of this port");
        parts.put_all(self.slots).expect("slots of this port");
        parts.put_all(self.vectors).expect("vectors of this port");
        parts.put(self.table).expect("the table of this port");
        let _port = self.port.disable(parts).expect("VMDq goes off");
        assert_eq!(self.sim.violations(), []);
        assert_eq!(self.sim.mapped(), [], "rings and buffers are unmapped");
    }
}
