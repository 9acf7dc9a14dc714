//! The path of frames through the I/O container: groups, one decision for each, delivery to an [`Outlet`]
//! (paper sections 2.3.6 and 3.5).
//!
//! [`relay`] takes frames that a queue has received, or that a virtual machine has sent, and makes groups of
//! them. It asks the [`Switch`] once for each group and passes the group to the outlet, which the I/O
//! container implements: there the frames move into the guest's buffers, onto a transmit ring, or nowhere.
//!
//! **No buffer is lost here.** The frames stay in the caller's burst. The outlet borrows each group exactly
//! once for each destination, or once as dropped. Afterwards every frame in the burst goes back to its pool,
//! no matter where it was delivered. An outlet that keeps a buffer (a transmit ring, a guest's queue) puts an
//! empty one in its place, with [`core::mem::replace`].
//!
//! With **targeted receive** (paper section 3.7) a frame is in the guest already, and the burst holds its
//! header: `deliver` notifies the guest, `dropped` gives the guest's buffer back to the ring, and header
//! frames go back to their pool with the burst.
//!
//! # Examples
//!
//! An outlet that copies, as to virtual machines that don't share their buffers:
//!
//! ```
//! use vmdq_core::MacAddress;
//! use vmdq_core::group::{Described, Group};
//! use vmdq_core::relay::{Outlet, Received, relay};
//! use vmdq_core::switch::{DropReason, InterfaceId, Origin, Physical, Switch, TagAction, Virtual};
//!
//! /// A received frame; in a hypervisor it is a `ring::Frame`.
//! struct Frame { tag: Option<u16>, bytes: Vec<u8> }
//! impl Described for Frame {
//!     fn tag(&self) -> Option<u16> { self.tag }
//!     fn has_error(&self) -> bool { false }
//! }
//! impl Received for Frame {
//!     fn header(&self) -> &[u8] { &self.bytes }
//!     fn length(&self) -> usize { self.bytes.len() }
//! }
//!
//! /// What each interface got, by number.
//! struct Interfaces([Vec<Vec<u8>>; 4]);
//! impl Outlet<Frame> for Interfaces {
//!     fn copy(&mut self, to: InterfaceId, tag: TagAction, group: &Group<'_, Frame>) {
//!         for frame in &*group.frames {
//!             let mut copy = vec![0; frame.bytes.len() + 4];
//!             let len = tag.copy(&frame.bytes, &mut copy).expect("a frame with both addresses");
//!             copy.truncate(len);
//!             self.0[to.number()].push(copy);
//!         }
//!     }
//!     fn dropped(&mut self, _reason: DropReason, _group: &mut Group<'_, Frame>) {
//!         // The switch has counted it, and the frames stay in the burst.
//!     }
//! }
//!
//! let mut switch = Switch::<4, 64>::new(0x5eed);
//! let uplink = switch.bind_physical(&Physical::default())?;
//! let red = switch.bind_virtual(&Virtual::default())?;
//! let blue = switch.bind_virtual(&Virtual::default())?;
//! switch.bind_address(red, MacAddress([2, 0, 0, 0, 0, 1]))?;
//! let mut interfaces = Interfaces(Default::default());
//! let frame = |to: [u8; 6]| Frame { tag: None, bytes: [&to[..], &[2, 0, 0, 0, 0, 9], &[0; 48]].concat() };
//!
//! // Red's queue: the filter has matched, so one decision is enough.
//! let mut burst = [[2, 0, 0, 0, 0, 1]; 32].map(frame);
//! assert_eq!(relay(&mut switch, Origin::Matched { uplink, to: red }, &mut burst, 0, &mut interfaces), 1);
//! // The default queue: a broadcast frame, and one for an unknown address.
//! let mut burst = [[0xff; 6], [2, 0, 0, 0, 0, 7]].map(frame);
//! assert_eq!(relay(&mut switch, Origin::Unmatched { uplink }, &mut burst, 0, &mut interfaces), 2);
//!
//! assert_eq!(interfaces.0.map(|got| got.len())[1..3], [33, 1]); // red, and blue
//! # let _ = blue;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

use crate::group::{Described, Group, Groups};
use crate::switch::{
    Decision, DropReason, InterfaceId, InterfaceSet, Load, Origin, Switch, TagAction, Verdict,
};

/// A frame that can be relayed: its description, and the header that the switch reads.
pub trait Received: Described {
    /// Returns the beginning of the frame: 18 bytes do.
    fn header(&self) -> &[u8];

    /// Returns the length of the whole frame, for the counters.
    fn length(&self) -> usize;
}

