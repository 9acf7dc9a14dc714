//! VMDq goes off when every queue is stopped.

use embedded_hal::delay::DelayNs;
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82575;
use vmdq::ring::{BufferSize, RingSpace};
use vmdq::{Parts, Resources};

fn running(
    resources: Resources<I82575, Mmio>,
    rx: RingSpace,
    tx: RingSpace,
    size: BufferSize,
    dma: Identity,
    delay: &mut impl DelayNs,
) {
    let Resources { port, queues: [q0, q1, q2, q3], filters, table, vectors } = resources;
    let _running = q1.start(rx, tx, size, dma, delay);
    let _ = port.disable(Parts { queues: [q0, q1, q2, q3], filters, table, vectors }, delay);
}

fn main() {}
