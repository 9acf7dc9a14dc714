//! A controller with VMDq on and all of its queues running.

use vmdq::bus::Bus;
use vmdq::ring::BufferSize;
use vmdq::{
    Accept, Array, BindingId, Config, Controller, FilterSlot, FilterTable, MacAddress, Parts, Port, Queue,
    Ready, Reset, Resources, Vector, Vmdq,
};
use vmdq_sim::{Settled, Testbed};

use super::{Lane, vm};

/// How a rig is set up.
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

/// A port with VMDq on; all that `enable` handed out; a lane for each queue that runs.
pub(crate) struct Rig<C: Controller, B: Bus, T: Testbed> {
    pub(crate) bed: T,
    pub(crate) delay: T::Delay,
    pub(crate) plan: Plan,
    pub(crate) port: Port<C, B, Vmdq>,
    pub(crate) table: FilterTable<C, B>,
    pub(crate) slots: Vec<FilterSlot<C>>,
    pub(crate) vectors: Vec<Vector<C, B>>,
    /// Stopped queues.
    pub(crate) idle: Vec<Queue<C, B>>,
    pub(crate) lanes: Vec<Option<Lane<C, B, T::Dma>>>,
}

/// Brings a port to the state before VMDq, with a link.
pub(crate) fn ready<C: Controller, B: Bus, T: Testbed>(
    bed: &T,
    bus: B,
    config: &Config,
) -> Port<C, B, Ready> {
    let mut delay = bed.delay();
    // SAFETY: the test bed is a controller of this model, and checks or confines its DMA.
    let port = unsafe { Port::<C, B, Reset>::new(bus) };
    let mut port = port.init(config, &mut delay).expect("the port initialises");
    assert!(port.bring_link_up(5000, &mut delay).is_up(), "no link");
    port
}

impl<C: Controller, T: Testbed> Rig<C, T::Bus, T> {
    /// Starts every queue.
    pub(crate) fn start(bed: T, plan: Plan) -> Self {
        let bus = bed.bus();
        Self::start_on(bed, bus, plan)
    }
}

impl<C: Controller, B: Bus, T: Testbed> Rig<C, B, T> {
    /// Starts every queue, over a bus that leads to the bed.
    pub(crate) fn start_on(bed: T, bus: B, plan: Plan) -> Self {
        let port = ready(&bed, bus, &plan.config);
        Self::enable(bed, port, plan)
    }

    /// Turns VMDq on and starts every queue.
    pub(crate) fn enable(bed: T, port: Port<C, B, Ready>, plan: Plan) -> Self {
        let mut rig = Self::stopped(bed, port, plan);
        for queue in std::mem::take(&mut rig.idle) {
            rig.run(queue);
        }
        rig
    }

    /// Turns VMDq on and starts no queue.
    pub(crate) fn stopped(bed: T, port: Port<C, B, Ready>, plan: Plan) -> Self {
        let mut delay = bed.delay();
        let Resources { port, queues, filters, table, vectors } = port.enable(&mut delay);
        Self {
            bed,
            delay,
            plan,
            port,
            table,
            slots: filters.into_iter().collect(),
            vectors: vectors.into_iter().collect(),
            idle: queues.into_iter().collect(),
            lanes: (0..C::QUEUES).map(|_| None).collect(),
        }
    }

    /// Starts a queue on memory of its own.
    pub(crate) fn run(&mut self, queue: Queue<C, B>) {
        let index = queue.index();
        let size = BufferSize::for_bytes(usize::from(self.plan.config.max_frame) + 4).expect("a size");
        let Plan { descriptors, buffers, .. } = self.plan;
        self.lanes[index] = Some(Lane::start(&self.bed, queue, descriptors, buffers, size));
    }

    /// The lane of a queue that runs.
    pub(crate) fn lane(&mut self, queue: usize) -> &mut Lane<C, B, T::Dma> {
        self.lanes[queue].as_mut().expect("the queue runs")
    }

    /// Leads an address to a queue, by the lowest free slot.
    pub(crate) fn bind(&mut self, address: MacAddress, queue: usize) -> BindingId {
        let slot = self.slots.remove(0);
        let pool = &self.lanes[queue].as_ref().expect("the queue runs").pool;
        self.table.bind(slot, address, pool).expect("the filter is bound")
    }

    /// Leads the address of virtual machine i to queue i, for all queues but the default one.
    pub(crate) fn bind_all(&mut self) {
        for queue in 1..C::QUEUES {
            self.bind(vm(queue), queue);
        }
    }

    /// Leads the address of a filter to another queue.
    pub(crate) fn move_to(&mut self, id: BindingId, queue: usize) {
        let pool = &self.lanes[queue].as_ref().expect("the queue runs").pool;
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
        let lanes = self.lanes.iter_mut().enumerate();
        let running = lanes.filter_map(|(queue, lane)| Some((queue, lane.as_mut()?)));
        running
            .flat_map(|(queue, lane)| lane.receive().into_iter().map(move |bytes| (queue, bytes)))
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
        let lane = self.lanes[queue].take().expect("the queue runs");
        self.idle.push(lane.stop(&self.table, &mut self.delay).queue);
    }

    /// Removes every filter, stops every queue and turns VMDq off. Sees that all memory comes back
    /// and that the driver did nothing against the datasheet.
    pub(crate) fn disable(mut self) -> (T, Port<C, B, Ready>) {
        for id in self.table.bindings().map(|binding| binding.id).collect::<Vec<_>>() {
            self.unbind(id);
        }
        for queue in 0..C::QUEUES {
            if self.lanes[queue].is_some() {
                self.stop(queue);
            }
        }
        let Self { bed, mut delay, port, table, slots, vectors, idle, .. } = self;
        let parts = parts::<C, B>(idle, slots, table, vectors);
        let port = port.disable(parts, &mut delay).map_err(|(error, _)| error).expect("VMDq goes off");
        assert_eq!(bed.violations(), []);
        (bed, port)
    }

    /// Ends a test: as [`disable`](Self::disable).
    pub(crate) fn finish(self) {
        let _ = self.disable();
    }
}

/// Puts together what `disable` takes.
pub(crate) fn parts<C: Controller, B: Bus>(
    queues: Vec<Queue<C, B>>,
    slots: Vec<FilterSlot<C>>,
    table: FilterTable<C, B>,
    vectors: Vec<Vector<C, B>>,
) -> Parts<C, B> {
    let (mut queues, mut slots, mut vectors) = (queues.into_iter(), slots.into_iter(), vectors.into_iter());
    Parts {
        queues: C::PerQueue::from_fn(|_| queues.next().expect("every queue")),
        filters: C::PerFilter::from_fn(|_| slots.next().expect("every slot")),
        table,
        vectors: C::PerVector::from_fn(|_| vectors.next().expect("every vector")),
    }
}
