//! Descriptor rings.
//!
//! A ring is a range of memory (base, length) with two indices; descriptors from head to tail belong to the
//! device. Each receive ring has RDBAL to RDT and RXDCTL, 64 bytes apart; its receive format (size of buffers,
//! headers, whether it drops without a descriptor) is in SRRCTL and PSRTYPE, which on the 82598 belong to the
//! pool and not to the ring.
//!
//! Order, receive: ENABLE cleared and read as 0; base, length, head, tail; PSRTYPE, SRRCTL; thresholds with
//! ENABLE, which is then read as 1. Buffers are posted after that. Transmit: TXDCTL with SWFLSH alone; base,
//! length, head, tail; head write-back off (TDWBAL); WTHRESH 1 with ENABLE, read as 1. Stopping: transmit rings
//! drain first; ENABLE cleared and read as 0; 100 microseconds for writes in flight.
//!
//! Traps. On the 82598 RXDCTL.ENABLE and TXDCTL.ENABLE read 0 whenever the link is down (`FACTS.md` section 5,
//! g): a ring is then started without reading 1, and can't be stopped, because a 0 proves nothing. The link is
//! checked before and after, since it may go down between. Head write-back of earlier software would
//! write to memory that the driver does not own. WTHRESH above 1 keeps finished descriptors on the chip while
//! a polling driver waits for them, and with RS clear nothing is written back until half of the 64 on-chip
//! descriptors are done.
//!
//! Facts: "Intel 82598EB 10 Gigabit Ethernet Controller Datasheet", PDF pages 136 (enabling and disabling), 222
//! to 233 (receive), 252 (transmit) and 326 (RXDCTL); `FACTS.md` sections 1.5, 1.6, 2.9 and 2.10.

use vmdq_hal::bus::Offset;
use vmdq_hal::device::shared::rings::{IN_FLIGHT, Ring};
use vmdq_hal::device::{
    HeaderReplication, Io, NotStopped, Queues, ReceiveSetup, RingKind, RingSetup, RingState,
};
use vmdq_hal::{Fault, Platform, RingIndex};

use crate::link;
use crate::model::{Hooks, I82598, Ixgbe};
use crate::regs::{Common, SRRCTL, TXDCTL};

/// Tells whether the control registers of rings show their state now.
fn shows_rings<P: Platform>(io: Io<'_, P>, needs_link: bool) -> Result<bool, Fault> {
    if !needs_link || link::is_up(io) {
        return Ok(true);
    }
    // A device that is gone has no link either.
    if Common::STATUS.on(io).get() == u32::MAX { Err(Fault::Gone) } else { Ok(false) }
}

/// Waits until a ring reports that it is enabled, where it can; returns whether it did.
fn see_enabled<P: Platform>(io: Io<'_, P>, ring: Ring, needs_link: bool) -> Result<bool, Fault> {
    let shown = shows_rings(io, needs_link)?;
    if shown {
        ring.see_enabled(io)?;
    }
    Ok(shown)
}

// SAFETY: rings are handed to the device in `start_receive` and `start_transmit` alone; `stop` returns
// `Ok` only after ENABLE was seen 1, then 0, with the link up, and the time in flight.
unsafe impl<M: Hooks> Queues for Ixgbe<M> {
    fn tail(self, kind: RingKind, ring: RingIndex) -> Offset {
        Ring::of::<M::Shared>(kind, ring).tail()
    }

    fn transmit_context(self, _: RingIndex) -> u8 {
        0
    }

    fn receive_errors(self) -> u32 {
        M::RECEIVE_ERRORS
    }

    fn first_descriptor<P: Platform>(self, _: Io<'_, P>, _: RingKind, _: RingIndex) -> u32 {
        0
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
        let ring = Ring::receive::<M::Shared>(setup.ring);
        ring.clear_enable(io);
        ring.see_disabled(io)?;
        // SAFETY: seen disabled; the rest is the caller's promise.
        unsafe { ring.hand_over(io, setup, true) };
        let (types, format) = match receive.header {
            Some(units) => {
                let (types, replication) = M::replication();
                (types, replication + SRRCTL::BSIZEHEADER.val(units.into()))
            }
            None => (0, SRRCTL::DESCTYPE::ADV_ONEBUF),
        };
        // Both belong to the pool.
        let pool = setup.pool.number();
        M::PSRTYPE.at(pool).on(io).set(types);
        let size = SRRCTL::BSIZEPACKET.val(receive.size.in_kib());
        let how = size + format + SRRCTL::DROP_EN.val(receive.drops.into());
        // SAFETY: the pool's ring is disabled, and takes only buffers of this size (`receive.size`).
        unsafe { M::SRRCTL.at(pool).on(io).give_fields(how) };
        // SAFETY: handed over above.
        unsafe { ring.enable(io, M::thresholds().value) };
        see_enabled(io, ring, M::ENABLE_NEEDS_LINK)
    }

    unsafe fn start_transmit<P: Platform>(self, io: Io<'_, P>, setup: RingSetup) -> Result<bool, Fault> {
        let ring = Ring::transmit::<M::Shared>(setup.ring);
        ring.turn_off(io, TXDCTL::SWFLSH::SET.value);
        ring.see_disabled(io)?;
        // SAFETY: seen disabled; the rest is the caller's promise.
        unsafe { ring.hand_over(io, setup, true) };
        // SAFETY: no head write-back: descriptors are written back.
        unsafe { M::TDWBAL.at(setup.ring.number()).on(io).give(0) };
        // What the datasheet suggests: WTHRESH 1, all others 0.
        // SAFETY: handed over above.
        unsafe { ring.enable(io, TXDCTL::WTHRESH.val(1).value) };
        see_enabled(io, ring, M::ENABLE_NEEDS_LINK)
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
        if !shows_rings(io, M::ENABLE_NEEDS_LINK)? {
            return Err(NotStopped::LinkDown);
        }
        ring.disable(io, seen)?;
        // The link may have gone down between: then the 0 came from that.
        if !shows_rings(io, M::ENABLE_NEEDS_LINK)? {
            return Err(NotStopped::LinkDown);
        }
        io.wait_us(IN_FLIGHT);
        Ok(())
    }
}

// SAFETY: the format is set for a ring that is disabled (`start_receive`).
unsafe impl HeaderReplication for I82598 {
    fn largest_header(self) -> Result<u16, Self::Lack> {
        Ok(<crate::regs::I82598 as Hooks>::LARGEST_HEADER)
    }
}
