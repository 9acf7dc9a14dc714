//! A pool of a controller in memory, started.

use vmdq_bench::{Layout0, Machine, Nic, place};
use vmdq_hal::device::Model;
use vmdq_hal::ring::{BufferMemory, BufferPool, RingMemory, RxRing, TxRing};
use vmdq_hal::{Config, Platform, Port, Resources, Started};

const RING: usize = 512;
const BUFFERS: usize = 2 * RING;
/// Frames under way from which on buffers are taken back.
pub(crate) const RECLAIM_AT: usize = RING / 4;

pub(crate) type Rx = RxRing<Machine>;
pub(crate) type Tx = TxRing<Machine>;

/// Starts pool 0 of a controller of model `M`, on rings without buffers.
pub(crate) fn start<M: Model + Default>(layout: Layout0) -> (Nic, Rx, Tx, BufferPool) {
    let nic = Nic::new(layout);
    let machine = nic.registers().machine();
    // SAFETY: the device in memory keeps to what it is given.
    let port = unsafe { Port::new(M::default(), machine) }.init(&Config::DEFAULT).expect("a port in memory");
    let (buffers, _memory) =
        place(BufferMemory::<BUFFERS, 2>::new()).pool(*machine.dma()).expect("memory for buffers");
    let Resources { port, pools, .. } = port.enable();
    let pool = pools.into_iter().next().expect("pool 0");
    let (rx, tx) = (place(RingMemory::<RING>::new()), place(RingMemory::<RING>::new()));
    let Started { rx, tx, .. } = port.start(pool, rx, tx, buffers.size()).expect("pool 0 in memory");
    (nic, rx, tx, buffers)
}
