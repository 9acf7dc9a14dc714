//! The task of a virtual machine: it answers what is asked, over a queue pair of its own.
//!
//! The tasks are cooperative: each does what there is to do and returns.

use vmdq::MacAddress;
use vmdq::ring::{BufferPool, Burst, RingSpace};
use vmdq::{FilterTable, Idle, Pool, Port, Quiesced, Running, Started, Stopped, Vmdq};

use crate::frame::{self, Order, Received};
use crate::nic::{Machine, Model};
use crate::report::{Stop, because};

/// Most frames of a turn: the other machines wait for theirs.
const BURST: usize = 16;

/// A queue pair that runs.
type QueuePair = Started<Model, Machine>;

/// A virtual machine, or what runs beside them on the default queue.
pub struct VirtualMachine {
    /// Its address.
    pub address: MacAddress,
    /// Its queue pair, while that runs.
    queues: Option<QueuePair>,
    /// The memory of both rings, while that does not.
    rings: Option<(RingSpace, RingSpace)>,
    /// Whether it may have something to do, where that is told by interrupts.
    pub awake: bool,
    /// Frames that it got.
    pub received: u32,
    /// Of these, broadcast frames.
    pub broadcast: u32,
    /// Answers for which the ring had no room.
    pub dropped: u32,
    /// The last order that it got.
    pub order: Option<Order>,
}

impl VirtualMachine {
    /// Makes a machine that has nothing yet.
    pub const fn new() -> Self {
        Self {
            address: MacAddress([0; 6]),
            queues: None,
            rings: None,
            awake: true,
            received: 0,
            broadcast: 0,
            dropped: 0,
            order: None,
        }
    }

    /// Gives it memory for its rings.
    pub fn give(&mut self, rx: impl Into<RingSpace>, tx: impl Into<RingSpace>) {
        self.rings = Some((rx.into(), tx.into()));
    }

    /// Starts its queues: a receive ring full of buffers, and a transmit ring.
    pub fn start(
        &mut self,
        port: &Port<Model, Machine, Vmdq>,
        pool: Pool<Model, Machine, Idle>,
        buffers: &mut BufferPool,
    ) -> Result<(), Stop> {
        let (rx, tx) = self.rings.take().ok_or(Stop("the queues run already"))?;
        let queues = port.start_with(pool, rx, tx, buffers);
        self.queues = Some(queues.map_err(because("the queues can't be started"))?);
        self.awake = true;
        Ok(())
    }

    /// Stops its queues, to which no filter may lead; returns the pool.
    pub fn stop(
        &mut self,
        table: &FilterTable<Model, Machine>,
        buffers: &mut BufferPool,
    ) -> Result<Pool<Model, Machine, Idle>, Stop> {
        // What the ring has is served first; not what arrives for ever.
        let most = self.queues.as_ref().map_or(0, |queues| queues.rx.posted());
        for _ in 0..most {
            if self.turn(buffers) == 0 {
                break;
            }
        }
        let stopped = self.take()?.stop(table, |frame| drop(buffers.put(frame)));
        Ok(self.keep(stopped.map_err(because("the queues can't be stopped"))?))
    }

    /// Gets the memory of its queues back from a controller that is quiesced; returns the pool.
    pub fn recover(
        &mut self,
        port: &Port<Model, Machine, Quiesced>,
        buffers: &mut BufferPool,
    ) -> Result<Pool<Model, Machine, Idle>, Stop> {
        let stopped = self.take()?.recover(port, |frame| drop(buffers.put(frame)));
        Ok(self.keep(stopped.map_err(because("the queues can't be recovered"))?))
    }

    fn take(&mut self) -> Result<QueuePair, Stop> {
        self.queues.take().ok_or(Stop("the queues don't run"))
    }

    fn keep(&mut self, stopped: Stopped<Model, Machine>) -> Pool<Model, Machine, Idle> {
        self.rings = Some((stopped.rx, stopped.tx));
        stopped.pool
    }

    /// Returns the pool that filters lead to.
    pub fn pool(&self) -> Result<&Pool<Model, Machine, Running>, Stop> {
        self.queues.as_ref().map(|queues| &queues.pool).ok_or(Stop("the queues don't run"))
    }

    /// Answers what has arrived; returns how many frames that were.
    #[inline(never)]
    pub fn turn(&mut self, buffers: &mut BufferPool) -> usize {
        let Some(Started { rx, tx, pool, .. }) = &mut self.queues else { return 0 };
        let (mut burst, mut answers) = (Burst::<BURST>::new(), Burst::<BURST>::new());
        let received = rx.receive_replacing(&mut burst, BURST, buffers);
        for mut frame in burst.drain(..) {
            self.received += 1;
            self.broadcast += u32::from(frame.header().starts_with(&MacAddress::BROADCAST.0));
            let rest = match frame::answer(&mut frame, self.address, pool.index().number()) {
                Received::Answered => answers.push(frame).err(),
                Received::Order(order) => {
                    self.order = Some(order);
                    Some(frame)
                }
                Received::Other => Some(frame),
            };
            // What is not answered goes back at once.
            if let Some(frame) = rest {
                let _ = buffers.put(frame);
            }
        }
        let _ = tx.send(&mut answers);
        // The ring was full: what it did not take is dropped, but no buffer is.
        self.dropped += buffers.put_all(&mut answers) as u32;
        tx.reclaim(buffers);
        received
    }

    /// Sends the answer to an order.
    pub fn tell(&mut self, order: Order, could: bool, buffers: &mut BufferPool) {
        let (Some(Started { tx, .. }), Some(mut frame)) = (&mut self.queues, buffers.take()) else { return };
        let _ = order.answer(&mut frame, self.address, could);
        if let Err(refused) = tx.send_one(frame) {
            let _ = buffers.put(refused.value);
        }
        tx.reclaim(buffers);
    }
}
