//! One frame at a time, as a TCP/IP stack works: an answer is written into a buffer of its own. By the bare rings,
//! and through the tokens of `vmdq-smoltcp`; what the stack itself costs is left out.

use vmdq_bench::Layout0;
use vmdq_hal::device::Model;
use vmdq_hal::ring::BufferPool;
use vmdq_smoltcp::QueueDevice;
use vmdq_smoltcp::smoltcp::phy::{Device, RxToken, TxToken};
use vmdq_smoltcp::smoltcp::time::Instant;

use crate::start::{RECLAIM_AT, Rx, Tx, start};
use crate::subject::{Path, Subject, touch};

/// A way to answer.
pub(crate) trait Answer: 'static {
    const NAME: &'static str;

    /// Takes over the rings of a pool that was just started.
    fn new(rx: Rx, tx: Tx, pool: BufferPool) -> Self;

    /// Answers one frame, if there is one.
    fn one(&mut self);
}

/// Starts pool 0 of a controller of model `M`, and answers in a way `A`.
pub(crate) fn subject<M: Model + Default, A: Answer>(layout: Layout0) -> Subject {
    let (nic, mut rx, tx, mut buffers) = start::<M>(layout);
    rx.refill(&mut buffers);
    let mut answering = A::new(rx, tx, buffers);
    let burst = Box::new(move |size| (0..size).for_each(|_| answering.one()));
    Subject { name: A::NAME, device: M::default().limits().name, path: Path::Answer, nic, burst }
}

/// By the bare rings.
pub(crate) struct Rings {
    rx: Rx,
    tx: Tx,
    pool: BufferPool,
}

impl Answer for Rings {
    const NAME: &'static str = "rings";

    fn new(rx: Rx, tx: Tx, pool: BufferPool) -> Self {
        Self { rx, tx, pool }
    }

    #[inline(never)]
    fn one(&mut self) {
        if self.tx.pending() >= RECLAIM_AT {
            self.tx.reclaim(&mut self.pool);
        }
        let Some(asked) = self.rx.receive_one(&mut self.pool) else { return };
        if let Some(mut answer) = self.pool.take() {
            let sent = match answer.fill(asked.bytes()) {
                Ok(()) => {
                    touch(answer.header_mut());
                    self.tx.send_one(answer).map_err(|refused| refused.value)
                }
                Err(_) => Err(answer),
            };
            if let Err(unsent) = sent {
                let _ = self.pool.put(unsent);
            }
        }
        let _ = self.pool.put(asked);
    }
}

/// Through the tokens of `vmdq-smoltcp`.
pub(crate) struct Smoltcp(QueueDevice<(Rx, Tx), BufferPool>);

impl Answer for Smoltcp {
    const NAME: &'static str = "smoltcp";

    fn new(rx: Rx, tx: Tx, pool: BufferPool) -> Self {
        Self(QueueDevice::new((rx, tx), pool).expect("rings and buffers belong together"))
    }

    #[inline(never)]
    fn one(&mut self) {
        let Some((rx, tx)) = self.0.receive(Instant::ZERO) else { return };
        rx.consume(|asked| {
            tx.consume(asked.len(), |answer| {
                answer.copy_from_slice(asked);
                touch(answer);
            });
        });
    }
}
