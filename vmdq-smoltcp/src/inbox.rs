//! Copies of frames for devices: the fan-out of the default queue.

use core::borrow::BorrowMut;

use vmdq_core::MacAddress;
use vmdq_hal::ring::BufferPool;

use crate::device::{Parts, QueueDevice};
use crate::rings::Rings;

/// Something that takes copies of frames which came another way than through its own queue.
pub trait Inbox {
    /// Takes a copy of a frame; tells whether there was room.
    ///
    /// A copy for which there is none is dropped and counted
    /// ([`copies_dropped`](crate::DeviceCounters::copies_dropped)).
    fn offer(&mut self, frame: &[u8]) -> bool;
}

impl<Q: Rings, B: BorrowMut<BufferPool>, const INBOX: usize> Inbox for QueueDevice<Q, B, INBOX> {
    fn offer(&mut self, frame: &[u8]) -> bool {
        let Parts { tx, pool, kept, mtu, .. } = self.parts();
        kept.offer(tx, pool, |copy| frame.len() <= mtu && copy.fill(frame).is_ok())
    }
}

impl<Q: Rings, B: BorrowMut<BufferPool>, const INBOX: usize> QueueDevice<Q, B, INBOX> {
    /// Receives what waits in the ring, hands copies of broadcast and multicast frames to other devices, and
    /// keeps the frames for the device's own stack; returns how many were received.
    ///
    /// To be called on the device of the default queue, before the stacks are polled: broadcast and multicast
    /// reach that queue alone (paper section 2.1), and with them every ARP request. Frames for one address stay
    /// with this device; those for a machine come to its own queue through its filter.
    ///
    /// It ends when the inbox is full; other frames wait in the ring. A default queue without a stack of its own
    /// calls [`discard`](Self::discard) afterwards.
    ///
    /// The example polls each stack for a bounded number of frames: `Interface::poll` does not return while frames
    /// arrive faster than it processes them, and the other machines would wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use smoltcp::iface::{Interface, PollIngressSingleResult, SocketSet};
    /// use smoltcp::time::Instant;
    /// use vmdq_hal::device::Model;
    /// use vmdq_hal::ring::BufferPool;
    /// use vmdq_hal::{Platform, Started};
    /// use vmdq_smoltcp::QueueDevice;
    ///
    /// type Device<M, P> = QueueDevice<Started<M, P>, BufferPool>;
    ///
    /// /// Lets two machines work on what has arrived; to be called in a loop.
    /// fn poll<M: Model, P: Platform>(
    ///     now: Instant,
    ///     default: &mut Device<M, P>,
    ///     machines: &mut [Device<M, P>; 2],
    ///     stacks: &mut [(Interface, SocketSet<'_>); 2],
    /// ) {
    ///     let [red, blue] = machines;
    ///     default.fan_out(&mut [red, blue]);
    ///     default.discard();
    ///     for (machine, (interface, sockets)) in machines.iter_mut().zip(stacks) {
    ///         for _ in 0..64 {
    ///             if interface.poll_ingress_single(now, machine, sockets) == PollIngressSingleResult::None {
    ///                 break;
    ///             }
    ///         }
    ///         interface.poll_egress(now, machine, sockets);
    ///     }
    /// }
    /// ```
    pub fn fan_out(&mut self, others: &mut [&mut dyn Inbox]) -> usize {
        let Parts { rx, pool, kept, .. } = self.parts();
        let mut count = 0;
        while !kept.inbox.is_full() {
            let Some(frame) = kept.receive(rx, pool) else { break };
            let [a, b, c, d, e, f, ..] = *frame.header();
            if MacAddress([a, b, c, d, e, f]).is_group() {
                others.iter_mut().for_each(|other| {
                    other.offer(frame.bytes());
                });
            }
            kept.keep(pool, frame);
            count += 1;
        }
        count
    }
}
