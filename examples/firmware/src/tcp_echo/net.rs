//! The controller, and two queue pairs as devices of the stack: the default queue's, and the machine's.

use static_cell::ConstStaticCell;
use vmdq::dma::Identity;
use vmdq::ring::{BufferMemory, BufferPool, PoolMemory, RingMemory};
use vmdq::{Config, FilterTable, MacAddress, Platform, Port, Reset, Resources, Started, Vmdq};
use vmdq_smoltcp::QueueDevice;

use crate::nic::{Machine, Model};
use crate::report::{Stop, because};

/// The machine's address.
pub const ADDRESS: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
/// How long the link may take, in milliseconds.
const LINK: u32 = 5000;
/// Descriptors of a ring.
pub const DESCRIPTORS: usize = 64;
/// Buffers of a queue: as many as both rings take, and some for copies.
const BUFFERS: usize = 2 * DESCRIPTORS + 16;

/// The memory of one queue.
struct Queue {
    rx: RingMemory<DESCRIPTORS>,
    tx: RingMemory<DESCRIPTORS>,
    buffers: BufferMemory<BUFFERS, 2>,
}

static QUEUES: ConstStaticCell<[Queue; 2]> = ConstStaticCell::new(
    [const { Queue { rx: RingMemory::new(), tx: RingMemory::new(), buffers: BufferMemory::new() } }; 2],
);

/// A queue pair as a device of the stack.
pub type Device = QueueDevice<Started<Model, Machine>, BufferPool>;

/// The controller, and the two queues that run.
pub struct Net {
    /// The default queue.
    pub default: Device,
    /// The machine's queue.
    pub machine: Device,
    table: FilterTable<Model, Machine>,
    _port: Port<Model, Machine, Vmdq>,
    memory: [PoolMemory<&'static mut [u8], Identity>; 2],
}

impl Net {
    /// Brings the controller up, starts both queues, and binds the machine's filter.
    #[inline(never)]
    pub fn new(port: Port<Model, Machine, Reset>, machine: Machine) -> Result<Self, Stop> {
        let mut port = port.init(&Config::DEFAULT).map_err(because("the controller can't be initialised"))?;
        if !port.bring_link_up(LINK).is_up() {
            return Err(Stop("there is no link"));
        }
        let Resources { port, pools, filters, mut table, .. } = port.enable();
        let (mut pools, mut filters) = (pools.into_iter(), filters.into_iter());
        let mut start = |queue: &'static mut Queue| {
            let pool = pools.next().ok_or(Stop("there are too few pools"))?;
            let dma = *machine.dma();
            let (mut buffers, memory) =
                queue.buffers.pool(dma).map_err(because("the buffers can't be mapped"))?;
            let started = port.start_with(pool, &mut queue.rx, &mut queue.tx, &mut buffers);
            let started = started.map_err(because("a queue can't be started"))?;
            Ok::<_, Stop>((started, buffers, memory))
        };
        let [first, second] = QUEUES.try_take().ok_or(Stop("the memory was taken before"))?;
        let (default, default_buffers, default_memory) = start(first)?;
        let (started, buffers, memory) = start(second)?;
        let slot = filters.next().ok_or(Stop("there is no slot"))?;
        table.bind(slot, ADDRESS, &started.pool).map_err(because("the filter can't be bound"))?;
        let device = |started, buffers| {
            QueueDevice::new(started, buffers).map_err(because("they don't belong together"))
        };
        Ok(Self {
            default: device(default, default_buffers)?,
            machine: device(started, buffers)?,
            table,
            _port: port,
            memory: [default_memory, memory],
        })
    }

    /// Stops both queues; every buffer has come back then.
    #[inline(never)]
    pub fn close(self) -> Result<(), Stop> {
        let Self { default, machine, mut table, memory, .. } = self;
        let filter = table.find(ADDRESS).ok_or(Stop("the machine has no filter"))?;
        let _slot = table.unbind(filter.id).map_err(because("the filter can't be unbound"))?;
        for (device, memory) in [default, machine].into_iter().zip(memory) {
            let (started, mut buffers) = device.into_parts();
            let stopped = started.stop(&table, |frame| drop(buffers.put(frame)));
            let _stopped = stopped.map_err(because("a queue can't be stopped"))?;
            let _region = memory.release(buffers).map_err(because("buffers were lost"))?;
        }
        Ok(())
    }
}
