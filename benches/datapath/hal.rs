//! The HALs of this project, through their public API.

use vmdq_bench::Layout0;
use vmdq_hal::device::Model;
use vmdq_hal::ring::{BufferPool, Burst, Exchange, InPlace};

use crate::start::{RECLAIM_AT, Rx, Tx, start};
use crate::subject::{Path, Subject, touch};

/// A way to forward.
pub(crate) trait Forward: 'static {
    const PATH: Path;

    /// Takes over the rings of a pool that was just started.
    fn new(rx: Rx, tx: Tx, pool: BufferPool) -> Self;

    /// Forwards at most `size` frames.
    fn forward(&mut self, size: usize);
}

/// Starts pool 0 of a controller of model `M`, and forwards in a way `F`.
pub(crate) fn subject<M: Model + Default, F: Forward>(layout: Layout0) -> Subject {
    let (nic, rx, tx, buffers) = start::<M>(layout);
    let mut forwarder = F::new(rx, tx, buffers);
    let burst = Box::new(move |size| forwarder.forward(size));
    Subject { name: "hal", device: M::default().limits().name, path: F::PATH, nic, burst }
}

/// By bursts, with a pool.
pub(crate) struct Bursts {
    rx: Rx,
    tx: Tx,
    pool: BufferPool,
    burst: Burst<64>,
}

impl Forward for Bursts {
    const PATH: Path = Path::Burst;

    fn new(mut rx: Rx, tx: Tx, mut pool: BufferPool) -> Self {
        rx.refill(&mut pool);
        Self { rx, tx, pool, burst: Burst::new() }
    }

    fn forward(&mut self, size: usize) {
        if size == 1 { self.one() } else { self.burst(size) }
    }
}

impl Bursts {
    /// Whoever works on one frame at a time needs no burst.
    fn one(&mut self) {
        if self.tx.pending() >= RECLAIM_AT {
            self.tx.reclaim(&mut self.pool);
        }
        let Some(mut frame) = self.rx.receive_one(&mut self.pool) else { return };
        touch(frame.header_mut());
        if let Err(refused) = self.tx.send_one(frame) {
            let _ = self.pool.put(refused.value);
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
pub(crate) struct Exchanging(Exchange<Rx, Tx>);

impl Forward for Exchanging {
    const PATH: Path = Path::Exchange;

    fn new(rx: Rx, tx: Tx, mut pool: BufferPool) -> Self {
        Self(Exchange::new(rx, tx, &mut pool).expect("enough buffers"))
    }

    fn forward(&mut self, size: usize) {
        self.0.forward(size, |frame| {
            touch(frame.header_mut());
            true
        });
    }
}

/// In place.
pub(crate) struct StayingInPlace(InPlace<Rx, Tx>);

impl Forward for StayingInPlace {
    const PATH: Path = Path::InPlace;

    fn new(rx: Rx, tx: Tx, mut pool: BufferPool) -> Self {
        Self(InPlace::new(rx, tx, &mut pool).expect("enough buffers"))
    }

    fn forward(&mut self, size: usize) {
        self.0.forward(size, |frame| {
            touch(frame.header_mut());
            true
        });
    }
}
