//! Starting and stopping queues.

use embedded_hal::delay::DelayNs;
use vmdq_hal::TimedOut;
use vmdq_hal::bus::Bus;
use vmdq_hal::controller::{NotStopped, ReceiveSetup, RingSetup};
use vmdq_hal::wait::until;

use crate::model::{Igb, Model};
use crate::regs::{PSRTYPE, RDT, RXDCTL, SRRCTL, TDT, TXDCTL};

/// Bytes of a descriptor.
const DESCRIPTOR: u32 = 16;
/// How long what the device has under way when a queue stops takes to land, in microseconds.
const IN_FLIGHT: u32 = 100;

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

/// Where the rings of a stopped queue begin.
pub(crate) fn first<M: Model, B: Bus>(bus: &B, queue: usize) -> (u32, u32) {
    if M::TAIL_FOLLOWS {
        return (0, 0);
    }
    (M::RDT.at(queue).on(bus).read(RDT::RDT), M::TDT.at(queue).on(bus).read(TDT::TDT))
}

/// Sets up and enables a receive queue.
///
/// # Safety
///
/// The descriptors stay mapped at `setup.base` until the queue is seen stopped.
pub(crate) unsafe fn start_rx<M: Model, B: Bus>(
    bus: &B,
    setup: RingSetup,
    receive: ReceiveSetup<Igb<M>>,
    delay: &mut impl DelayNs,
) -> Result<bool, TimedOut> {
    let queue = usize::from(setup.queue);
    let control = M::RXDCTL.at(queue);
    control.on(bus).set(0);
    let enabled = |value| RXDCTL::ENABLE.is_set(value);
    until(control.offset(), 10, 1000, delay, || control.on(bus).get(), |value| !enabled(value))?;
    // SAFETY: the caller's promise.
    unsafe { M::RDBAL.at(queue).on(bus).give(setup.base as u32) };
    // SAFETY: the caller's promise.
    unsafe { M::RDBAH.at(queue).on(bus).give((setup.base >> 32) as u32) };
    // SAFETY: the caller's promise: the ring has so many descriptors.
    unsafe { M::RDLEN.at(queue).on(bus).give(setup.descriptors * DESCRIPTOR) };
    // SAFETY: the queue is disabled; head and tail are going to be equal.
    unsafe { M::RDH.at(queue).on(bus).give(setup.first) };
    if M::TAIL_FOLLOWS {
        // SAFETY: head and tail are equal: no descriptor is the device's.
        unsafe { M::RDT.at(queue).on(bus).give(setup.first) };
    }
    let (types, format) = match receive.header {
        Some(header) => {
            (EVERY_TYPE, SRRCTL::DESCTYPE::HDR_REPLICATION + SRRCTL::BSIZEHEADER.val(header.units()))
        }
        None => (0, SRRCTL::DESCTYPE::ADV_ONEBUF),
    };
    // The queue of a pool has the pool's number.
    M::PSRTYPE.at(queue).on(bus).set(types);
    M::SRRCTL.at(queue).on(bus).write(
        SRRCTL::BSIZEPACKET.val(receive.size.in_kib())
            + format
            + SRRCTL::DROP_EN.val((receive.drops && M::DROP_EN).into()),
    );
    // Write back each descriptor at once: whoever polls waits for it. (The 82576 with MSI-X needs
    // WTHRESH = 1 anyway.)
    control.on(bus).write(
        RXDCTL::PTHRESH.val(8) + RXDCTL::HTHRESH.val(8) + RXDCTL::WTHRESH.val(1) + RXDCTL::ENABLE::SET,
    );
    until(control.offset(), 10, 1000, delay, || control.on(bus).get(), enabled).map(|()| true)
}

/// Disables a receive queue and sees it disabled.
pub(crate) fn stop_rx<M: Model, B: Bus>(
    bus: &B,
    queue: usize,
    seen: bool,
    delay: &mut impl DelayNs,
) -> Result<(), NotStopped> {
    let control = M::RXDCTL.at(queue);
    let enabled = |value| RXDCTL::ENABLE.is_set(value);
    if !seen {
        // A 0 that was there all along would prove nothing.
        until(control.offset(), 1, 1, delay, || control.on(bus).get(), enabled)
            .map_err(NotStopped::TimedOut)?;
    }
    control.on(bus).modify(RXDCTL::ENABLE::CLEAR);
    until(control.offset(), 10, 1000, delay, || control.on(bus).get(), |value| !enabled(value))
        .map_err(NotStopped::TimedOut)?;
    delay.delay_us(IN_FLIGHT);
    Ok(())
}

/// Sets up and enables a transmit queue.
///
/// # Safety
///
/// The descriptors stay mapped at `setup.base` until the queue is seen stopped.
pub(crate) unsafe fn start_tx<M: Model, B: Bus>(
    bus: &B,
    setup: RingSetup,
    delay: &mut impl DelayNs,
) -> Result<bool, TimedOut> {
    let queue = usize::from(setup.queue);
    let control = M::TXDCTL.at(queue);
    control.on(bus).set(0);
    let enabled = |value| TXDCTL::ENABLE.is_set(value);
    until(control.offset(), 10, 1000, delay, || control.on(bus).get(), |value| !enabled(value))?;
    // SAFETY: the caller's promise: the ring has so many descriptors.
    unsafe { M::TDLEN.at(queue).on(bus).give(setup.descriptors * DESCRIPTOR) };
    // SAFETY: the caller's promise.
    unsafe { M::TDBAL.at(queue).on(bus).give(setup.base as u32) };
    // SAFETY: the caller's promise.
    unsafe { M::TDBAH.at(queue).on(bus).give((setup.base >> 32) as u32) };
    // SAFETY: the queue is disabled; head and tail are going to be equal.
    unsafe { M::TDH.at(queue).on(bus).give(setup.first) };
    if M::TAIL_FOLLOWS {
        // SAFETY: head and tail are equal: no descriptor is the device's.
        unsafe { M::TDT.at(queue).on(bus).give(setup.first) };
    }
    // Low priority as all others: among those the device takes turns (82575 manual page 161).
    control.on(bus).write(
        TXDCTL::PTHRESH.val(8) + TXDCTL::HTHRESH.val(1) + TXDCTL::WTHRESH.val(1) + TXDCTL::ENABLE::SET,
    );
    until(control.offset(), 10, 1000, delay, || control.on(bus).get(), enabled).map(|()| true)
}

/// Disables a transmit queue and sees it disabled.
pub(crate) fn stop_tx<M: Model, B: Bus>(
    bus: &B,
    queue: usize,
    seen: bool,
    delay: &mut impl DelayNs,
) -> Result<(), NotStopped> {
    let control = M::TXDCTL.at(queue);
    let (head, tail) = (M::TDH.at(queue), M::TDT.at(queue));
    // What is handed over goes out first, if it can: without a link it never does.
    let last = tail.on(bus).get();
    let _ = until(head.offset(), 10, 1000, delay, || head.on(bus).get(), |value| value == last);
    let enabled = |value| TXDCTL::ENABLE.is_set(value);
    if !seen {
        until(control.offset(), 1, 1, delay, || control.on(bus).get(), enabled)
            .map_err(NotStopped::TimedOut)?;
    }
    control.on(bus).modify(TXDCTL::ENABLE::CLEAR);
    until(control.offset(), 10, 1000, delay, || control.on(bus).get(), |value| !enabled(value))
        .map_err(NotStopped::TimedOut)?;
    delay.delay_us(IN_FLIGHT);
    Ok(())
}
