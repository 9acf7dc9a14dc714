//! A queue pair whose frames go through the virtual switch before they reach the wire.

use core::borrow::BorrowMut;

use heapless::Deque;
use smoltcp::phy::{Device, DeviceCapabilities};
use smoltcp::time::Instant;
use vmdq_core::switch::{InterfaceId, TagAction};
use vmdq_hal::ring::{BufferPool, Frame};

use crate::device::{Parts, QueueDevice};
use crate::inbox::Inbox;
use crate::kept::receive_any;
use crate::rings::Rings;
use crate::token::{Outgoing, RxToken, TxToken, put_home};

/// A queue pair of a virtual machine, which an interface of the virtual switch stands for.
///
/// Between the stack and the rings there is an inbox and an outbox, of `INBOX` and `OUTBOX` frames.
/// [`relay_sent`](crate::relay_sent) asks the switch where each frame of the outbox goes: to the wire through the
/// machine's own transmit ring, into the inboxes of other machines, or both. The controllers of the first
/// generation bring no frame back that one queue sends to another's address.
/// [`relay_received`](crate::relay_received) brings what has arrived in the ring into the inbox, with the tag that
/// the machine's VLANs ask for; machines with VLANs need a port that removes tags
/// ([`Config::strip_tags`](vmdq_hal::Config::strip_tags)), since the tags of matched frames are known from their
/// descriptors alone.
///
/// A full outbox yields no token, as a full ring does.
#[must_use = "dropping it loses buffers: take it apart"]
pub struct SwitchedDevice<Q, B, const INBOX: usize = 8, const OUTBOX: usize = 8> {
    device: QueueDevice<Q, B, INBOX>,
    outbox: Deque<Frame, OUTBOX>,
    id: InterfaceId,
    uplink: InterfaceId,
}

impl<Q: Rings, B: BorrowMut<BufferPool>, const INBOX: usize, const OUTBOX: usize>
    SwitchedDevice<Q, B, INBOX, OUTBOX>
{
    /// Makes the device of a virtual interface `id`, the transmit ring of which leads to `uplink`.
    pub const fn new(device: QueueDevice<Q, B, INBOX>, id: InterfaceId, uplink: InterfaceId) -> Self {
        const { assert!(OUTBOX > 0, "an outbox has room for one frame at least") };
        Self { device, outbox: Deque::new(), id, uplink }
    }

    /// Returns the interface of the switch.
    #[must_use]
    pub const fn id(&self) -> InterfaceId {
        self.id
    }

    /// Returns the physical interface to which the transmit ring leads.
    #[must_use]
    pub const fn uplink(&self) -> InterfaceId {
        self.uplink
    }

    /// Returns the queue pair.
    pub const fn device(&self) -> &QueueDevice<Q, B, INBOX> {
        &self.device
    }

    /// Returns the queue pair for use: what is sent with it goes past the switch.
    pub const fn device_mut(&mut self) -> &mut QueueDevice<Q, B, INBOX> {
        &mut self.device
    }

    /// Returns how many frames wait for the switch.
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.outbox.len()
    }

    /// Drops the frames that wait for the switch, and gives the queue pair back.
    pub fn into_device(mut self) -> QueueDevice<Q, B, INBOX> {
        let pool = self.device.parts().pool;
        while let Some(frame) = self.outbox.pop_front() {
            put_home(pool, frame);
        }
        self.device
    }

    /// Takes the next frame for the switch, if the transmit ring has room for it.
    pub(crate) fn next_sent(&mut self) -> Option<Frame> {
        let Parts { tx, pool, kept, .. } = self.device.parts();
        let way_out = kept.provide_spare(tx, pool) && tx.has_room();
        if way_out { self.outbox.pop_front() } else { None }
    }

    /// Takes a frame out of the receive ring, if the inbox has room for it.
    pub(crate) fn next_received(&mut self) -> Option<Frame> {
        let Parts { rx, pool, kept, .. } = self.device.parts();
        if kept.inbox.is_full() { None } else { receive_any(rx, pool) }
    }

    /// Puts a frame into the inbox, for which there is room, with the tag that the switch wants.
    pub(crate) fn keep(&mut self, tag: TagAction, mut frame: Frame) {
        let Parts { pool, kept, mtu, .. } = self.device.parts();
        let (len, capacity) = (frame.len(), frame.capacity());
        let tagged = frame.set_len(capacity).is_ok()
            && tag.apply(frame.bytes_mut(), len).is_ok_and(|len| len <= mtu && frame.set_len(len).is_ok());
        if tagged {
            kept.keep(pool, frame);
        } else {
            kept.counters.received_dropped += 1;
            put_home(pool, frame);
        }
    }

    /// Puts a frame back that the switch has seen.
    pub(crate) fn put_back(&mut self, frame: Frame) {
        put_home(self.device.parts().pool, frame);
    }

    /// Takes a copy of a frame with the tag that the switch wants.
    pub(crate) fn take_copy(&mut self, tag: TagAction, bytes: &[u8]) {
        let Parts { tx, pool, kept, mtu, .. } = self.device.parts();
        kept.offer(tx, pool, |copy| copy_tagged(tag, bytes, copy) && copy.len() <= mtu);
    }

    /// Sends a copy of a frame to the wire with the tag that the switch wants.
    pub(crate) fn send_copy(&mut self, tag: TagAction, bytes: &[u8]) {
        let Parts { tx, pool, kept, .. } = self.device.parts();
        kept.provide_spare(tx, pool);
        let unsent = kept.spare.take().and_then(|mut copy| {
            if copy_tagged(tag, bytes, &mut copy) { tx.put(copy).err() } else { Some(copy) }
        });
        if unsent.is_some() {
            kept.counters.sent_dropped += 1;
            kept.spare = unsent;
        }
    }

    /// Sends a frame itself to the wire, and leaves an empty one in its place.
    pub(crate) fn send_itself(&mut self, frame: &mut Frame) {
        let Parts { tx, pool, kept, .. } = self.device.parts();
        kept.provide_spare(tx, pool);
        let unsent = kept.spare.take().and_then(|spare| tx.put(core::mem::replace(frame, spare)).err());
        if unsent.is_some() {
            kept.counters.sent_dropped += 1;
            kept.spare = unsent;
        }
    }
}

