//! A controller with VMDq on and all of its queues running.

use vmdq::bus::Offset;
use vmdq::device::{Limits, Model, RingKind};
use vmdq::dma::Direction;
use vmdq::ring::BufferSize;
use vmdq::{
    Accept, BindingId, Config, FilterSlot, FilterTable, Host, Idle, MacAddress, Parts, Platform, Pool,
    PoolIndex, Port, Ready, Resources, Vector, Vmdq,
};
use vmdq_sim::{PlatformOf, Settled, SimBus, SimDelay, SimDma, Testbed};

use super::{QueuePair, vm};

/// A model that is a type of its own, as the suites name it.
pub(crate) trait Concrete: Model + Default {}
impl<M: Model + Default> Concrete for M {}

/// How much of everything a model has.
pub(crate) fn limits<M: Concrete>() -> Limits {
    M::default().limits()
}

/// How many pools a model has.
pub(crate) fn pools<M: Concrete>() -> usize {
    limits::<M>().pools.into()
}

/// Where the tails of a pool's first rings are, receive and transmit.
pub(crate) fn tails<M: Concrete>(pool: usize) -> (Offset, Offset) {
    let (model, pool) = (M::default(), PoolIndex::new(pool as u8));
    (
        model.tail(RingKind::Receive, model.receive_ring(pool)),
        model.tail(RingKind::Transmit, model.transmit_ring(pool)),
    )
}

/// The machine that a model is driven from, over a bus that leads to it.
pub(crate) type SimMachine<B = SimBus> = Host<B, SimDma, SimDelay>;

/// The parameters of a setup.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) config: Config,
    /// Descriptors of each ring.
    pub(crate) descriptors: usize,
    /// Buffers of each queue, for both directions.
    pub(crate) buffers: usize,
}

impl Default for Plan {
    /// Everything accepted, 63 buffers posted to each queue and as many left to send from.
    fn default() -> Self {
        let config = Config { accept: Accept::all(), ..Config::default() };
        Self { config, descriptors: 64, buffers: 126 }
    }
}

/// A port with VMDq on; all that `enable` handed out; a queue pair for each pool that runs.
pub(crate) struct Setup<M: Model, P: Platform, T: Testbed> {
    pub(crate) bed: T,
    pub(crate) delay: T::Delay,
    pub(crate) plan: Plan,
    pub(crate) port: Port<M, P, Vmdq>,
    pub(crate) table: FilterTable<M, P>,
    pub(crate) slots: Vec<FilterSlot<M>>,
    pub(crate) vectors: Vec<Vector<M, P>>,
    /// Idle pools.
    pub(crate) idle: Vec<Pool<M, P, Idle>>,
    pub(crate) pairs: Vec<Option<QueuePair<M, P>>>,
    /// What stays mapped in the end: what a test lets the driver leak, or maps itself.
    pub(crate) kept: Vec<(u64, usize, Direction)>,
}

/// Brings a port to the state before VMDq, with a link.
pub(crate) fn ready<M: Concrete, P: Platform>(platform: P, config: &Config) -> Port<M, P, Ready> {
    ready_as(M::default(), platform, config)
}

/// Brings a port of a model that is given as a value to the state before VMDq, with a link.
pub(crate) fn ready_as<M: Model, P: Platform>(model: M, platform: P, config: &Config) -> Port<M, P, Ready> {
    // SAFETY: the test bed is a controller of this model, and checks or confines its DMA.
    let port = unsafe { Port::new(model, platform) };
    let mut port = port.init(config).expect("the port initialises");
    assert!(port.bring_link_up(5000).is_up(), "no link");
    port
}

impl<M: Concrete, T: Testbed> Setup<M, PlatformOf<T>, T> {
    /// Starts every pool.
    pub(crate) fn start(bed: T, plan: Plan) -> Self {
        let platform = bed.platform();
        Self::start_on(bed, platform, plan)
    }
}

impl<M: Concrete, P: Platform, T: Testbed<Dma = P::Dma>> Setup<M, P, T> {
    /// Starts every pool, over a platform that leads to the bed.
    pub(crate) fn start_on(bed: T, platform: P, plan: Plan) -> Self {
        let port = ready(platform, &plan.config);
        Self::enable(bed, port, plan)
    }
}

impl<M: Model, P: Platform, T: Testbed<Dma = P::Dma>> Setup<M, P, T> {
    /// Turns VMDq on and starts every pool.
    pub(crate) fn enable(bed: T, port: Port<M, P, Ready>, plan: Plan) -> Self {
        let mut setup = Self::stopped(bed, port, plan);
        for pool in std::mem::take(&mut setup.idle) {
            setup.run(pool);
        }
        setup
    }

    /// Turns VMDq on and starts no pool.
    pub(crate) fn stopped(bed: T, port: Port<M, P, Ready>, plan: Plan) -> Self {
        let Resources { port, pools, filters, table, vectors, .. } = port.enable();
        let idle = Vec::from_iter(pools);
        Self {
            delay: bed.delay(),
            bed,
            plan,
            port,
            table,
            slots: filters.into_iter().collect(),
            vectors: vectors.into_iter().collect(),
            pairs: idle.iter().map(|_| None).collect(),
            idle,
            kept: Vec::new(),
        }
    }

