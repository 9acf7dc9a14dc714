//! Descriptor rings: starting them, and knowing that they have stopped.

use super::{Io, Model};
use crate::buffer_size::BufferSize;
use crate::bus::Offset;
use crate::fault::Fault;
use crate::index::{PoolIndex, RingIndex};
use crate::platform::Platform;

/// One ring as it is programmed into the device.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RingSetup {
    /// Number of the ring.
    pub ring: RingIndex,
    /// The pool that it belongs to.
    pub pool: PoolIndex,
    /// Bus address of the descriptors, a multiple of 128.
    pub base: u64,
    /// Length in descriptors, a multiple of 8.
    pub descriptors: u32,
    /// The descriptor at which the ring begins: head and tail alike.
    pub first: u32,
}

/// The receive format of a ring.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ReceiveSetup {
    /// Size of the buffers for whole frames.
    pub size: BufferSize,
    /// Size of the header buffers in units of 64 bytes, if the device replicates headers into them.
    /// Otherwise each frame has one buffer, and descriptors name no header buffer.
    pub header: Option<u8>,
    /// Whether the device drops a frame for which the ring has no descriptor. Otherwise the frame waits and
    /// blocks all rings.
    pub drops: bool,
    /// Whether the controller removes 802.1Q tags, for devices on which rings decide.
    pub strip_tags: bool,
}

/// The kind of a descriptor ring: a receive and a transmit ring may have the same number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RingKind {
    /// The device fills buffers.
    Receive,
    /// The device sends frames.
    Transmit,
}

/// Why a ring was not seen to have stopped.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NotStopped {
    /// The device is gone, or never reported the ring disabled.
    Fault(Fault),
    /// The ring's state can't be seen while the link is down (82598).
    LinkDown,
}

impl From<Fault> for NotStopped {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What the device says of a ring.
///
/// The head is a hint: a driver can't rely on it (*82575EB Software Developer's Manual*, page 359).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RingState {
    /// The descriptor that the device uses next.
    pub head: u32,
    /// The end of the descriptors that the device has.
    pub tail: u32,
    /// Whether the ring reads as enabled.
    pub enabled: bool,
}

/// Receive and transmit rings.
///
/// # Safety
///
/// See [`Model`].
pub unsafe trait Queues: Copy {
    /// Returns where the tail of a ring is written.
    fn tail(self, kind: RingKind, ring: RingIndex) -> Offset;

    /// Returns the context index that data descriptors must have.
    fn transmit_context(self, ring: RingIndex) -> u8;

    /// Returns the error bits in the status word of a receive descriptor.
    fn receive_errors(self) -> u32;

    /// Returns the descriptor at which a stopped ring has to begin.
    fn first_descriptor<P: Platform>(self, io: Io<'_, P>, kind: RingKind, ring: RingIndex) -> u32;

    /// Reads the state of a ring.
    fn ring_state<P: Platform>(self, io: Io<'_, P>, kind: RingKind, ring: RingIndex) -> RingState;

    /// Sets up and enables a receive ring without buffers, and returns whether it was seen enabled.
    ///
    /// All of its registers are set, so that nothing stays from an earlier start.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the device is gone or did not report the ring enabled.
    ///
    /// # Safety
    ///
    /// The descriptors stay mapped at `setup.base` until the ring is seen stopped.
    unsafe fn start_receive<P: Platform>(
        self,
        io: Io<'_, P>,
        setup: RingSetup,
        receive: ReceiveSetup,
    ) -> Result<bool, Fault>;

    /// Sets up and enables a transmit ring. Returns whether it was seen enabled.
    ///
    /// # Errors
    ///
    /// As [`start_receive`](Self::start_receive).
    ///
    /// # Safety
    ///
    /// The descriptors stay mapped at `setup.base` until the ring is seen stopped.
    unsafe fn start_transmit<P: Platform>(self, io: Io<'_, P>, setup: RingSetup) -> Result<bool, Fault>;

    /// Disables a ring, waits until it reads as disabled, then for writes in flight. What a transmit ring holds
    /// is sent first, if it can be.
    ///
    /// `seen` says whether it was seen enabled before: otherwise a ring that reads as disabled proves
    /// nothing. It is set once the ring was seen enabled, even if the stop fails later.
    ///
    /// # Errors
    ///
    /// [`NotStopped`] if it was not seen disabled.
    fn stop<P: Platform>(
        self,
        io: Io<'_, P>,
        kind: RingKind,
        ring: RingIndex,
        seen: &mut bool,
    ) -> Result<(), NotStopped>;
}

/// Controllers whose hardware replicates headers (paper section 3.7; SRRCTL.DESCTYPE 3).
///
/// The hardware writes the beginning of a frame to a header buffer in addition to the whole frame.
///
/// It does so for the types of packets that it recognises (PSRTYPE), and says in each descriptor
/// whether it did (SPH). Where it did not, the header buffer holds nothing of the frame.
///
/// # Safety
///
/// See [`Model`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not replicate headers in hardware",
    note = "the 82575, the 82576 and the 82598 do; elsewhere `Targeting::by_software` fetches each header once"
)]
pub unsafe trait HeaderReplication: Model {
    /// Returns the largest header buffer, in bytes, a multiple of 64.
    ///
    /// # Errors
    ///
    /// [`Lack`](Model::Lack) if the device that was found does not replicate headers.
    fn largest_header(self) -> Result<u16, Self::Lack>;
}
