//! The controller with VMDq on, a default queue and three virtual machines, and all that is done with their
//! filters and queues while they are served.

use vmdq::dma::Identity;
use vmdq::ring::{BufferPool, PoolMemory, RingSpace};
use vmdq::{
    Accept, Binding, Config, FilterSlot, FilterTable, MacAddress, Parts, Port, Ready, Reset, Resources,
    Restore, Vector, Vmdq,
};

use crate::arch;
use crate::frame::Order;
use crate::machine::VirtualMachine;
use crate::memory::{Memory, QUEUES};
use crate::nic::{Machine, Model};
use crate::report::{Stop, because, say};

/// How long nobody may have given an order, in microseconds.
const PATIENCE: u64 = 20_000_000;
/// How long the link may take, in milliseconds.
const LINK: u32 = 5000;
/// What is accepted beyond the frames for the machines; it goes to the default queue.
const ACCEPTED: Accept = Accept::BROADCAST;

/// The controller, and the machines that it serves.
pub struct Lan {
    device: Device,
    /// What runs on the default queue, then the virtual machines.
    machines: [VirtualMachine; QUEUES],
    buffers: BufferPool,
    memory: PoolMemory<&'static mut [u8], Identity>,
    /// Whether a machine is looked at when its vector interrupts, and only then.
    by_interrupt: bool,
    order: Option<Order>,
}

/// The rights that `enable` hands out.
struct Device {
    port: Port<Model, Machine, Vmdq>,
    table: FilterTable<Model, Machine>,
    /// One for each queue.
    vectors: [Vector<Model, Machine>; QUEUES],
    /// One for each queue, until it is bound.
    slots: [Option<FilterSlot<Model>>; QUEUES],
    /// All others.
    parts: Parts<Model, Machine>,
}

impl Device {
    /// Turns VMDq on and starts the machines' queues.
    #[inline(never)]
    fn enable(
        mut port: Port<Model, Machine, Ready>,
        machines: &mut [VirtualMachine; QUEUES],
        buffers: &mut BufferPool,
    ) -> Result<Self, Stop> {
        if !port.bring_link_up(LINK).is_up() {
            return Err(Stop("there is no link"));
        }
        let Resources { port, pools, filters, table, vectors, .. } = port.enable();
        let (mut pools, mut filters, mut vectors) =
            (pools.into_iter(), filters.into_iter(), vectors.into_iter());
        for machine in machines {
            let pool = pools.next().ok_or(Stop("there are too few pools"))?;
            machine.start(&port, pool, buffers)?;
        }
        let slots = [filters.next(), filters.next(), filters.next(), filters.next()];
        let four = [vectors.next(), vectors.next(), vectors.next(), vectors.next()];
        let [Some(a), Some(b), Some(c), Some(d)] = four else {
            return Err(Stop("there are too few vectors"));
        };
        let mut parts = port.parts();
        parts.put_all(pools).map_err(because("a pool is another port's"))?;
        parts.put_all(filters).map_err(because("a slot is another port's"))?;
        parts.put_all(vectors).map_err(because("a vector is another port's"))?;
        Ok(Self { port, table, vectors: [a, b, c, d], slots, parts })
    }

    /// Leads a machine's frames to its own queue.
    fn bind(&mut self, number: usize, machine: &VirtualMachine) -> Result<(), Stop> {
        let slot = self.slots.get_mut(number).and_then(Option::take).ok_or(Stop("there is no slot"))?;
        let bound = self.table.bind(slot, machine.address, machine.pool()?);
        bound.map_err(because("the filter can't be bound"))?;
        Ok(())
    }

    fn filter(&self, machine: &VirtualMachine) -> Result<Binding, Stop> {
        self.table.find(machine.address).ok_or(Stop("the machine has no filter"))
    }
}

