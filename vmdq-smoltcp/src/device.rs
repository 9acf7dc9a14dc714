//! One queue pair as a device of smoltcp.

use core::borrow::BorrowMut;

use smoltcp::phy::{ChecksumCapabilities, Device, DeviceCapabilities, Medium};
use smoltcp::time::Instant;
use vmdq_hal::ring::{BufferPool, RxRing, TxRing};
use vmdq_hal::{Gone, Refused};

use crate::error::{DeviceCounters, NewDeviceError};
use crate::kept::Kept;
use crate::rings::Rings;
use crate::token::{RxToken, TxToken};

/// The queue pair of one virtual machine as a [`Device`] of smoltcp.
///
/// `Q` has the rings ([`Rings`]) and `B` the buffers: a [`BufferPool`] or a `&mut BufferPool`, of this queue
/// alone, so that no machine uses up another's buffers. It needs one more than the receive ring and the inbox
/// take; as many as both rings take are enough for any load. `INBOX` is how many copies of frames from elsewhere
/// wait at most ([`fan_out`](Self::fan_out), [`Inbox`](crate::Inbox)).
///
/// Sent buffers come back, and received ones are posted again, without the user's doing. A full transmit ring
/// or an empty pool yields no token: the stack tries again, frames wait in the receive ring meanwhile, and
/// nothing is lost.
///
/// It keeps a few frames between calls: [`into_parts`](Self::into_parts) puts them back into the pool.
/// Dropping the device loses their buffers.
#[must_use = "dropping it loses buffers: take it apart"]
pub struct QueueDevice<Q, B, const INBOX: usize = 8> {
    rings: Q,
    buffers: B,
    kept: Kept<INBOX>,
    mtu: usize,
}

impl<Q: Rings, B: BorrowMut<BufferPool>, const INBOX: usize> QueueDevice<Q, B, INBOX> {
    /// Makes a device of the rings of a started pool, and the buffers with which it was started.
    ///
    /// # Errors
    ///
    /// [`NewDeviceError`] and both, if they don't belong together.
    pub fn new(rings: Q, mut buffers: B) -> Result<Self, Refused<NewDeviceError, (Q, B)>> {
        const { assert!(INBOX > 0, "an inbox has room for one frame at least") };
        let (rx, tx) = (rings.rx(), rings.tx());
        let pool = buffers.borrow_mut();
        let spare = if rx.pool() != tx.pool() {
            Err(NewDeviceError::OtherPool)
        } else if rx.size() != pool.size() {
            Err(NewDeviceError::OtherSize { ring: rx.size() })
        } else {
            pool.take().ok_or(NewDeviceError::NoBuffers)
        };
        match spare {
            Ok(spare) => {
                // The pool was started, so that each frame within the limit fits a buffer.
                let mtu = usize::from(rx.limit().untagged());
                Ok(Self { rings, buffers, kept: Kept::new(spare), mtu })
            }
            Err(error) => Err(Refused::new(error, (rings, buffers))),
        }
    }

    /// Returns what the device did, and what it had to drop.
    ///
    /// What the receive ring dropped by itself is in [`RxRing::counters`].
    #[must_use]
    pub const fn counters(&self) -> DeviceCounters {
        DeviceCounters { received: self.kept.received, ..self.kept.counters }
    }

    /// Returns what has the rings.
    #[must_use]
    pub const fn rings(&self) -> &Q {
        &self.rings
    }

    /// Returns the longest frame in bytes, with its Ethernet header and without FCS.
    #[must_use]
    pub const fn mtu(&self) -> usize {
        self.mtu
    }

    /// Tells whether a frame waits to be read, without a register read; it may turn out to be one that is dropped.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.kept.held.is_some() || !self.kept.inbox.is_empty() || self.rings.rx().is_ready()
    }

    /// Checks whether the controller is still there, by one register read.
    ///
    /// Use it for a device on which nothing has moved for longer than expected, or that has
    /// [`stalled`](DeviceCounters::stalled).
    ///
    /// # Errors
    ///
    /// [`Gone`] if it is not: drop the port.
    pub fn check(&self) -> Result<(), Gone> {
        self.rings.rx().check()
    }

    /// Drops the frames that wait in the inbox; returns how many.
    ///
    /// For a default queue without a stack of its own, after [`fan_out`](Self::fan_out).
    pub fn discard(&mut self) -> usize {
        let (pool, mut count) = (self.buffers.borrow_mut(), 0);
        while let Some(frame) = self.kept.inbox.pop_front() {
            crate::token::put_home(pool, frame);
            count += 1;
        }
        count
    }

    /// Puts the kept frames back into the pool, and gives back what the device was made of.
    pub fn into_parts(mut self) -> (Q, B) {
        self.kept.release(self.buffers.borrow_mut());
        (self.rings, self.buffers)
    }

    /// Returns the rings, the pool and the kept frames for use.
    #[inline]
    pub(crate) fn parts(&mut self) -> Parts<'_, Q, INBOX> {
        let (rx, tx) = self.rings.both();
        Parts { rx, tx, pool: self.buffers.borrow_mut(), kept: &mut self.kept, mtu: self.mtu }
    }
}

/// What a device consists of.
pub(crate) struct Parts<'d, Q: Rings, const INBOX: usize> {
    pub(crate) rx: &'d mut RxRing<Q::Platform>,
    pub(crate) tx: &'d mut TxRing<Q::Platform>,
    pub(crate) pool: &'d mut BufferPool,
    pub(crate) kept: &'d mut Kept<INBOX>,
    pub(crate) mtu: usize,
}

impl<Q: Rings, B: BorrowMut<BufferPool>, const INBOX: usize> Device for QueueDevice<Q, B, INBOX> {
    type RxToken<'d>
        = RxToken<'d>
    where
        Self: 'd;
    type TxToken<'d>
        = TxToken<'d, TxRing<Q::Platform>>
    where
        Self: 'd;

    #[inline]
    fn receive(&mut self, _: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let Parts { rx, tx, pool, kept, mtu } = self.parts();
        kept.provide_spare(tx, pool);
        // First the way out: without one the frame stays where it is.
        let ready = kept.has_way_out(tx) && kept.hold_next(|kept| kept.receive(rx, pool));
        ready.then(|| kept.pair(pool, tx, mtu))
    }

    #[inline]
    fn transmit(&mut self, _: Instant) -> Option<Self::TxToken<'_>> {
        let Parts { tx, pool, kept, mtu, .. } = self.parts();
        kept.provide_spare(tx, pool);
        kept.has_way_out(tx).then(|| kept.single(tx, mtu))
    }

    /// Returns the MTU of the port's configuration, the rings' length as the longest burst, and that the
    /// stack makes and checks all checksums: the rings use no offload of the controller.
    fn capabilities(&self) -> DeviceCapabilities {
        let (rx, tx) = (self.rings.rx(), self.rings.tx());
        let mut all = DeviceCapabilities::default();
        all.medium = Medium::Ethernet;
        all.max_transmission_unit = self.mtu;
        all.max_burst_size = Some((rx.posted() + rx.missing()).min(tx.pending() + tx.room()));
        // By default the stack makes and checks every one.
        all.checksum = ChecksumCapabilities::default();
        all
    }
}
