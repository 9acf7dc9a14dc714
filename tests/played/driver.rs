//! The driver's side: rings, joined or not, pools of three sizes, and frames in hand.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use vmdq::ring::{BufferPool, BufferSize, Burst, Exchange, ForwardedFrame, Frame, InPlace, RxRing, TxRing};
use vmdq::{Pool, Refused, Running, Started};
use vmdq_sim::{Sim, Testbed};

use crate::common::{Concrete, Forward, Plan, Setup, SimMachine, buffers, ready, tails};
use crate::device::{Device, RING, Withheld, ring};

/// One call; numbers are pools, or how many at most.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Receive(usize),
    ReceiveReplacing(usize, usize),
    ReceiveOne(usize),
    Refill(usize),
    PostOne,
    Send(usize),
    SendOne,
    Reclaim(usize),
    /// Takes a number of frames back.
    ReclaimInto(usize),
    Put(usize, usize),
    /// A frame of a length in bytes.
    Take(usize, usize),
    Exchange(usize),
    InPlace(usize),
    /// Which of the frames go out, by bits.
    Forward(usize, u16),
    /// Makes the frame after a number of frames end in a panic.
    ForwardUpToPanic(usize),
    Split(usize),
}

type Machine = SimMachine<Withheld>;
type Rx = RxRing<Machine>;
type Tx = TxRing<Machine>;

enum Rings {
    Split(Rx, Tx),
    Exchange(Exchange<Rx, Tx>),
    InPlace(InPlace<Rx, Tx>),
}

pub(crate) struct Driver<M: Concrete> {
    setup: Setup<M, Machine, Sim>,
    rings: Option<Rings>,
    steering: Pool<M, Machine, Running>,
    pools: [BufferPool; 3],
    hand: Vec<Frame>,
    /// Where all buffers are.
    all: BTreeSet<usize>,
}

/// A payload that no assertion throws.
struct Thrown;

fn at(frame: &Frame) -> usize {
    frame.header().as_ptr().addr()
}

impl<M: Concrete> Driver<M> {
    pub(crate) fn start(bed: Sim) -> (Self, Device) {
        let bus = Withheld::new(bed.bus());
        let port = ready::<M, _>(bed.platform_over(bus.clone()), &Plan::default().config);
        let mut setup = Setup::<M, _, _>::stopped(bed, port, Plan::default());
        let pool = setup.idle.remove(1);
        let (rx_tail, tx_tail) = tails::<M>(1);
        bus.withhold(rx_tail, tx_tail);
        let ((rx, rx_at), (tx, tx_at)) = (ring(&setup.bed), ring(&setup.bed));
        let size = BufferSize::kib(2).expect("a size");
        let Started { rx, tx, pool: steering } = setup.port.start(pool, rx, tx, size).expect("it starts");
        // Enough to fill both rings, and fewer than that of another size; some are too small to post.
        let mut pools = [(20, 2), (14, 4), (3, 1)].map(|(count, kib)| {
            // Their frames mix: no pool is given back.
            setup.keeping(|setup| buffers(&setup.bed, count, BufferSize::kib(kib).expect("a size")).0)
        });
        let mut all = BTreeSet::new();
        for pool in &mut pools {
            let frames: Vec<_> = std::iter::from_fn(|| pool.take()).collect();
            all.extend(frames.iter().map(at));
            frames.into_iter().for_each(|frame| pool.put(frame).expect("it came from there"));
        }
        assert_eq!(all.len(), 37);
        let rings = Some(Rings::Split(rx, tx));
        (Self { setup, rings, steering, pools, hand: Vec::new(), all }, Device::new(bus, rx_at, tx_at))
    }

    /// Puts frames in hand where they fit.
    fn give(&mut self, frames: impl IntoIterator<Item = Frame>) {
        self.hand.extend(frames);
    }

    pub(crate) fn call(&mut self, call: Call) {
        self.rings = Some(match self.rings.take().expect("there are rings") {
            Rings::Split(rx, tx) => self.split(rx, tx, call),
            Rings::Exchange(joined) => self.joined(joined, call, Rings::Exchange),
            Rings::InPlace(joined) => self.joined(joined, call, Rings::InPlace),
        });
        match call {
            Call::Put(count, pool) => {
                for _ in 0..count {
                    let Some(frame) = self.hand.pop() else { break };
                    if let Err(frame) = self.pools[pool].put(frame) {
                        self.hand.insert(0, frame);
                    }
                }
            }
            Call::Take(len, pool) => {
                let mut frame = self.pools[pool].take();
                if let Some(frame) = &mut frame {
                    assert!(frame.is_empty());
                    assert_eq!(frame.set_len(len).is_ok(), len <= frame.capacity());
                }
                self.give(frame);
            }
            _ => {}
        }
    }

