//! The way of frames between machines: the switch decides, and copies go into inboxes and onto the wire.

use core::borrow::BorrowMut;
use core::slice;

use vmdq_core::group::Group;
use vmdq_core::relay::{Outlet, relay};
use vmdq_core::switch::{DropReason, InterfaceId, Origin, Switch, TagAction};
use vmdq_hal::ring::{BufferPool, Frame};

use crate::device::{Parts, QueueDevice};
use crate::kept::receive_any;
use crate::rings::Rings;
use crate::switched::SwitchedDevice;
use crate::token::put_home;

/// Relays what machines have sent: to the wire, to each other, or nowhere, as the switch says; returns how many
/// frames.
///
/// A frame stays in its outbox while its machine's transmit ring is full. A copy for which another machine's
/// inbox has no room is dropped and counted there, as a controller does with a queue that is full.
///
/// `now` is in milliseconds, of the clock that the switch is used with.
///
/// # Examples
///
/// ```
/// use vmdq_core::switch::{InterfaceId, Switch};
/// use vmdq_hal::ring::BufferPool;
/// use vmdq_hal::{Platform, Started, device::Model};
/// use vmdq_smoltcp::{QueueDevice, SwitchedDevice, relay_received, relay_sent};
///
/// /// Moves all frames that wait; to be called before and after the stacks are polled.
/// fn relay<M: Model, P: Platform>(
///     switch: &mut Switch<8, 64>,
///     uplink: InterfaceId,
///     default: &mut QueueDevice<Started<M, P>, BufferPool>,
///     machines: &mut [SwitchedDevice<Started<M, P>, BufferPool>],
///     now: u64,
/// ) {
///     relay_received(switch, uplink, default, machines, now);
///     relay_sent(switch, machines, now);
/// }
/// ```
pub fn relay_sent<Q, B, const IN: usize, const OUT: usize, const INTERFACES: usize, const ADDRESSES: usize>(
    switch: &mut Switch<INTERFACES, ADDRESSES>,
    machines: &mut [SwitchedDevice<Q, B, IN, OUT>],
    now: u64,
) -> usize
where
    Q: Rings,
    B: BorrowMut<BufferPool>,
{
    let mut count = 0;
    for sender in 0..machines.len() {
        // What was waiting before: a machine can't keep the others out.
        for _ in 0..OUT {
            let machine = &mut machines[sender];
            let from = Origin::Virtual(machine.id());
            let Some(mut frame) = machine.next_sent() else { break };
            let mut outlets = Outlets { machines, sender: Some(sender) };
            relay(switch, from, slice::from_mut(&mut frame), now, &mut outlets);
            machines[sender].put_back(frame);
            count += 1;
        }
    }
    count
}

/// Relays what has arrived from the wire into the inboxes of machines; returns how many frames.
///
/// Frames in a machine's own ring were matched by its filter, and wait there while its inbox is full. Frames of
/// the default queue go where the switch says: broadcast and multicast to all who carry the VLAN, and frames for
/// a machine without a filter of its own to it. A copy for which an inbox has no room is dropped and counted.
///
/// It takes a ring's length of each queue at most, however fast frames arrive.
///
/// `uplink` is the interface that stands for the port, `default` the device of its default queue.
pub fn relay_received<
    Q,
    B,
    const IN: usize,
    const OUT: usize,
    const INTERFACES: usize,
    const ADDRESSES: usize,
>(
    switch: &mut Switch<INTERFACES, ADDRESSES>,
    uplink: InterfaceId,
    default: &mut QueueDevice<Q, B, IN>,
    machines: &mut [SwitchedDevice<Q, B, IN, OUT>],
    now: u64,
) -> usize
where
    Q: Rings,
    B: BorrowMut<BufferPool>,
{
    let mut count = 0;
    for machine in machines.iter_mut() {
        let from = Origin::Matched { uplink, to: machine.id() };
        // A ring's length at most: what the switch drops fills no inbox.
        for _ in 0..=machine.device().rings().rx().posted() {
            let Some(mut frame) = machine.next_received() else { break };
            let mut delivered = Delivered(None);
            relay(switch, from, slice::from_mut(&mut frame), now, &mut delivered);
            match delivered.0 {
                Some(tag) => machine.keep(tag, frame),
                None => machine.put_back(frame),
            }
            count += 1;
        }
    }
    let mut outlets = Outlets { machines, sender: None };
    let Parts { rx, pool, .. } = default.parts();
    for _ in 0..=rx.posted() {
        let Some(mut frame) = receive_any(rx, pool) else { break };
        relay(switch, Origin::Unmatched { uplink }, slice::from_mut(&mut frame), now, &mut outlets);
        put_home(pool, frame);
        count += 1;
    }
    count
}

/// Notes whether the switch delivers a frame to the machine whose filter has matched, and with which tag.
struct Delivered(Option<TagAction>);

impl Outlet<Frame> for Delivered {
    fn copy(&mut self, _: InterfaceId, tag: TagAction, _: &Group<'_, Frame>) {
        self.0 = Some(tag);
    }

    fn dropped(&mut self, _: DropReason, _: &mut Group<'_, Frame>) {
        // The switch has counted it.
    }
}

/// The ways out of the switch: the inboxes of machines, and the ring of the one that sent.
struct Outlets<'m, Q, B, const IN: usize, const OUT: usize> {
    machines: &'m mut [SwitchedDevice<Q, B, IN, OUT>],
    /// The machine that sent the frames, through whose ring they go to the wire.
    sender: Option<usize>,
}

impl<Q: Rings, B: BorrowMut<BufferPool>, const IN: usize, const OUT: usize> Outlets<'_, Q, B, IN, OUT> {
    /// Returns the sender if its ring leads to this interface.
    fn leading_to(&mut self, to: InterfaceId) -> Option<&mut SwitchedDevice<Q, B, IN, OUT>> {
        self.machines.get_mut(self.sender?).filter(|machine| machine.uplink() == to)
    }
}

impl<Q: Rings, B: BorrowMut<BufferPool>, const IN: usize, const OUT: usize> Outlet<Frame>
    for Outlets<'_, Q, B, IN, OUT>
{
    fn copy(&mut self, to: InterfaceId, tag: TagAction, group: &Group<'_, Frame>) {
        for frame in &*group.frames {
            if let Some(machine) = self.machines.iter_mut().find(|machine| machine.id() == to) {
                machine.take_copy(tag, frame.bytes());
            } else if let Some(sender) = self.leading_to(to) {
                sender.send_copy(tag, frame.bytes());
            }
        }
    }

    fn deliver(&mut self, to: InterfaceId, tag: TagAction, group: &mut Group<'_, Frame>) {
        match self.leading_to(to) {
            Some(sender) if tag == TagAction::Keep => {
                group.frames.iter_mut().for_each(|frame| sender.send_itself(frame));
            }
            _ => self.copy(to, tag, group),
        }
    }

    fn dropped(&mut self, _: DropReason, _: &mut Group<'_, Frame>) {
        // The switch has counted it, and the frame goes back to its pool.
    }
}
