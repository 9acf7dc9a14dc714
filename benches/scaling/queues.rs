//! Queues over register files in memory, polled in turn through the public API.

use vmdq_bench::{IGB, IXGBE, Layout0, Machine, Nic, pages, place};
use vmdq_hal::device::Model;
use vmdq_hal::dma::Identity;
use vmdq_hal::ring::{
    BufferPool, BufferSize, BufferSlot, Burst, Frame, Length, RingLength, RingMemory, RxRing, TxRing,
};
use vmdq_hal::{Config, MacAddress, Pool, Port, Resources, Running, Started};

use crate::load::Load;

/// Frames that a busy queue gets before each region: one burst.
const FRAMES: usize = 32;
/// Buffers for each queue beyond what its receive ring holds: in the transmit ring, and under way.
const SPARE: usize = 3 * FRAMES;
const STRIDE: usize = 2048 + 64;
/// Between the registers of neighbouring rings.
const RING_REGISTERS: usize = 0x40;

/// A running queue, and the device's side of it.
struct QueuePair {
    nic: Nic,
    rx: RxRing<Machine>,
    tx: TxRing<Machine>,
}

/// Queues that are polled in turn by one processor, with one pool of buffers.
pub(crate) struct Queues<M> {
    pairs: Vec<QueuePair>,
    /// How many of the queues get frames: the last ones.
    busy: usize,
    pool: BufferPool,
    burst: Burst<64>,
    /// What filters lead to.
    _steering: Vec<Pool<M, Machine, Running>>,
}

/// Allocates memory for `count` buffers and makes a pool of it.
fn buffers(count: usize, dma: Identity) -> BufferPool {
    let at = pages(count * STRIDE);
    // SAFETY: fresh memory of the size, zeroed, never freed.
    let region: &'static mut [u8] = unsafe { std::slice::from_raw_parts_mut(at.as_ptr(), count * STRIDE) };
    let slots: Vec<BufferSlot> = (0..count).map(|_| BufferSlot::uninit()).collect();
    let size = BufferSize::for_bytes(2048).expect("a size of buffers");
    BufferPool::carve(region, size, slots.leak(), dma).expect("memory for buffers").0
}

impl<M: Model + Default> Queues<M> {
    /// Starts `queues` queues with rings of `N` descriptors, on as many ports as that takes, of which
    /// `busy` get frames; binds `filters` filters to the first queue.
    pub(crate) fn new<const N: usize>(queues: usize, busy: usize, filters: usize) -> Self
    where
        Length<N>: RingLength,
    {
        let model = M::default();
        // SAFETY: the devices in memory use pointers.
        let mut pool = buffers(queues * (N + SPARE), unsafe { Identity::new() });
        let (mut pairs, mut steering) = (Vec::new(), Vec::new());
        while pairs.len() < queues {
            let first = Nic::new(layout(model, 0));
            let registers = first.registers();
            // SAFETY: the device in memory keeps to what it is given.
            let port = unsafe { Port::new(model, registers.machine()) };
            let port = port.init(&Config::DEFAULT).expect("a port in memory");
            let Resources { port, pools, filters: slots, mut table, .. } = port.enable();
            for (i, idle) in pools.into_iter().take(queues - pairs.len()).enumerate() {
                let (rx, tx) = (place(RingMemory::<N>::new()), place(RingMemory::<N>::new()));
                let started = port.start(idle, rx, tx, pool.size());
                let Started { rx, tx, pool: lead } = started.expect("a pool in memory");
                pairs.push(QueuePair { nic: Nic::on(registers, layout(model, i)), rx, tx });
                steering.push(lead);
            }
            for (i, slot) in slots.into_iter().take(filters).enumerate() {
                let address = MacAddress([2, 0, 0x5e, 0, 0, i as u8]);
                table.bind(slot, address, &steering[0]).expect("a filter");
            }
            assert_eq!(table.bindings().count(), filters, "the device has fewer filters");
        }
        for pair in &mut pairs {
            pair.rx.refill(&mut pool);
        }
        Self { pairs, busy, pool, burst: Burst::new(), _steering: steering }
    }
}

fn layout(model: impl Model, queue: usize) -> Layout0 {
    let Layout0 { rx, tx } = if model.limits().name == "82598" { IXGBE } else { IGB };
    Layout0 { rx: rx + queue * RING_REGISTERS, tx: tx + queue * RING_REGISTERS }
}

impl<M: Model> Load for Queues<M> {
    fn prepare(&mut self) {
        let idle = self.pairs.len() - self.busy;
        for pair in &mut self.pairs[idle..] {
            pair.nic.complete();
            pair.nic.receive(FRAMES);
        }
    }

    fn region(&mut self) {
        for QueuePair { rx, tx, .. } in &mut self.pairs {
            if tx.pending() >= FRAMES {
                tx.reclaim(&mut self.pool);
            }
            if rx.receive_most(&mut self.burst, FRAMES) == 0 {
                continue;
            }
            self.burst.iter_mut().for_each(touch);
            // What does not fit stays in the burst.
            let _ = tx.send(&mut self.burst);
            if rx.missing() >= FRAMES {
                rx.refill(&mut self.pool);
            }
        }
    }

    fn units(&self) -> u64 {
        match self.busy {
            0 => self.pairs.len() as u64,
            busy => (busy * FRAMES) as u64,
        }
    }

    fn verify(&mut self, regions: u64) -> Result<(), String> {
        let idle = self.pairs.len() - self.busy;
        for (i, pair) in self.pairs.iter_mut().enumerate() {
            let expected = if i < idle { 0 } else { regions * FRAMES as u64 };
            pair.nic.verify(expected).map_err(|error| format!("queue {i}: {error}"))?;
        }
        Ok(())
    }
}

fn touch(frame: &mut Frame) {
    if let Some(byte) = frame.bytes_mut().get_mut(3) {
        *byte = byte.wrapping_add(1);
    }
}
