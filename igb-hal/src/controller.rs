//! The family's [`Controller`]: what core asks for, in terms of the modules beside.

use embedded_hal::delay::DelayNs;
use vmdq_hal::bus::{Bus, Offset};
use vmdq_hal::controller::{LiveAccept, NotStopped, ReceiveSetup, RingSetup, seal};
use vmdq_hal::{
    Causes, Config, Controller, DefaultQueueChoice, HeaderReplication, Link, MacAddress, Statistics,
    TimedOut, Warnings,
};

use crate::model::{I82576, Igb, Model};
use crate::regs::{CTRL, RCTL, RXCSUM, Regs, TCTL, VET};
use crate::{interrupts, link, reset, rings, statistics};

/// Error bits of a receive descriptor: CE, SE, SEQ, CXE, RXE. Valid only while bad packets are
/// stored. L4E and IPE (bits 29 and 30) tell of the payload and not of the frame.
const RX_ERRORS: u32 = 1 << 24 | 1 << 25 | 1 << 26 | 1 << 28 | 1 << 31;

/// The largest frame limit that Intel's drivers set on this family, in bytes with FCS.
const MAX_FRAME: u16 = 9728;

/// The type of an 802.1Q tag.
const DOT1Q: u32 = 0x8100;

/// Has the controller remove tags, or leave them. The receiver is off.
fn strip_tags<M: Model, B: Bus>(bus: &B, strip: bool) {
    if strip {
        // Whatever earlier software or the NVM set: tags of this type are meant.
        M::VET.on(bus).modify(VET::VET.val(DOT1Q));
    }
    // The 82576 goes by its pools' VMOLR while VMDq is on; Intel's driver sets both.
    M::CTRL.on(bus).modify(CTRL::VME.val(strip.into()));
}

impl<M> seal::Family for Igb<M> {}

/// RCTL as it is while VMDq is on.
fn receive_control<M: Model, B: Bus>(bus: &B, config: &Config) {
    let accepted = M::accept(bus, config);
    // VLAN filtering is off: tags make no difference to where a frame goes.
    let always = RCTL::RXEN::SET + RCTL::LPE::SET + RCTL::SECRC::SET + RCTL::PMCF::SET;
    M::RCTL.on(bus).set(always.value | accepted);
}

// SAFETY: the sequences touch the registers of their own queue or entry; rings are given to the
// device in `start_rx` and `start_tx` alone; `stop_rx`, `stop_tx` and `silence` see the device stop.
unsafe impl<M: Model> Controller for Igb<M> {
    type PerQueue<T> = M::PerQueue<T>;
    type PerFilter<T> = M::PerFilter<T>;
    type PerVector<T> = M::PerVector<T>;

    const NAME: &'static str = M::NAME;
    const MAX_FRAME: u16 = MAX_FRAME;
    const RX_ERRORS: u32 = RX_ERRORS;

    fn reset<B: Bus>(bus: &B, delay: &mut impl DelayNs) -> Result<Warnings, TimedOut> {
        reset::reset::<M, B>(bus, delay)
    }

    fn init<B: Bus>(bus: &B, _: &Config, delay: &mut impl DelayNs) {
        reset::init::<M, B>(bus, delay);
    }

    fn address<B: Bus>(bus: &B) -> MacAddress {
        MacAddress::from_register_halves(M::RAL.at(0).on(bus).get(), M::RAH.at(0).on(bus).get())
    }

    fn start_link<B: Bus>(bus: &B, delay: &mut impl DelayNs) {
        link::start::<M, B>(bus, delay);
    }

    fn link<B: Bus>(bus: &B) -> Link {
        link::state::<M, B>(bus)
    }

    fn enable_vmdq<B: Bus>(bus: &B, config: &Config, _: &mut impl DelayNs) {
        M::RXCSUM.on(bus).modify(RXCSUM::PCSD::SET);
        strip_tags::<M, B>(bus, config.strip_tags);
        M::enable(bus, config, 0);
        M::enable_msix(bus);
        // 0x0F is the collision threshold that Intel's drivers set.
        M::TCTL.on(bus).write(TCTL::EN::SET + TCTL::PSP::SET + TCTL::CT.val(0x0f) + TCTL::RTLC::SET);
        receive_control::<M, B>(bus, config);
    }

    fn disable_vmdq<B: Bus>(bus: &B, delay: &mut impl DelayNs) {
        M::RCTL.on(bus).set(0);
        M::TCTL.on(bus).write(TCTL::PSP::SET);
        let _ = M::STATUS.on(bus).get();
        delay.delay_ms(10);
        M::MRQC.on(bus).set(0);
        M::EIMC.on(bus).set(u32::MAX);
        M::IMC.on(bus).set(u32::MAX);
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

    fn tx_context(queue: u8) -> u8 {
        // The 82575 has one context for each queue and wants the queue's number.
        if M::TAIL_FOLLOWS { 0 } else { queue }
    }

    fn first_descriptors<B: Bus>(bus: &B, queue: u8) -> (u32, u32) {
        rings::first::<M, B>(bus, queue.into())
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
        // No queue may come to life again should the receiver be turned on.
        for queue in 0..Self::QUEUES {
            M::RXDCTL.at(queue).on(bus).set(0);
            M::TXDCTL.at(queue).on(bus).set(0);
        }
        M::RCTL.on(bus).set(0);
        M::TCTL.on(bus).write(TCTL::PSP::SET);
        reset::stop_master::<M, B>(bus, delay)
    }

    fn statistics<B: Bus>(bus: &B, into: &mut Statistics) {
        statistics::add::<M, B>(bus, Self::QUEUES, into);
    }

    fn route_queue<B: Bus>(bus: &B, vector: u8, queue: u8) {
        M::route_queue(bus, vector, queue);
    }

    fn route_others<B: Bus>(bus: &B, vector: u8) {
        interrupts::route_others::<M, B>(bus, vector);
    }

    fn vector_mask<B: Bus>(bus: &B, vector: u8, _: u64) -> u32 {
        M::vector_mask(bus, vector)
    }

    fn default_queue<B: Bus>(bus: &B) -> u8 {
        M::default_queue(bus)
    }

    fn unmask<B: Bus>(bus: &B, mask: u32) {
        M::EIMS.on(bus).raise(mask);
    }

    fn mask<B: Bus>(bus: &B, mask: u32) {
        M::EIMC.on(bus).set(mask);
    }

    fn fire<B: Bus>(bus: &B, mask: u32) {
        M::EICS.on(bus).set(mask);
    }

    fn causes<B: Bus>(bus: &B) -> Causes {
        interrupts::causes::<M, B>(bus)
    }
}

/// RAH.AV: the entry counts.
const ADDRESS_VALID: u32 = crate::regs::RAH::AV::SET.value;

impl<M: Model> LiveAccept for Igb<M> {
    fn accept<B: Bus>(bus: &B, config: &Config) {
        receive_control::<M, B>(bus, config);
    }
}

impl DefaultQueueChoice for I82576 {
    fn set_default<B: Bus>(bus: &B, config: &Config, queue: u8) {
        type M = crate::regs::I82576;
        // Pools and sorting are set up while the receiver is off.
        M::RCTL.on(bus).modify(RCTL::RXEN::CLEAR);
        <M as Model>::enable(bus, config, queue);
        M::RCTL.on(bus).modify(RCTL::RXEN::SET);
    }
}

impl<M: Model> HeaderReplication for Igb<M> {
    // BSIZEHEADER is 4 bits wide here (11:8).
    const HEADER_MOST: u16 = 960;
}