    fn split(&mut self, mut rx: Rx, mut tx: Tx, call: Call) -> Rings {
        let mut burst = Burst::<16>::new();
        match call {
            Call::Receive(most) => assert!(rx.receive_most(&mut burst, most) <= most),
            Call::ReceiveReplacing(most, pool) => {
                assert!(rx.receive_replacing(&mut burst, most, &mut self.pools[pool]) <= most);
            }
            Call::ReceiveOne(pool) => {
                let frame = rx.receive_one(&mut self.pools[pool]);
                frame.into_iter().for_each(|frame| burst.push(frame).expect("room for one"));
            }
            Call::Refill(pool) => {
                let before = rx.posted();
                assert_eq!(rx.refill(&mut self.pools[pool]), rx.posted() - before);
            }
            Call::PostOne => {
                if let Some(frame) = self.hand.pop() {
                    let posted = rx.post_one(frame);
                    self.give(posted.err());
                }
            }
            Call::Send(most) => {
                let most = most.min(self.hand.len());
                assert_eq!(burst.fill_from(&mut self.hand.drain(..most)), most);
                let before = tx.pending();
                let sent = match tx.send(&mut burst) {
                    Ok(sent) => sent,
                    Err(vmdq::ring::SendError::Length { sent, .. }) => usize::from(sent),
                    Err(error) => panic!("{error}"),
                };
                assert_eq!((tx.pending() - before, most - burst.len()), (sent, sent));
                self.give(burst.drain(..));
            }
            Call::SendOne => {
                if let Some(frame) = self.hand.pop() {
                    let full = tx.room() == 0;
                    let sent = tx.send_one(frame);
                    assert!(!full || sent.is_err());
                    self.give(sent.err().map(Refused::into_value));
                }
            }
            Call::Reclaim(pool) => {
                let before = tx.pending();
                assert_eq!(tx.reclaim(&mut self.pools[pool]), before - tx.pending());
            }
            Call::ReclaimInto(most) => {
                let mut taken = Vec::new();
                let count = tx.reclaim_into(|frame| {
                    if taken.len() == most {
                        return Err(frame);
                    }
                    taken.push(frame);
                    Ok(())
                });
                assert_eq!(count, taken.len());
                self.give(taken);
            }
            Call::Exchange(pool) => {
                return match Exchange::new(rx, tx, &mut self.pools[pool]) {
                    Ok(joined) => Rings::Exchange(joined),
                    Err(Refused { value: (rx, tx), .. }) => Rings::Split(rx, tx),
                };
            }
            Call::InPlace(pool) => {
                return match InPlace::new(rx, tx, &mut self.pools[pool]) {
                    Ok(joined) => Rings::InPlace(joined),
                    Err(Refused { value: (rx, tx), .. }) => Rings::Split(rx, tx),
                };
            }
            _ => {}
        }
        burst.iter().for_each(seen);
        self.give(burst.drain(..));
        Rings::Split(rx, tx)
    }

    fn joined<F>(&mut self, mut joined: F, call: Call, whole: fn(F) -> Rings) -> Rings
    where
        F: Forward<P = Machine>,
    {
        match call {
            Call::Forward(most, passes) => {
                let mut looks = 0;
                let sent = joined.forward(most, &mut |frame: &mut ForwardedFrame<'_>| {
                    seen(frame);
                    looks += 1;
                    passes >> (looks % 16) & 1 != 0
                });
                assert!(sent <= most && sent <= looks);
            }
            Call::ForwardUpToPanic(before) => {
                let mut left = before;
                let forward = AssertUnwindSafe(|| {
                    joined.forward(16, &mut |_: &mut ForwardedFrame<'_>| {
                        if left == 0 {
                            resume_unwind(Box::new(Thrown));
                        }
                        left -= 1;
                        true
                    })
                });
                if let Err(thrown) = catch_unwind(forward)
                    && !thrown.is::<Thrown>()
                {
                    resume_unwind(thrown);
                }
            }
            Call::Split(pool) => {
                return match joined.split(&mut self.pools[pool]) {
                    Ok((rx, tx)) => Rings::Split(rx, tx),
                    Err(refused) => whole(refused.into_value()),
                };
            }
            _ => {}
        }
        whole(joined)
    }

    /// Each buffer is somewhere.
    pub(crate) fn check(&self) {
        let in_rings = match self.rings.as_ref().expect("there are rings") {
            Rings::Split(rx, tx) => {
                assert!(rx.posted() + rx.missing() == RING as usize - 1);
                rx.posted() + tx.pending()
            }
            Rings::Exchange(joined) => joined.rx().posted() + joined.kept(),
            Rings::InPlace(joined) => joined.rx().posted() + joined.kept(),
        };
        let in_pools: usize = self.pools.iter().map(BufferPool::len).sum();
        assert_eq!(in_rings + in_pools + self.hand.len(), self.all.len());
        let in_hand: BTreeSet<_> = self.hand.iter().map(at).collect();
        assert_eq!(in_hand.len(), self.hand.len(), "a buffer is in hand twice");
    }

    /// Stops the queue and sees that all buffers are there.
    pub(crate) fn finish(mut self) {
        let size = BufferSize::kib(1).expect("a size");
        let (mut room, _) = self.setup.keeping(|setup| buffers(&setup.bed, 32, size));
        let spare: Vec<_> = std::iter::from_fn(|| room.take()).collect();
        let (rx, tx) = match self.rings.take().expect("there are rings") {
            Rings::Split(rx, tx) => (rx, tx),
            Rings::Exchange(joined) => joined.split(&mut room).expect("room"),
            Rings::InPlace(joined) => joined.split(&mut room).expect("room"),
        };
        let Self { mut setup, steering, mut pools, mut hand, all, .. } = self;
        let stopped = Started { rx, tx, pool: steering }.stop(&setup.table, |frame| hand.push(frame));
        setup.idle.insert(1, stopped.expect("the pool stops").pool);
        for pool in pools.iter_mut().chain([&mut room]) {
            hand.extend(std::iter::from_fn(|| pool.take()));
        }
        let found: BTreeSet<_> = hand.iter().map(at).collect();
        assert_eq!(found.len(), hand.len(), "a buffer is in two places");
        assert_eq!(found, all);
        drop(spare);
        setup.finish();
    }
}

/// A frame as it may be seen.
fn seen(frame: &Frame) {
    assert!((14..=1518).contains(&frame.len()) && frame.len() <= frame.capacity(), "{frame:?}");
    assert_eq!(frame.bytes().len(), frame.len());
}