    /// Starts a pool on memory of its own.
    pub(crate) fn run(&mut self, pool: Pool<M, P, Idle>) {
        let index = pool.index().number();
        let size = BufferSize::for_bytes(usize::from(self.plan.config.max_frame) + 4).expect("a size");
        let Plan { descriptors, buffers, .. } = self.plan;
        self.pairs[index] = Some(QueuePair::start(&self.bed, &self.port, pool, descriptors, buffers, size));
    }

    /// Has memory made that stays mapped in the end.
    pub(crate) fn keeping<V>(&mut self, make: impl FnOnce(&mut Self) -> V) -> V {
        let before = self.bed.mapped();
        let made = make(self);
        self.kept.extend(self.bed.mapped().into_iter().filter(|range| !before.contains(range)));
        made
    }

    /// The queue pair of a pool that runs.
    pub(crate) fn pair(&mut self, queue: usize) -> &mut QueuePair<M, P> {
        self.pairs[queue].as_mut().expect("the pool runs")
    }

    /// Leads an address to a queue, by the lowest free slot.
    pub(crate) fn bind(&mut self, address: MacAddress, queue: usize) -> BindingId {
        let slot = self.slots.remove(0);
        let pool = &self.pairs[queue].as_ref().expect("the queue runs").pool;
        self.table.bind(slot, address, pool).expect("the filter is bound")
    }

    /// Leads the address of virtual machine i to queue i, for all queues but the default one.
    pub(crate) fn bind_all(&mut self) {
        for queue in 1..self.pairs.len() {
            self.bind(vm(queue), queue);
        }
    }

    /// Leads the address of a filter to another queue.
    pub(crate) fn move_to(&mut self, id: BindingId, queue: usize) {
        let pool = &self.pairs[queue].as_ref().expect("the queue runs").pool;
        self.table.move_to(id, pool).expect("the filter moves");
    }

    /// Removes a filter.
    pub(crate) fn unbind(&mut self, id: BindingId) {
        let slot = self.table.unbind(id).expect("the filter is removed");
        self.slots.push(slot);
    }

    /// Puts frames on the wire and lets the controller deal with all of them.
    pub(crate) fn inject(&mut self, frames: &[Vec<u8>]) {
        frames.iter().for_each(|frame| self.bed.inject(frame));
        assert_eq!(self.bed.settle(), Settled::Idle);
    }

    /// Takes what has been received: the queue and the bytes, queue by queue.
    pub(crate) fn receive(&mut self) -> Vec<(usize, Vec<u8>)> {
        let pairs = self.pairs.iter_mut().enumerate();
        let running = pairs.filter_map(|(queue, pair)| Some((queue, pair.as_mut()?)));
        running
            .flat_map(|(queue, pair)| pair.receive().into_iter().map(move |bytes| (queue, bytes)))
            .collect()
    }

    /// Puts a frame on the wire and tells in which queues it arrives, unchanged.
    pub(crate) fn lands(&mut self, frame: &[u8]) -> Vec<usize> {
        self.inject(&[frame.to_vec()]);
        let received = self.receive();
        for (queue, bytes) in &received {
            assert_eq!(bytes, frame, "queue {queue}");
        }
        received.into_iter().map(|(queue, _)| queue).collect()
    }

    /// Stops a queue.
    pub(crate) fn stop(&mut self, queue: usize) {
        let pair = self.pairs[queue].take().expect("the queue runs");
        self.idle.push(pair.stop(&self.table).pool);
    }

    /// Removes every filter, stops every queue and turns VMDq off. Sees that all memory comes back
    /// and that the driver did nothing against the datasheet.
    pub(crate) fn disable(mut self) -> (T, Port<M, P, Ready>) {
        for id in self.table.bindings().map(|binding| binding.id).collect::<Vec<_>>() {
            self.unbind(id);
        }
        for queue in 0..self.pairs.len() {
            if self.pairs[queue].is_some() {
                self.stop(queue);
            }
        }
        let Self { bed, port, table, slots, vectors, idle, kept, .. } = self;
        let parts = gather(port.parts(), idle, slots, table, vectors);
        let port = port.disable(parts).expect("VMDq goes off");
        assert_eq!(bed.violations(), []);
        assert_eq!(bed.mapped(), kept, "rings, pools and nothing else are unmapped");
        (bed, port)
    }

    /// Ends a test: as [`disable`](Self::disable).
    pub(crate) fn finish(self) {
        let _ = self.disable();
    }
}

/// Puts together what `disable` and `reset` take.
pub(crate) fn gather<M: Model, P: Platform>(
    mut parts: Parts<M, P>,
    pools: Vec<Pool<M, P, Idle>>,
    slots: Vec<FilterSlot<M>>,
    table: FilterTable<M, P>,
    vectors: Vec<Vector<M, P>>,
) -> Parts<M, P> {
    parts.put_all(pools).expect("pools of this port");
    parts.put_all(slots).expect("slots of this port");
    parts.put_all(vectors).expect("vectors of this port");
    parts.put(table).expect("the table of this port");
    parts
}
