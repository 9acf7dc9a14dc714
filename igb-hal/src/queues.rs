//! Descriptor rings (FACTS.md sections 2.4, 3.10, 3.11 and 4).
//!
//! Order: address (RDBAL, RDBAH), length and head are written while the ring is disabled, then the receive
//! format (SRRCTL, PSRTYPE); then the ring is enabled (RXDCTL.ENABLE), and the register reads 1 when the device
//! has done it. After that a ring writes only the tail (RDT, TDT), which gives descriptors to the device.
//!
//! Traps:
//! - 82575: a tail written while the queue is disabled is ignored (*82575EB Software Developer's Manual*,
//!   page 359). A ring has to begin where the tail was left, so [`Queues::first_descriptor`] reads it.
//! - 82575: a data descriptor's context index must be the number of its ring; the 82576 has two contexts for
//!   each queue and index 0 does.
//! - 82576 with MSI-X: WTHRESH must be 1. That value also suits polling on the 82575, because a descriptor is
//!   written back at once.
//! - Replication of headers (DESCTYPE 3) writes the header to a buffer of its own besides the whole frame;
//!   PSRTYPE says for which types of packets. A header counts as replicated only if the descriptor says so.
//! - TXDCTL.PRIORITY stays 0: among low-priority queues the device takes turns (page 161).
//! - A transmit ring is stopped when its frames have been sent, or can't be.
//!
//! The error bits of a write-back are valid only while bad packets are stored; L4E and IPE are about the
//! payload and not the frame.

use core::convert::Infallible;

use vmdq_hal::bus::Offset;
use vmdq_hal::device::shared::rings::{IN_FLIGHT, Ring};
use vmdq_hal::device::{
    HeaderReplication, Io, Model, NotStopped, Queues, ReceiveSetup, RingKind, RingSetup, RingState,
};
use vmdq_hal::reg::{Dma, Reg, Rw};
use vmdq_hal::{Fault, Platform, RingIndex};

use crate::model::{Hooks, Igb, LARGEST_HEADER};
use crate::regs::{PSRTYPE, RX_WB_STATUS, RXDCTL, SRRCTL, TXDCTL};

/// The errors that make a frame a bad one.
const RECEIVE_ERRORS: u32 = RX_WB_STATUS::CE::SET.value
    | RX_WB_STATUS::SE::SET.value
    | RX_WB_STATUS::SEQ::SET.value
    | RX_WB_STATUS::CXE::SET.value
    | RX_WB_STATUS::RXE::SET.value;

/// The packets whose headers are replicated: all types that are known, down to those of which the
/// device understands the MAC header alone.
const EVERY_TYPE: u32 = PSRTYPE::PSR_TYPE0::SET.value
    | PSRTYPE::PSR_TYPE1::SET.value
    | PSRTYPE::PSR_TYPE2::SET.value
    | PSRTYPE::PSR_TYPE3::SET.value
    | PSRTYPE::PSR_TYPE4::SET.value
    | PSRTYPE::PSR_TYPE5::SET.value
    | PSRTYPE::PSR_TYPE6::SET.value
    | PSRTYPE::PSR_TYPE7::SET.value
    | PSRTYPE::PSR_TYPE8::SET.value
    | PSRTYPE::PSR_TYPE9::SET.value;

// SAFETY: the sequences write the registers of their own ring; rings are handed over in `start_receive` and
// `start_transmit` alone; `stop` sees the ring disabled and waits for what is under way.
unsafe impl<M: Hooks> Queues for Igb<M> {
    fn tail(self, kind: RingKind, ring: RingIndex) -> Offset {
        Ring::of::<M::Shared>(kind, ring).tail()
    }

    fn transmit_context(self, ring: RingIndex) -> u8 {
        if M::CONTEXT_IS_RING { ring.bits() as u8 } else { 0 }
    }

    fn receive_errors(self) -> u32 {
        RECEIVE_ERRORS
    }

    fn first_descriptor<P: Platform>(self, io: Io<'_, P>, kind: RingKind, ring: RingIndex) -> u32 {
        if M::TAIL_WHILE_DISABLED { 0 } else { Ring::of::<M::Shared>(kind, ring).read_tail(io) }
    }

    fn ring_state<P: Platform>(self, io: Io<'_, P>, kind: RingKind, ring: RingIndex) -> RingState {
        Ring::of::<M::Shared>(kind, ring).state(io)
    }

