//! The HALs of this project, through their public API.

use vmdq_bench::{Layout0, Nic, place};
use vmdq_hal::bus::Mmio;
use vmdq_hal::dma::Identity;
use vmdq_hal::ring::{BufferMemory, BufferPool, Burst, Exchange, InPlace, RingMemory, RxRing, TxRing};
use vmdq_hal::{Config, Controller, Port, Reset, Resources, Running};

use crate::subject::{Path, Subject, touch};

const RING: usize = 512;
const BUFFERS: usize = 2 * RING;
/// Frames under way from which on buffers are taken back: half of the ring.
const RECLAIM_AT: usize = RING / 4;

type Rx<C> = RxRing<C, Mmio, Identity>;
type Tx<C> = TxRing<C, Mmio, Identity>;

/// A way to forward.
pub(crate) trait Forward<C>: 'static {
    const PATH: Path;

    /// Takes over the rings of a queue pair that was just started.
    fn new(rx: Rx<C>, tx: Tx<C>, pool: BufferPool) -> Self;

    /// Forwards at most `size` frames.
    fn forward(&mut self, size: usize);
}

/// Starts queue 0 of a controller of model `C`, and forwards in a way `F`.
pub(crate) fn subject<C: Controller, F: Forward<C>>(layout: Layout0) -> Subject {
    let nic = Nic::new(layout);
    let mut delay = nic.registers();
    // SAFETY: the device in memory keeps to what it is given.
    let port = unsafe { Port::<C, _, Reset>::new(delay.bus()) };
    let port =
        port.init(&Config::default(), &mut delay).map_err(|(error, _)| error).expect("a port in memory");
    // SAFETY: the device in memory uses pointers.
    let dma = unsafe { Identity::new() };
    let (pool, _lent) = place(BufferMemory::<BUFFERS, 2>::new()).pool(dma).expect("memory for buffers");
    let Resources { queues, .. } = port.enable(&mut delay);
    let queue = queues.into_iter().next().expect("queue 0");
    let (rx, tx) = (place(RingMemory::<RING>::new()), place(RingMemory::<RING>::new()));
    let Running { rx, tx, .. } = queue
        .start(rx, tx, pool.size(), dma, &mut delay)
        .map_err(|(error, _)| error)
        .expect("queue 0 in memory");
    let mut forwarder = F::new(rx, tx, pool);
    let burst = Box::new(move |size| forwarder.forward(size));
    Subject { name: "hal", device: C::NAME, path: F::PATH, nic, burst }
}

/// By bursts, with a pool.
pub(crate) struct Bursts<C> {
    rx: Rx<C>,
    tx: Tx<C>,
    pool: BufferPool,
    burst: Burst<64>,
}

impl<C: Controller> Forward<C> for Bursts<C> {
    const PATH: Path = Path::Burst;

    fn new(mut rx: Rx<C>, tx: Tx<C>, mut pool: BufferPool) -> Self {
        rx.refill(&mut pool);
        Self { rx, tx, pool, burst: Burst::new() }
    }

    fn forward(&mut self, size: usize) {
        if size == 1 { self.one() } else { self.burst(size) }
    }
}

impl<C: Controller> Bursts<C> {
    /// Whoever works on one frame at a time needs no burst.
    fn one(&mut self) {
        if self.tx.pending() >= RECLAIM_AT {
            self.tx.reclaim(&mut self.pool);
        }
        let Some(mut frame) = self.rx.receive_one(&mut self.pool) else { return };
        touch(frame.header_mut());
        if let Err((_, frame)) = self.tx.send_one(frame) {
            let _ = self.pool.put(frame);
        }
    }

    #[inline(never)]
    fn burst(&mut self, size: usize) {
        if self.tx.pending() >= RECLAIM_AT {
            self.tx.reclaim(&mut self.pool);
        }
        self.rx.receive_replacing(&mut self.burst, size, &mut self.pool);
        for frame in &mut self.burst {
            touch(frame.header_mut());
        }
        // What does not fit stays in the burst.
        let _ = self.tx.send(&mut self.burst);
    }
}

/// By exchange between the two rings.
pub(crate) struct Exchanging<C>(Exchange<Rx<C>, Tx<C>>);

impl<C: Controller> Forward<C> for Exchanging<C> {
    const PATH: Path = Path::Exchange;

    fn new(rx: Rx<C>, tx: Tx<C>, mut pool: BufferPool) -> Self {
        Self(Exchange::new(rx, tx, &mut pool).map_err(|(error, ..)| error).expect("enough buffers"))
    }

    fn forward(&mut self, size: usize) {
        self.0.forward(size, |frame| {
            touch(frame.header_mut());
            true
        });
    }
}

/// In place.
pub(crate) struct StayingInPlace<C>(InPlace<Rx<C>, Tx<C>>);

impl<C: Controller> Forward<C> for StayingInPlace<C> {
    const PATH: Path = Path::InPlace;

    fn new(rx: Rx<C>, tx: Tx<C>, mut pool: BufferPool) -> Self {
        Self(InPlace::new(rx, tx, &mut pool).map_err(|(error, ..)| error).expect("enough buffers"))
    }

    fn forward(&mut self, size: usize) {
        self.0.forward(size, |frame| {
            touch(frame.header_mut());
            true
        });
    }
}
