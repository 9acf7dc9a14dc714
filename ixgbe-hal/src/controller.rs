//! The family's [`Controller`]: what core asks for, in terms of the modules beside.

use embedded_hal::delay::DelayNs;
use vmdq_hal::bus::{Bus, Offset};
use vmdq_hal::controller::{NotStopped, OTHERS, ReceiveSetup, RingSetup, seal};
use vmdq_hal::{
    Causes, Config, Controller, HeaderReplication, Link, MacAddress, Statistics, TimedOut, Warnings,
};

use crate::model::{I82598, Ixgbe, Model};
use crate::regs::RAH;
use crate::{interrupts, link, reset, rings, statistics};

/// RAH.AV: the entry counts.
const ADDRESS_VALID: u32 = RAH::AV::SET.value;

impl<M> seal::Family for Ixgbe<M> {}

// SAFETY: the sequences touch the registers of their own queue or entry; rings are given to the
// device in `start_rx` and `start_tx` alone; `stop_rx`, `stop_tx` and `silence` see the device stop.
unsafe impl<M: Model> Controller for Ixgbe<M> {
    type PerQueue<T> = M::PerQueue<T>;
    type PerFilter<T> = M::PerFilter<T>;
    type PerVector<T> = M::PerVector<T>;

    const NAME: &'static str = M::NAME;
    const MAX_FRAME: u16 = M::MAX_FRAME;
    const RX_ERRORS: u32 = M::RX_ERRORS;

    fn reset<B: Bus>(bus: &B, delay: &mut impl DelayNs) -> Result<Warnings, TimedOut> {
        reset::reset::<M, B>(bus, delay)
    }

    fn init<B: Bus>(bus: &B, config: &Config, _: &mut impl DelayNs) {
        reset::init::<M, B>(bus, config);
    }

    fn address<B: Bus>(bus: &B) -> MacAddress {
        MacAddress::from_register_halves(M::RAL.at(0).on(bus).get(), M::RAH.at(0).on(bus).get())
    }

    fn start_link<B: Bus>(bus: &B, _: &mut impl DelayNs) {
        M::start_link(bus);
    }

    fn link<B: Bus>(bus: &B) -> Link {
        link::state::<M, B>(bus)
    }

    fn enable_vmdq<B: Bus>(bus: &B, config: &Config, _: &mut impl DelayNs) {
        M::enable(bus, config);
        interrupts::enable_msix::<M, B>(bus);
        M::RXCTRL.on(bus).set(M::receiver_on());
    }

    fn disable_vmdq<B: Bus>(bus: &B, delay: &mut impl DelayNs) {
        M::EIMC.on(bus).set(u32::MAX);
        M::RXCTRL.on(bus).set(0);
        let _ = M::STATUS.on(bus).get();
        // What is in the packet buffer leaves it.
        delay.delay_ms(10);
        M::disable(bus);
    }

    fn add_filter<B: Bus>(bus: &B, entry: u8, address: MacAddress, queue: u8) {
        let (low, high) = address.register_halves();
        M::RAL.at(entry.into()).on(bus).set(low);
        // RAL must be there before AV makes the entry count: a read keeps the writes apart.
        let _ = M::STATUS.on(bus).get();
        M::RAH.at(entry.into()).on(bus).set(high | M::destination(queue) | ADDRESS_VALID);
    }

    fn move_filter<B: Bus>(bus: &B, entry: u8, address: MacAddress, queue: u8) {
        let (_, high) = address.register_halves();
        M::RAH.at(entry.into()).on(bus).set(high | M::destination(queue) | ADDRESS_VALID);
    }

    fn remove_filter<B: Bus>(bus: &B, entry: u8) {
        // AV off first: half an address must not match.
        M::RAH.at(entry.into()).on(bus).set(0);
        M::RAL.at(entry.into()).on(bus).set(0);
    }

    fn rx_tail(queue: u8) -> Offset {
        M::RDT.at(queue.into()).offset()
    }

    fn tx_tail(queue: u8) -> Offset {
        M::TDT.at(queue.into()).offset()
    }

    fn tx_context(_: u8) -> u8 {
        0
    }

    fn first_descriptors<B: Bus>(_: &B, _: u8) -> (u32, u32) {
        (0, 0)
    }

    unsafe fn start_rx<B: Bus>(
        bus: &B,
        setup: RingSetup,
        receive: ReceiveSetup<Self>,
        delay: &mut impl DelayNs,
    ) -> Result<bool, TimedOut> {
        // SAFETY: the caller's promise.
        unsafe { rings::start_rx::<M, B>(bus, setup, receive, delay) }
    }

    fn stop_rx<B: Bus>(bus: &B, queue: u8, seen: bool, delay: &mut impl DelayNs) -> Result<(), NotStopped> {
        rings::stop_rx::<M, B>(bus, queue.into(), seen, delay)
    }

    unsafe fn start_tx<B: Bus>(
        bus: &B,
        setup: RingSetup,
        delay: &mut impl DelayNs,
    ) -> Result<bool, TimedOut> {
        // SAFETY: the caller's promise.
        unsafe { rings::start_tx::<M, B>(bus, setup, delay) }
    }

    fn stop_tx<B: Bus>(bus: &B, queue: u8, seen: bool, delay: &mut impl DelayNs) -> Result<(), NotStopped> {
        rings::stop_tx::<M, B>(bus, queue.into(), seen, delay)
    }

    fn silence<B: Bus>(bus: &B, delay: &mut impl DelayNs) -> Result<(), TimedOut> {
        reset::stop_queues::<M, B>(bus, delay);
        reset::stop_master::<M, B>(bus, delay)
    }

    fn statistics<B: Bus>(bus: &B, into: &mut Statistics) {
        statistics::add::<M, B>(bus, into);
    }

    fn route_queue<B: Bus>(bus: &B, vector: u8, queue: u8) {
        M::route_queue(bus, vector, queue);
    }

    fn route_others<B: Bus>(bus: &B, vector: u8) {
        M::route_others(bus, vector);
    }

    fn vector_mask<B: Bus>(_: &B, vector: u8, queues: u64) -> u32 {
        // The other causes have bits of their own.
        let of_queues = if queues & !OTHERS != 0 { 1 << vector } else { 0 };
        of_queues | if queues & OTHERS != 0 { interrupts::OTHERS } else { 0 }
    }

    fn unmask<B: Bus>(bus: &B, mask: u32) {
        M::EIMS.on(bus).raise(mask);
    }

    fn mask<B: Bus>(bus: &B, mask: u32) {
        M::EIMC.on(bus).set(mask);
    }

    fn fire<B: Bus>(bus: &B, mask: u32) {
        M::fire(bus, mask);
    }

    fn causes<B: Bus>(bus: &B) -> Causes {
        interrupts::causes::<M, B>(bus)
    }
}

impl HeaderReplication for I82598 {
    // BSIZEHEADER is 1 to 16 units of 64 bytes.
    const HEADER_MOST: u16 = 1024;
}
