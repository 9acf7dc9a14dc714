//! The controller, a default queue and three virtual machines, and all that is done with their filters and
//! queues while they are served.

use vmdq::dma::Identity;
use vmdq::ring::{BufferPool, PoolMemory};
use vmdq::{Accept, Config, MacAddress, Port, Reset};

use crate::arch;
use crate::device::Device;
use crate::frame::Order;
use crate::machine::VirtualMachine;
use crate::memory::{Memory, QUEUES, State};
use crate::nic::{Machine, Model};
use crate::report::{Stop, because, say};

/// How long nobody may have given an order, in microseconds.
const PATIENCE: u64 = 60_000_000;
/// What is accepted beyond the frames for the machines; it goes to the default queue.
const ACCEPTED: Accept = Accept::BROADCAST;

/// The controller, and the machines that it serves.
pub struct Lan {
    device: &'static mut Option<Device>,
    /// What runs on the default queue, then the virtual machines.
    machines: &'static mut [VirtualMachine; QUEUES],
    buffers: BufferPool,
    memory: PoolMemory<&'static mut [u8], Identity>,
    /// Whether a machine is looked at when its vector interrupts, and only then.
    by_interrupt: bool,
    order: Option<Order>,
}

/// Returns the controller, which is there from [`Lan::open`] to [`Lan::close`].
fn enabled(device: &mut Option<Device>) -> Result<&mut Device, Stop> {
    device.as_mut().ok_or(Stop("the controller is not open"))
}

impl Lan {
    /// Makes the machines, each with an address and memory.
    pub fn new(memory: &'static mut Memory, state: &'static mut State, dma: Identity) -> Result<Self, Stop> {
        let Memory { rx, tx, buffers } = memory;
        let State { machines, device } = state;
        for (((machine, rx), tx), number) in machines.iter_mut().zip(rx).zip(tx).zip(0..) {
            machine.address = MacAddress([2, 0, 0, 0, 0, number]);
            machine.give(rx, tx);
        }
        let (buffers, memory) = buffers.pool(dma).map_err(because("the buffers can't be mapped"))?;
        Ok(Self { device, machines, buffers, memory, by_interrupt: false, order: None })
    }

    /// Brings the controller up, and binds the filter of each virtual machine.
    pub fn open(&mut self, port: Port<Model, Machine, Reset>) -> Result<(), Stop> {
        self.bring_up(port, &Config { accept: ACCEPTED, ..Config::DEFAULT })?;
        let device = enabled(self.device)?;
        for (number, machine) in self.machines.iter().enumerate().skip(1) {
            device.bind(number, machine)?;
        }
        Ok(())
    }

    /// Initialises the controller and starts all queues.
    ///
    /// Like `quiesce` it is not inlined: what passes over the stack here is gone when it returns.
    #[inline(never)]
    fn bring_up(&mut self, port: Port<Model, Machine, Reset>, config: &Config) -> Result<(), Stop> {
        let port = port.init(config).map_err(because("the controller can't be initialised"))?;
        // Frames for the port's own address go to the default queue, without a filter.
        self.machines[0].address = port.address();
        *self.device = Some(Device::enable(port, self.machines, &mut self.buffers)?);
        Ok(())
    }