/// The destination of frames after the switch's decision: the I/O container's virtual interfaces and uplinks.
///
/// The methods return nothing: a frame for which a guest has no buffer is lost to that guest, and the outlet
/// counts it. An outlet that can fail keeps the error until the relay is over.
pub trait Outlet<F: Received> {
    /// Delivers a copy of each frame of a group to one interface, with the tag as the interface wants it.
    ///
    /// Others get the same frames afterwards.
    fn copy(&mut self, to: InterfaceId, tag: TagAction, group: &Group<'_, F>);

    /// Delivers a group to its only interface, or to the last one of several, with the tag as it wants.
    ///
    /// Copies, unless an outlet does otherwise.
    ///
    /// No other interface gets the frames afterwards: they may be changed, or exchanged for empty ones.
    #[inline]
    fn deliver(&mut self, to: InterfaceId, tag: TagAction, group: &mut Group<'_, F>) {
        self.copy(to, tag, group);
    }

    /// Handles a group that the switch dropped and counted.
    ///
    /// An outlet of targeted receive gives the guest's buffers back to their ring here.
    fn dropped(&mut self, reason: DropReason, group: &mut Group<'_, F>);

    /// Returns how many bytes the frames of a group have, for the switch's counters.
    ///
    /// Adds up all lengths, which takes time for each frame; an outlet that needs no such counter may answer
    /// 0.
    #[inline]
    fn bytes(&self, frames: &[F]) -> u64 {
        frames.iter().map(|frame| frame.length() as u64).sum()
    }
}

/// The I/O container's own copy of a frame that a virtual machine sent: it can't change any more.
///
/// It is made from what [`VirtualInterface::take_sent`](crate::channel::VirtualInterface::take_sent) copied,
/// for [`relay`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SentFrame<'b> {
    /// The bytes.
    pub bytes: &'b [u8],
    /// The tag that the virtual machine wants inserted.
    pub tag: Option<u16>,
}

impl Described for SentFrame<'_> {
    fn tag(&self) -> Option<u16> {
        self.tag
    }

    fn has_error(&self) -> bool {
        false
    }
}

impl AsRef<[u8]> for SentFrame<'_> {
    fn as_ref(&self) -> &[u8] {
        self.bytes
    }
}

impl Received for SentFrame<'_> {
    fn header(&self) -> &[u8] {
        self.bytes
    }

    fn length(&self) -> usize {
        self.bytes.len()
    }
}

/// Switches and delivers the frames of one queue or virtual machine; returns the number of decisions.
///
/// See the [module](self).
///
/// `now` is in milliseconds, of a clock that does not go back.
///
/// # Examples
///
/// ```
/// use vmdq_core::relay::{Outlet, SentFrame, relay};
/// use vmdq_core::switch::{InterfaceId, Origin, Switch};
///
/// /// Switches a frame that a virtual machine sent.
/// fn sent<'b>(
///     switch: &mut Switch<8, 64>,
///     from: InterfaceId,
///     bytes: &'b [u8],
///     now: u64,
///     outlet: &mut impl Outlet<SentFrame<'b>>,
/// ) {
///     let decisions = relay(switch, Origin::Virtual(from), &mut [SentFrame { bytes, tag: None }], now, outlet);
///     assert_eq!(decisions, 1);
/// }
/// ```
// Inlined, because the caller knows the origin, which leaves one path through the switch.
#[inline(always)]
pub fn relay<F: Received, const INTERFACES: usize, const ADDRESSES: usize>(
    switch: &mut Switch<INTERFACES, ADDRESSES>,
    from: Origin,
    frames: &mut [F],
    now: u64,
    outlet: &mut impl Outlet<F>,
) -> usize {
    let mut decisions = 0;
    for group in Groups::new(frames, from) {
        relay_group(switch, group, now, outlet);
        decisions += 1;
    }
    decisions
}

/// Switches and delivers frames that are one group already: constant time, but for what the outlet does.
///
/// For [`Group::uniform`]. A group without frames is ignored.
#[inline(always)]
pub fn relay_group<F: Received, const INTERFACES: usize, const ADDRESSES: usize>(
    switch: &mut Switch<INTERFACES, ADDRESSES>,
    mut group: Group<'_, F>,
    now: u64,
    outlet: &mut impl Outlet<F>,
) {
    let Some(first) = group.frames.first() else { return };
    let load = Load { frames: group.frames.len() as u64, bytes: outlet.bytes(group.frames) };
    let decision = switch.forward(&group.indication, load, first.header(), now);
    match decision.verdict {
        Verdict::To(to) => outlet.deliver(to, switch.tag_action(&decision, to.number()), &mut group),
        Verdict::Drop(reason) => outlet.dropped(reason, &mut group),
        Verdict::Flood(set) => flood(switch, &decision, set, &mut group, outlet),
    }
}

/// Delivers a group to several interfaces. Not inlined, so that the path of matched groups stays short.
#[inline(never)]
fn flood<F: Received, const INTERFACES: usize, const ADDRESSES: usize>(
    switch: &Switch<INTERFACES, ADDRESSES>,
    decision: &Decision,
    set: InterfaceSet,
    group: &mut Group<'_, F>,
    outlet: &mut impl Outlet<F>,
) {
    let mut rest = set.iter();
    while let Some(number) = rest.next() {
        let Some(to) = switch.id(number) else { continue };
        let tag = switch.tag_action(decision, number);
        if rest.len() == 0 {
            outlet.deliver(to, tag, group);
        } else {
            outlet.copy(to, tag, group);
        }
    }
}
