//! One running queue with buffers of its own.

use vmdq::device::Model;
use vmdq::ring::{
    BufferPool, BufferSize, BufferSlot, Burst, Frame, PoolMemory, RingMemory, RingSpace, RxRing, TxRing,
};
use vmdq::{FilterTable, Idle, Platform, Pool, Port, Running, Started, Stopped, Vmdq};
use vmdq_sim::Testbed;

/// A running queue, its rings, and a pool that only this queue uses.
pub(crate) struct QueuePair<M: Model, P: Platform> {
    pub(crate) rx: RxRing<P>,
    pub(crate) tx: TxRing<P>,
    pub(crate) pool: Pool<M, P, Running>,
    pub(crate) buffers: BufferPool,
    pub(crate) memory: PoolMemory<&'static mut [u8], P::Dma>,
}

/// Ring memory of one of the lengths that tests use.
pub(crate) fn rings<T: Testbed>(bed: &T, descriptors: usize) -> (RingSpace, RingSpace) {
    match descriptors {
        8 => (bed.place(RingMemory::<8>::new()).into(), bed.place(RingMemory::<8>::new()).into()),
        64 => (bed.place(RingMemory::<64>::new()).into(), bed.place(RingMemory::<64>::new()).into()),
        128 => (bed.place(RingMemory::<128>::new()).into(), bed.place(RingMemory::<128>::new()).into()),
        other => panic!("no ring of {other} descriptors in the tests"),
    }
}

/// Buffers out of the bed's memory.
pub(crate) fn buffers<T: Testbed>(
    bed: &T,
    count: usize,
    size: BufferSize,
) -> (BufferPool, PoolMemory<&'static mut [u8], T::Dma>) {
    let region = bed.alloc_bytes(count * (size.bytes() + 64));
    let slots: &'static mut [BufferSlot] = Vec::from_iter((0..count).map(|_| BufferSlot::uninit())).leak();
    let (pool, memory) = BufferPool::carve(region, size, slots, bed.dma()).expect("buffers");
    assert_eq!(pool.len(), count);
    (pool, memory)
}

impl<M: Model, P: Platform> QueuePair<M, P> {
    /// Starts a queue with `count` buffers, all of them posted as far as the ring has room.
    pub(crate) fn start<T: Testbed<Dma = P::Dma>>(
        bed: &T,
        port: &Port<M, P, Vmdq>,
        pool: Pool<M, P, Idle>,
        descriptors: usize,
        count: usize,
        size: BufferSize,
    ) -> Self {
        let (rx, tx) = rings(bed, descriptors);
        let Started { rx, tx, pool } = port.start(pool, rx, tx, size).expect("the pool starts");
        let (buffers, memory) = buffers(bed, count, size);
        let mut pair = Self { rx, tx, pool, buffers, memory };
        pair.rx.refill(&mut pair.buffers);
        pair
    }

    /// Takes every finished frame, without posting buffers again.
    pub(crate) fn take(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        let mut burst = Burst::<32>::new();
        while self.rx.receive(&mut burst) > 0 {
            frames.extend(burst.drain(..));
        }
        frames
    }

    /// Takes the bytes of every finished frame and posts the buffers again.
    pub(crate) fn receive(&mut self) -> Vec<Vec<u8>> {
        let frames = self.take();
        let bytes = frames.iter().map(|frame| frame.bytes().to_vec()).collect();
        frames.into_iter().for_each(|frame| self.buffers.put(frame).expect("room in the pool"));
        self.rx.refill(&mut self.buffers);
        bytes
    }

    /// Hands a burst of frames over for sending.
    pub(crate) fn send(&mut self, frames: &[Vec<u8>]) {
        let mut burst = Burst::<64>::new();
        for bytes in frames {
            let mut frame = self.buffers.take().expect("a buffer to send from");
            frame.fill(bytes).expect("room in the buffer");
            burst.push(frame).expect("room in the burst");
        }
        assert_eq!(self.tx.send(&mut burst), Ok(frames.len()));
    }

    /// Takes sent buffers back.
    pub(crate) fn reclaim(&mut self) -> usize {
        self.tx.reclaim(&mut self.buffers)
    }

    /// Stops the queue, sees every buffer come home and their memory come back.
    pub(crate) fn stop(self, table: &FilterTable<M, P>) -> Stopped<M, P> {
        let Self { rx, tx, pool, mut buffers, memory } = self;
        let stopped = Started { rx, tx, pool }
            .stop(table, |frame| buffers.put(frame).expect("room in the pool"))
            .expect("the pool stops");
        let _ = memory.release(buffers).expect("all frames are home");
        stopped
    }
}