/// Makes a copy of a frame with another tag; tells whether that was possible.
fn copy_tagged(tag: TagAction, bytes: &[u8], copy: &mut Frame) -> bool {
    let capacity = copy.capacity();
    copy.set_len(capacity).is_ok()
        && tag.copy(bytes, copy.bytes_mut()).is_ok_and(|len| copy.set_len(len).is_ok())
}

impl<Q: Rings, B: BorrowMut<BufferPool>, const INBOX: usize, const OUTBOX: usize> Inbox
    for SwitchedDevice<Q, B, INBOX, OUTBOX>
{
    fn offer(&mut self, frame: &[u8]) -> bool {
        self.device.offer(frame)
    }
}

impl<Q: Rings, B: BorrowMut<BufferPool>, const INBOX: usize, const OUTBOX: usize> Device
    for SwitchedDevice<Q, B, INBOX, OUTBOX>
{
    type RxToken<'d>
        = RxToken<'d>
    where
        Self: 'd;
    type TxToken<'d>
        = TxToken<'d, Deque<Frame, OUTBOX>>
    where
        Self: 'd;

    fn receive(&mut self, _: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let Parts { tx, pool, kept, mtu, .. } = self.device.parts();
        kept.provide_spare(tx, pool);
        let ready = kept.has_way_out(&self.outbox) && kept.hold_next(|_| None);
        ready.then(|| kept.pair(pool, &mut self.outbox, mtu))
    }

    fn transmit(&mut self, _: Instant) -> Option<Self::TxToken<'_>> {
        let Parts { tx, pool, kept, mtu, .. } = self.device.parts();
        kept.provide_spare(tx, pool);
        kept.has_way_out(&self.outbox).then(|| kept.single(&mut self.outbox, mtu))
    }

    /// Returns what the queue pair's are; the longest burst also fits the inbox, since other machines' frames
    /// come through it.
    fn capabilities(&self) -> DeviceCapabilities {
        let mut all = self.device.capabilities();
        all.max_burst_size = all.max_burst_size.map(|most| most.min(INBOX));
        all
    }
}