    /// Lets the machines work until there is an order to go on.
    pub fn serve(&mut self) -> Result<(), Stop> {
        let start = arch::micros();
        while self.order.is_none() {
            if self.by_interrupt {
                self.turn_where_interrupted()?;
            } else {
                for machine in self.machines.iter_mut() {
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
    fn turn_where_interrupted(&mut self) -> Result<(), Stop> {
        let vectors = &enabled(self.device)?.vectors;
        for ((number, machine), vector) in self.machines.iter_mut().enumerate().zip(vectors) {
            machine.awake |= arch::interrupted_by(number);
            if machine.awake && machine.turn(&mut self.buffers) == 0 {
                // Unmasked first, then looked at again: what came before interrupts no more.
                vector.unmask();
                machine.awake = machine.turn(&mut self.buffers) > 0;
            }
        }
        Ok(())
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
        let accepted = enabled(self.device)?.port.set_accept(ACCEPTED | Accept::PROMISCUOUS);
        accepted.map_err(because("what is accepted can't be changed"))
    }

    /// Moves the first machine's filter to the second one's queue.
    pub fn move_filter(&mut self) -> Result<(), Stop> {
        let device = enabled(self.device)?;
        let [_, first, second, _] = &*self.machines;
        let filter = device.filter(first)?;
        device.table.move_to(filter.id, second.pool()?).map_err(because("the filter can't be moved"))
    }

    /// Removes the first machine's filter.
    pub fn unbind_filter(&mut self) -> Result<(), Stop> {
        let device = enabled(self.device)?;
        let filter = device.filter(&self.machines[1])?;
        device.slots[1] =
            Some(device.table.unbind(filter.id).map_err(because("the filter can't be unbound"))?);
        Ok(())
    }

    /// Binds the first machine's filter again, to its own queue.
    pub fn bind_filter(&mut self) -> Result<(), Stop> {
        enabled(self.device)?.bind(1, &self.machines[1])
    }

    /// From here on, a machine is looked at when its vector interrupts.
    pub fn take_interrupts(&mut self) -> Result<(), Stop> {
        let Device { port, vectors, .. } = enabled(self.device)?;
        for (vector, machine) in vectors.iter_mut().zip(self.machines.iter_mut()) {
            port.route(vector, machine.pool()?).map_err(because("no route to the vector"))?;
            // What has arrived already does not interrupt.
            machine.awake = true;
        }
        self.by_interrupt = true;
        Ok(())
    }

    /// Stops the third machine's queues and starts them again; meanwhile the default queue gets its frames.
    #[inline(never)]
    pub fn restart_queue(&mut self) -> Result<(), Stop> {
        let device = enabled(self.device)?;
        let [default, .., third] = &mut *self.machines;
        let filter = device.filter(third)?;
        device.table.move_to(filter.id, default.pool()?).map_err(because("the filter can't be moved"))?;
        let pool = third.stop(&device.table, &mut self.buffers)?;
        third.start(&device.port, pool, &mut self.buffers)?;
        device.table.move_to(filter.id, third.pool()?).map_err(because("the filter can't be moved back"))
    }

    /// Ends all DMA, resets the controller, and leads everything where it led before.
    pub fn reset(&mut self) -> Result<(), Stop> {
        let Device { port, table, .. } = enabled(self.device)?;
        let plan = port.plan(table);
        let port = self.quiesce()?;
        self.bring_up(port, plan.config())?;
        enabled(self.device)?.restore(&plan, self.machines)
    }

    #[inline(never)]
    fn quiesce(&mut self) -> Result<Port<Model, Machine, Reset>, Stop> {
        let device = self.device.take().ok_or(Stop("the controller is not open"))?;
        device.quiesce(self.machines, &mut self.buffers)
    }

    /// Prints what each machine got.
    pub fn report(&mut self) -> Result<(), Stop> {
        say!("pool  address            received  broadcast  dropped");
        for (number, machine) in self.machines.iter().enumerate() {
            let VirtualMachine { address, received, broadcast, dropped, .. } = machine;
            say!("{number:4}  {address}  {received:8}  {broadcast:9}  {dropped:7}");
        }
        let statistics = enabled(self.device)?.port.statistics();
        say!("the controller received {} frames and sent {}", statistics.received, statistics.sent);
        Ok(())
    }

    /// Stops everything and turns VMDq off; every buffer has come back then.
    #[inline(never)]
    pub fn close(self) -> Result<(), Stop> {
        let Self { device, machines, mut buffers, memory, .. } = self;
        let device = device.take().ok_or(Stop("the controller is not open"))?;
        let _port = device.disable(machines, &mut buffers)?;
        memory.release(buffers).map(drop).map_err(because("buffers were lost"))
    }
}