impl Lan {
    /// Brings the controller up, and binds each machine's filter.
    #[inline(never)]
    pub fn open(
        port: Port<Model, Machine, Reset>,
        memory: &'static mut Memory,
        dma: Identity,
    ) -> Result<Self, Stop> {
        let config = Config { accept: ACCEPTED, ..Config::DEFAULT };
        let port = port.init(&config).map_err(because("the controller can't be initialised"))?;
        let (mut buffers, pool_memory) =
            memory.buffers.pool(dma).map_err(because("the buffers can't be mapped"))?;
        let Memory { rx: [rx0, rx1, rx2, rx3], tx: [tx0, tx1, tx2, tx3], .. } = memory;
        let machine =
            |address, rx, tx| VirtualMachine::new(address, (RingSpace::from(rx), RingSpace::from(tx)));
        let address = |number| MacAddress([2, 0, 0, 0, 0, number]);
        let mut machines = [
            machine(port.address(), rx0, tx0),
            machine(address(1), rx1, tx1),
            machine(address(2), rx2, tx2),
            machine(address(3), rx3, tx3),
        ];
        let mut device = Device::enable(port, &mut machines, &mut buffers)?;
        for (number, machine) in machines.iter().enumerate().skip(1) {
            device.bind(number, machine)?;
        }
        Ok(Self { device, machines, buffers, memory: pool_memory, by_interrupt: false, order: None })
    }

    /// Lets the machines work until there is an order to go on.
    pub fn serve(&mut self) -> Result<(), Stop> {
        let start = arch::micros();
        while self.order.is_none() {
            if self.by_interrupt {
                self.turn_where_interrupted();
            } else {
                for machine in &mut self.machines {
                    machine.turn(&mut self.buffers);
                }
            }
            self.order = self.machines[0].order.take();
            if arch::micros().wrapping_sub(start) > PATIENCE {
                return Err(Stop("nobody gives orders on the wire"));
            }
        }
        Ok(())
    }

    /// Gives a turn to each machine whose vector has interrupted, until it has nothing left to do.
    ///
    /// A machine has one turn of work here, however much arrives for it: the others wait for theirs.
    fn turn_where_interrupted(&mut self) {
        for ((number, machine), vector) in self.machines.iter_mut().enumerate().zip(&self.device.vectors) {
            machine.awake |= arch::interrupted_by(number);
            if machine.awake && machine.turn(&mut self.buffers) == 0 {
                // Unmasked first, then looked at again: what came before interrupts no more.
                vector.unmask();
                machine.awake = machine.turn(&mut self.buffers) > 0;
            }
        }
    }

    /// Reports that the order to go on was followed.
    pub fn done(&mut self) {
        self.answer(true);
    }

    /// Reports that this machine can't follow it.
    pub fn cannot(&mut self) {
        self.answer(false);
    }

    fn answer(&mut self, could: bool) {
        if let Some(order) = self.order.take() {
            self.machines[0].tell(order, could, &mut self.buffers);
        }
    }

    /// Accepts frames for unknown addresses, too: promiscuous mode.
    pub fn accept_strangers(&mut self) -> Result<(), Stop> {
        let accept = self.device.port.set_accept(ACCEPTED | Accept::PROMISCUOUS);
        accept.map_err(because("what is accepted can't be changed"))
    }

    /// Moves the first machine's filter to the second one's queue.
    pub fn move_filter(&mut self) -> Result<(), Stop> {
        let [_, first, second, _] = &self.machines;
        let filter = self.device.filter(first)?;
        self.device.table.move_to(filter.id, second.pool()?).map_err(because("the filter can't be moved"))
    }

    /// Removes the first machine's filter.
    pub fn unbind_filter(&mut self) -> Result<(), Stop> {
        let filter = self.device.filter(&self.machines[1])?;
        let slot = self.device.table.unbind(filter.id).map_err(because("the filter can't be unbound"))?;
        self.device.slots[1] = Some(slot);
        Ok(())
    }

    /// Binds the first machine's filter again, to its own queue.
    pub fn bind_filter(&mut self) -> Result<(), Stop> {
        self.device.bind(1, &self.machines[1])
    }

