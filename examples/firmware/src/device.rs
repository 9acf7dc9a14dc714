//! What a controller hands out when VMDq is turned on, and how it goes back.

use vmdq::ring::BufferPool;
use vmdq::{
    Binding, FilterSlot, FilterTable, Parts, Plan, Port, Ready, Reset, Resources, Restore, Vector, Vmdq,
};

use crate::machine::VirtualMachine;
use crate::memory::QUEUES;
use crate::nic::{Machine, Model};
use crate::report::{Stop, because};

/// How long the link may take, in milliseconds.
const LINK: u32 = 5000;
/// Said where a resource does not go back: a mistake of this program.
const MIXED: &str = "a resource is of another port";

/// The rights to use the controller, each of which exists once.
pub struct Device {
    /// The port.
    pub port: Port<Model, Machine, Vmdq>,
    /// The filters.
    pub table: FilterTable<Model, Machine>,
    /// An interrupt vector for each queue.
    pub vectors: [Vector<Model, Machine>; QUEUES],
    /// A filter slot for each queue, unless it is bound.
    pub slots: [Option<FilterSlot<Model>>; QUEUES],
    /// All that is not needed has gone back already.
    parts: Parts<Model, Machine>,
}

impl Device {
    /// Turns VMDq on and starts the machines' queues: pool 0, the default one, is the first machine's.
    #[inline(never)]
    pub fn enable(
        mut port: Port<Model, Machine, Ready>,
        machines: &mut [VirtualMachine; QUEUES],
        buffers: &mut BufferPool,
    ) -> Result<Self, Stop> {
        if !port.bring_link_up(LINK).is_up() {
            return Err(Stop("there is no link"));
        }
        let Resources { port, pools, filters, table, vectors, .. } = port.enable();
        let mut parts = port.parts();
        let mut pools = pools.into_iter();
        for machine in machines {
            let pool = pools.next().ok_or(Stop("there are too few pools"))?;
            machine.start(&port, pool, buffers)?;
        }
        parts.put_all(pools).map_err(because(MIXED))?;
        let mut filters = filters.into_iter();
        let slots = [filters.next(), filters.next(), filters.next(), filters.next()];
        parts.put_all(filters).map_err(because(MIXED))?;
        let mut vectors = vectors.into_iter();
        let four = [vectors.next(), vectors.next(), vectors.next(), vectors.next()];
        let [Some(a), Some(b), Some(c), Some(d)] = four else {
            return Err(Stop("there are too few vectors"));
        };
        parts.put_all(vectors).map_err(because(MIXED))?;
        Ok(Self { port, table, vectors: [a, b, c, d], slots, parts })
    }

    /// Leads the frames for a machine to its own queue.
    pub fn bind(&mut self, number: usize, machine: &VirtualMachine) -> Result<(), Stop> {
        let slot = self.slots.get_mut(number).and_then(Option::take).ok_or(Stop("there is no slot"))?;
        let bound = self.table.bind(slot, machine.address, machine.pool()?);
        bound.map(drop).map_err(because("the filter can't be bound"))
    }

    /// Finds the filter of a machine.
    pub fn filter(&self, machine: &VirtualMachine) -> Result<Binding, Stop> {
        self.table.find(machine.address).ok_or(Stop("the machine has no filter"))
    }

    /// Ends all DMA at once and takes everything back; the controller is to be reset.
    #[inline(never)]
    pub fn quiesce(
        self,
        machines: &mut [VirtualMachine; QUEUES],
        buffers: &mut BufferPool,
    ) -> Result<Port<Model, Machine, Reset>, Stop> {
        let Self { port, table, vectors, slots, mut parts } = self;
        let port = port.quiesce().map_err(because("the controller does not stop"))?;
        for machine in machines {
            parts.put(machine.recover(&port, buffers)?).map_err(because(MIXED))?;
        }
        parts.put_all(slots.into_iter().flatten()).map_err(because(MIXED))?;
        parts.put_all(vectors).map_err(because(MIXED))?;
        parts.put(table).map_err(because(MIXED))?;
        port.reset(parts).map_err(because("something did not come back"))
    }

    /// Leads everything where it led before.
    pub fn restore(&mut self, plan: &Plan, machines: &[VirtualMachine; QUEUES]) -> Result<(), Stop> {
        let [a, b, c, d] = machines;
        let pools = [a.pool()?, b.pool()?, c.pool()?, d.pool()?];
        let Self { port, table, slots, vectors, .. } = self;
        let restored = port.restore(plan, Restore { table, slots, pools: &pools, vectors });
        restored.map_err(because("the plan can't be restored"))
    }

    /// Unbinds and stops everything, and turns VMDq off.
    #[inline(never)]
    pub fn disable(
        self,
        machines: &mut [VirtualMachine; QUEUES],
        buffers: &mut BufferPool,
    ) -> Result<Port<Model, Machine, Ready>, Stop> {
        let Self { port, mut table, vectors, slots, mut parts } = self;
        for machine in machines {
            if let Some(filter) = table.find(machine.address) {
                let slot = table.unbind(filter.id).map_err(because("the filter can't be unbound"))?;
                parts.put(slot).map_err(because(MIXED))?;
            }
            parts.put(machine.stop(&table, buffers)?).map_err(because(MIXED))?;
        }
        parts.put_all(slots.into_iter().flatten()).map_err(because(MIXED))?;
        parts.put_all(vectors).map_err(because(MIXED))?;
        parts.put(table).map_err(because(MIXED))?;
        port.disable(parts).map_err(because("something did not come back"))
    }
}
