//! The HALs of this project, through their public API.

use std::ptr::NonNull;

use embedded_hal::delay::DelayNs;
use vmdq_core::bus::Mmio;
use vmdq_core::dma::Identity;
use vmdq_core::ring::{BufferMemory, BufferPool, Burst, RingMemory, RxRing, TxRing};
use vmdq_core::{Config, Controller, Port, Reset, Resources, Running};

use crate::nic::{Layout0, Nic, pages};
use crate::subject::{Path, Subject, touch};

const RING: usize = 512;
const BUFFERS: usize = 1024;
/// Frames under way from which on buffers are taken back: half of the ring.
const RECLAIM_AT: usize = RING / 2;

/// Waits in which the device answers.
struct Answering(NonNull<u8>);

impl DelayNs for Answering {
    fn delay_ns(&mut self, _: u32) {
        // SAFETY: made from a device's register file below.
        unsafe { Nic::answer(self.0) };
    }
}

fn place<T>(value: T) -> &'static mut T {
    let at = pages(size_of::<T>()).cast::<T>();
    // SAFETY: fresh memory of the size, in whole pages, never freed.
    unsafe {
        at.write(value);
        &mut *at.as_ptr()
    }
}

/// Starts queue 0 of a controller of model `C`.
pub(crate) fn subject<C: Controller>(layout: Layout0) -> Subject {
    let nic = Nic::new(layout);
    let mut delay = Answering(nic.registers());
    // SAFETY: the device's register file is as large as the window and is never freed.
    let bus = unsafe { Mmio::new(nic.registers().cast()) };
    // SAFETY: the device in memory keeps to what it is given.
    let port = unsafe { Port::<C, _, Reset>::new(bus) };
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
    let mut forwarder = Forwarder { rx, tx, pool, burst: Burst::new() };
    forwarder.rx.refill(&mut forwarder.pool);
    let burst = Box::new(move |size| if size == 1 { forwarder.one() } else { forwarder.burst(size) });
    Subject { name: "hal", device: C::NAME, path: Path::Burst, nic, burst }
}

struct Forwarder<C> {
    rx: RxRing<C, Mmio, Identity>,
    tx: TxRing<C, Mmio, Identity>,
    pool: BufferPool,
    burst: Burst<64>,
}

impl<C: Controller> Forwarder<C> {
    /// Whoever works on one frame at a time needs no burst.
    #[inline(never)]
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