    unsafe fn start_receive<P: Platform>(
        self,
        io: Io<'_, P>,
        setup: RingSetup,
        receive: ReceiveSetup,
    ) -> Result<bool, Fault> {
        let control = ReceiveControl {
            types: M::PSRTYPE.at(setup.pool.number()),
            split: M::SRRCTL.at(setup.ring.number()),
            tail: M::TAIL_WHILE_DISABLED,
            drops: receive.drops && M::DROP_EN,
        };
        // SAFETY: the caller's promise.
        unsafe { start_receive(io, Ring::receive::<M::Shared>(setup.ring), control, setup, receive) }
    }

    unsafe fn start_transmit<P: Platform>(self, io: Io<'_, P>, setup: RingSetup) -> Result<bool, Fault> {
        let ring = Ring::transmit::<M::Shared>(setup.ring);
        // SAFETY: the caller's promise.
        unsafe { start_transmit(io, ring, setup, M::TAIL_WHILE_DISABLED) }
    }

    fn stop<P: Platform>(
        self,
        io: Io<'_, P>,
        kind: RingKind,
        ring: RingIndex,
        seen: &mut bool,
    ) -> Result<(), NotStopped> {
        let ring = Ring::of::<M::Shared>(kind, ring);
        if kind == RingKind::Transmit {
            ring.drain(io);
        }
        ring.disable(io, seen)?;
        io.wait_us(IN_FLIGHT);
        Ok(())
    }
}

// SAFETY: nothing is written.
unsafe impl<M: Hooks> HeaderReplication for Igb<M>
where
    Self: Model<Lack = Infallible>,
{
    fn largest_header(self) -> Result<u16, Infallible> {
        Ok(LARGEST_HEADER)
    }
}

/// Registers and properties of a receive ring that other rings do not have.
struct ReceiveControl {
    types: Reg<PSRTYPE::Register, Rw>,
    split: Reg<SRRCTL::Register, Dma>,
    /// Whether the tail can be written while the ring is disabled.
    tail: bool,
    /// Whether SRRCTL decides that the ring drops.
    drops: bool,
}

/// # Safety
///
/// The descriptors stay mapped at `setup.base` until the ring is seen stopped.
unsafe fn start_receive<P: Platform>(
    io: Io<'_, P>,
    ring: Ring,
    control: ReceiveControl,
    setup: RingSetup,
    receive: ReceiveSetup,
) -> Result<bool, Fault> {
    ring.turn_off(io, 0);
    ring.see_disabled(io)?;
    // SAFETY: it was seen disabled; the rest is the caller's promise.
    unsafe { ring.hand_over(io, setup, control.tail) };
    let (types, format) = match receive.header {
        Some(units) => {
            (EVERY_TYPE, SRRCTL::DESCTYPE::HDR_REPLICATION + SRRCTL::BSIZEHEADER.val(units.into()))
        }
        None => (0, SRRCTL::DESCTYPE::ADV_ONEBUF),
    };
    control.types.on(io).set(types);
    let split =
        SRRCTL::BSIZEPACKET.val(receive.size.in_kib()) + format + SRRCTL::DROP_EN.val(control.drops.into());
    // SAFETY: the device writes no more to a buffer than the ring's buffers hold (`ReceiveSetup`), and none
    // is posted yet.
    unsafe { control.split.on(io).give_fields(split) };
    let thresholds = RXDCTL::PTHRESH.val(8) + RXDCTL::HTHRESH.val(8) + RXDCTL::WTHRESH.val(1);
    // SAFETY: the ring was handed over; the rest is the caller's promise.
    unsafe { ring.enable(io, thresholds.value) };
    ring.see_enabled(io).map(|()| true)
}

/// # Safety
///
/// The descriptors stay mapped at `setup.base` until the ring is seen stopped.
unsafe fn start_transmit<P: Platform>(
    io: Io<'_, P>,
    ring: Ring,
    setup: RingSetup,
    tail: bool,
) -> Result<bool, Fault> {
    ring.turn_off(io, 0);
    ring.see_disabled(io)?;
    // SAFETY: it was seen disabled; the rest is the caller's promise.
    unsafe { ring.hand_over(io, setup, tail) };
    let thresholds = TXDCTL::PTHRESH.val(8) + TXDCTL::HTHRESH.val(1) + TXDCTL::WTHRESH.val(1);
    // SAFETY: the ring was handed over; the rest is the caller's promise.
    unsafe { ring.enable(io, thresholds.value) };
    ring.see_enabled(io).map(|()| true)
}
