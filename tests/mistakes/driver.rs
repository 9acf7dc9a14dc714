//! A driver as a newcomer writes one: a port of any model, one pool with a filter, and its buffers.

use vmdq::ring::{BufferPool, BufferSize, BufferSlot, Frame, PoolMemory, RingMemory};
use vmdq::{Config, Diagnosis, FilterTable, Finding, Platform, Port, Resources, Started, Vector, Vmdq};
use vmdq_sim::{Settled, Sim, Testbed};

use crate::common::{Concrete, frame, ready, vm};

/// Descriptors of each ring: it takes one buffer less.
pub(crate) const RING: usize = 64;

/// Buffers of the pool.
pub(crate) const BUFFERS: usize = 2 * RING;

/// The port with all that it has.
pub(crate) struct Driver<M: Concrete, P: Platform, T: Testbed = Sim> {
    pub(crate) bed: T,
    pub(crate) port: Port<M, P, Vmdq>,
    pub(crate) table: FilterTable<M, P>,
    pub(crate) vector: Vector<M, P>,
    /// Pool 1, to which the address of virtual machine 1 leads.
    pub(crate) guest: Started<M, P>,
    pub(crate) buffers: BufferPool,
    pub(crate) memory: PoolMemory<&'static mut [u8], P::Dma>,
}

impl<M: Concrete, P: Platform, T: Testbed> Driver<M, P, T> {
    /// Brings everything up, but posts no buffer.
    pub(crate) fn start(bed: T, platform: P) -> Self {
        let dma = platform.dma().clone();
        let Resources { port, pools, filters, mut table, vectors, .. } =
            ready::<M, P>(platform, &Config::DEFAULT).enable();
        let (mut pools, mut filters, mut vectors) =
            (pools.into_iter(), filters.into_iter(), vectors.into_iter());
        let pool = pools.nth(1).expect("pool 1");
        let size = BufferSize::for_bytes(2048).expect("a size");
        let (rx, tx) = (bed.place(RingMemory::<RING>::new()), bed.place(RingMemory::<RING>::new()));
        let guest = port.start(pool, rx, tx, size).expect("the pool starts");
        let _ = table.bind(filters.next().expect("a filter"), vm(1), &guest.pool).expect("it is bound");
        let vector = vectors.nth(1).expect("vector 1");
        let region = bed.alloc_bytes(BUFFERS * (size.bytes() + 64));
        let slots = Vec::from_iter((0..BUFFERS).map(|_| BufferSlot::uninit())).leak();
        let (buffers, memory) = BufferPool::carve(region, size, slots, dma).expect("buffers");
        Self { bed, port, table, vector, guest, buffers, memory }
    }

    /// The same with buffers in the receive ring.
    pub(crate) fn filled(bed: T, platform: P) -> Self {
        let mut driver = Self::start(bed, platform);
        driver.refill();
        driver
    }

    pub(crate) fn refill(&mut self) {
        self.guest.rx.refill(&mut self.buffers);
        self.guest.rx.flush();
    }

    /// Puts frames for the pool on the wire, and lets the controller work.
    pub(crate) fn inject(&mut self, count: usize) -> Settled {
        for number in 0..count {
            self.bed.inject(&frame(vm(1), number as u32, 60));
        }
        self.bed.settle()
    }

    /// Sends a frame, and lets the controller work.
    pub(crate) fn send(&mut self) {
        let frame = self.frame(60);
        self.guest.tx.send_one(frame).expect("there is room");
        let _ = self.bed.settle();
    }

    /// A frame that is `len` bytes long.
    pub(crate) fn frame(&mut self, len: usize) -> Frame {
        let mut frame = self.buffers.take().expect("a buffer");
        frame.fill(&vec![0x55; len]).expect("it fits the buffer");
        frame
    }

    /// What the user sees who asks why.
    pub(crate) fn diagnose(&mut self) -> Diagnosis {
        let Self { port, table, guest, .. } = self;
        port.diagnose(&guest.pool, &guest.rx, &guest.tx, table).expect("they belong together")
    }

    /// Sees that exactly this is found, and that its text names the remedy.
    pub(crate) fn shows(&mut self, finding: Finding, remedy: &str) {
        let diagnosis = self.diagnose();
        assert_eq!(diagnosis.findings().collect::<Vec<_>>(), [finding], "{diagnosis}");
        assert_eq!(diagnosis.to_string(), finding.to_string());
        assert!(finding.to_string().contains(remedy), "{finding}");
    }

    /// Sees that no frame has arrived yet, and nothing else.
    pub(crate) fn is_idle(&mut self) {
        self.shows(Finding::NothingCounted, "if one was sent to it, check bus master enable");
    }

    /// Sees that nothing is found.
    pub(crate) fn is_well(&mut self) {
        let diagnosis = self.diagnose();
        assert_eq!(diagnosis.findings().collect::<Vec<_>>(), []);
        assert_eq!(diagnosis.to_string(), "no known mistake");
    }
}
