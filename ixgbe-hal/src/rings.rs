//! Starting and stopping queues.

use embedded_hal::delay::DelayNs;
use vmdq_hal::TimedOut;
use vmdq_hal::bus::{Bus, Offset};
use vmdq_hal::controller::{NotStopped, ReceiveSetup, RingSetup};
use vmdq_hal::reg::{RegArray, Rw};
use vmdq_hal::wait::until;

use crate::link;
use crate::model::{Ixgbe, Model};
use crate::regs::{RXDCTL, SRRCTL, TXDCTL};

/// Bytes of a descriptor.
const DESCRIPTOR: u32 = 16;
/// How long what the device has under way when a queue stops takes to land, in microseconds.
const IN_FLIGHT: u32 = 100;

/// Waits until a queue reports that it is enabled, where the device can report it; returns whether
/// it did.
fn see_enabled<M: Model, B: Bus>(
    bus: &B,
    at: Offset,
    delay: &mut impl DelayNs,
    control: impl Fn() -> u32,
    enabled: impl Fn(u32) -> bool,
) -> Result<bool, TimedOut> {
    if M::ENABLE_NEEDS_LINK && !link::state::<M, B>(bus).is_up() {
        return Ok(false);
    }
    until(at, 10, 1000, delay, control, enabled).map(|()| true)
}

/// Sets up and enables a receive queue.
///
/// # Safety
///
/// The descriptors stay mapped at `setup.base` until the queue is seen stopped.
pub(crate) unsafe fn start_rx<M: Model, B: Bus>(
    bus: &B,
    setup: RingSetup,
    receive: ReceiveSetup<Ixgbe<M>>,
    delay: &mut impl DelayNs,
) -> Result<bool, TimedOut> {
    let queue = usize::from(setup.queue);
    let control = M::RXDCTL.at(queue);
    control.on(bus).modify(RXDCTL::ENABLE::CLEAR);
    until(
        control.offset(),
        10,
        1000,
        delay,
        || control.on(bus).get(),
        |value| !RXDCTL::ENABLE.is_set(value),
    )?;
    // SAFETY: the caller's promise.
    unsafe { M::RDBAL.at(queue).on(bus).give(setup.base as u32) };
    // SAFETY: the caller's promise.
    unsafe { M::RDBAH.at(queue).on(bus).give((setup.base >> 32) as u32) };
    // SAFETY: the caller's promise: the ring has so many descriptors.
    unsafe { M::RDLEN.at(queue).on(bus).give(setup.descriptors * DESCRIPTOR) };
    // SAFETY: the queue is disabled; head and tail are going to be equal.
    unsafe { M::RDH.at(queue).on(bus).give(setup.first) };
    // SAFETY: head and tail are equal: no descriptor is the device's.
    unsafe { M::RDT.at(queue).on(bus).give(setup.first) };
    let (types, format) = match receive.header {
        Some(header) => {
            let (types, replication) = M::replication();
            (types, replication + SRRCTL::BSIZEHEADER.val(header.units()))
        }
        None => (0, SRRCTL::DESCTYPE::ADV_ONEBUF),
    };
    M::PSRTYPE.at(queue).on(bus).set(types);
    M::SRRCTL.at(queue).on(bus).write(
        SRRCTL::BSIZEPACKET.val(receive.size.in_kib()) + format + SRRCTL::DROP_EN.val(receive.drops.into()),
    );
    control.on(bus).set(M::rx_thresholds() | RXDCTL::ENABLE::SET.value);
    see_enabled::<M, B>(
        bus,
        control.offset(),
        delay,
        || control.on(bus).get(),
        |value| RXDCTL::ENABLE.is_set(value),
    )
}

/// Disables a queue by its control register and sees it disabled.
fn stop<M: Model, B: Bus, T: tock_registers::RegisterLongName>(
    bus: &B,
    controls: RegArray<T, Rw>,
    queue: usize,
    enable: tock_registers::fields::Field<u32, T>,
    seen: bool,
    delay: &mut impl DelayNs,
) -> Result<(), NotStopped> {
    let control = controls.at(queue);
    // While the link is down, 0 is no proof.
    if M::ENABLE_NEEDS_LINK && !link::state::<M, B>(bus).is_up() {
        return Err(NotStopped::LinkDown);
    }
    if !seen {
        // A 0 that was there all along would prove nothing.
        until(control.offset(), 1, 1, delay, || control.on(bus).get(), |value| enable.is_set(value))
            .map_err(NotStopped::TimedOut)?;
    }
    control.on(bus).modify(enable.val(0));
    until(control.offset(), 10, 1000, delay, || control.on(bus).get(), |value| !enable.is_set(value))
        .map_err(NotStopped::TimedOut)?;
    // The link may have gone down between: then the 0 came from that.
    if M::ENABLE_NEEDS_LINK && !link::state::<M, B>(bus).is_up() {
        return Err(NotStopped::LinkDown);
    }
    delay.delay_us(IN_FLIGHT);
    Ok(())
}

/// Disables a receive queue and sees it disabled.
pub(crate) fn stop_rx<M: Model, B: Bus>(
    bus: &B,
    queue: usize,
    seen: bool,
    delay: &mut impl DelayNs,
) -> Result<(), NotStopped> {
    stop::<M, B, _>(bus, M::RXDCTL, queue, RXDCTL::ENABLE, seen, delay)
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
    control.on(bus).write(TXDCTL::SWFLSH::SET);
    until(
        control.offset(),
        10,
        1000,
        delay,
        || control.on(bus).get(),
        |value| !TXDCTL::ENABLE.is_set(value),
    )?;
    // SAFETY: the caller's promise.
    unsafe { M::TDBAL.at(queue).on(bus).give(setup.base as u32) };
    // SAFETY: the caller's promise.
    unsafe { M::TDBAH.at(queue).on(bus).give((setup.base >> 32) as u32) };
    // SAFETY: the caller's promise: the ring has so many descriptors.
    unsafe { M::TDLEN.at(queue).on(bus).give(setup.descriptors * DESCRIPTOR) };
    // SAFETY: the queue is disabled; head and tail are going to be equal.
    unsafe { M::TDH.at(queue).on(bus).give(setup.first) };
    // SAFETY: head and tail are equal: no descriptor is the device's.
    unsafe { M::TDT.at(queue).on(bus).give(setup.first) };
    // SAFETY: no head write-back: descriptors are written back.
    unsafe { M::TDWBAL.at(queue).on(bus).give(0) };
    // What the datasheet suggests: WTHRESH 1, all others 0.
    control.on(bus).write(TXDCTL::WTHRESH.val(1) + TXDCTL::ENABLE::SET);
    see_enabled::<M, B>(
        bus,
        control.offset(),
        delay,
        || control.on(bus).get(),
        |value| TXDCTL::ENABLE.is_set(value),
    )
}

/// Disables a transmit queue and sees it disabled.
pub(crate) fn stop_tx<M: Model, B: Bus>(
    bus: &B,
    queue: usize,
    seen: bool,
    delay: &mut impl DelayNs,
) -> Result<(), NotStopped> {
    let (head, tail) = (M::TDH.at(queue), M::TDT.at(queue));
    // What is handed over goes out first, if it can: without a link it never does.
    let last = tail.on(bus).get();
    let _ = until(head.offset(), 10, 1000, delay, || head.on(bus).get(), |value| value == last);
    stop::<M, B, _>(bus, M::TXDCTL, queue, TXDCTL::ENABLE, seen, delay)
}