    /// From here on, a machine is looked at when its vector interrupts.
    pub fn take_interrupts(&mut self) -> Result<(), Stop> {
        for (vector, machine) in self.device.vectors.iter_mut().zip(&self.machines) {
            self.device.port.route(vector, machine.pool()?).map_err(because("no route to the vector"))?;
        }
        self.by_interrupt = true;
        // What has arrived already does not interrupt.
        self.machines.iter_mut().for_each(|machine| machine.awake = true);
        Ok(())
    }

    /// Stops the third machine's queues and starts them again; meanwhile the default queue gets its frames.
    #[inline(never)]
    pub fn restart_queue(&mut self) -> Result<(), Stop> {
        let Self { device, machines: [default, .., third], buffers, .. } = self;
        let filter = device.filter(third)?;
        device.table.move_to(filter.id, default.pool()?).map_err(because("the filter can't be moved"))?;
        let pool = third.stop(&device.table, buffers)?;
        third.start(&device.port, pool, buffers)?;
        device.table.move_to(filter.id, third.pool()?).map_err(because("the filter can't be moved back"))?;
        Ok(())
    }

    /// Ends all DMA, resets the controller, and leads everything where it led before.
    #[inline(never)]
    pub fn reset(self) -> Result<Self, Stop> {
        let Self { device, mut machines, mut buffers, memory, by_interrupt, order } = self;
        let Device { port, table, vectors, slots, mut parts } = device;
        let plan = port.plan(&table);
        let port = port.quiesce().map_err(because("the controller does not stop"))?;
        for machine in &mut machines {
            parts.put(machine.recover(&port, &mut buffers)?).map_err(because("a pool is another port's"))?;
        }
        parts.put_all(slots.into_iter().flatten()).map_err(because("a slot is another port's"))?;
        parts.put_all(vectors).map_err(because("a vector is another port's"))?;
        parts.put(table).map_err(because("the table is another port's"))?;
        let port = port.reset(parts).map_err(because("something did not come back"))?;
        let port = port.init(plan.config()).map_err(because("the controller can't be initialised again"))?;
        let mut device = Device::enable(port, &mut machines, &mut buffers)?;
        let [a, b, c, d] = &machines;
        let pools = [a.pool()?, b.pool()?, c.pool()?, d.pool()?];
        let Device { port, table, slots, vectors, .. } = &mut device;
        port.restore(&plan, Restore { table, slots, pools: &pools, vectors })
            .map_err(because("the plan can't be restored"))?;
        Ok(Self { device, machines, buffers, memory, by_interrupt, order })
    }

    /// Prints what each machine got.
    pub fn report(&mut self) {
        say!("pool  address            received  broadcast  dropped");
        for (number, machine) in self.machines.iter().enumerate() {
            let VirtualMachine { address, received, broadcast, dropped, .. } = machine;
            say!("{number:4}  {address}  {received:8}  {broadcast:9}  {dropped:7}");
        }
        let statistics = self.device.port.statistics();
        say!("the controller received {} frames and sent {}", statistics.received, statistics.sent);
    }

    /// Stops everything and turns VMDq off; every buffer has come back then.
    #[inline(never)]
    pub fn close(self) -> Result<(), Stop> {
        let Self { device, mut machines, mut buffers, memory, .. } = self;
        let Device { port, mut table, vectors, slots, mut parts } = device;
        for machine in &mut machines {
            if let Some(filter) = table.find(machine.address) {
                let slot = table.unbind(filter.id).map_err(because("the filter can't be unbound"))?;
                parts.put(slot).map_err(because("a slot is another port's"))?;
            }
            let pool = machine.stop(&table, &mut buffers)?;
            parts.put(pool).map_err(because("a pool is another port's"))?;
        }
        parts.put_all(slots.into_iter().flatten()).map_err(because("a slot is another port's"))?;
        parts.put_all(vectors).map_err(because("a vector is another port's"))?;
        parts.put(table).map_err(because("the table is another port's"))?;
        let _port = port.disable(parts).map_err(because("something did not come back"))?;
        memory.release(buffers).map_err(because("buffers were lost"))?;
        Ok(())
    }
}
