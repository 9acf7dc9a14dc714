//! Reset and a known state.

use embedded_hal::delay::DelayNs;
use vmdq_hal::bus::Bus;
use vmdq_hal::wait::until;
use vmdq_hal::{Config, TimedOut, Warnings};

use crate::model::{Model, hardware_limit};
use crate::regs::{
    CTRL, CTRL_EXT, DCA_RXCTRL, DCA_TXCTRL, EEC, HLREG0, MAXFRS, RDRXCTL, RXDCTL, STATUS, TXDCTL,
};

/// How often the device is asked whether its PCIe requests have ended, every 100 microseconds.
const MASTER_TRIES: u32 = 800;

/// Stops the device from starting PCIe requests, and sees that none is under way.
pub(crate) fn stop_master<M: Model, B: Bus>(bus: &B, delay: &mut impl DelayNs) -> Result<(), TimedOut> {
    M::CTRL.on(bus).modify(CTRL::GIO_DIS::SET);
    let status = M::STATUS.on(bus);
    until(M::STATUS.offset(), MASTER_TRIES, 100, delay, || status.get(), |value| !STATUS::GIO.is_set(value))
}

/// Turns all queues off, then the receiver: it may be turned off only after all queues are.
pub(crate) fn stop_queues<M: Model, B: Bus>(bus: &B, delay: &mut impl DelayNs) {
    for i in 0..M::TXDCTL.len() {
        M::TXDCTL.at(i).on(bus).write(TXDCTL::SWFLSH::SET);
    }
    for i in 0..M::RXDCTL.len() {
        M::RXDCTL.at(i).on(bus).modify(RXDCTL::ENABLE::CLEAR + RXDCTL::SWFLSH::SET);
    }
    let _ = M::STATUS.on(bus).get();
    delay.delay_ms(2);
    M::RXCTRL.on(bus).set(0);
}

/// Resets the device.
pub(crate) fn reset<M: Model, B: Bus>(bus: &B, delay: &mut impl DelayNs) -> Result<Warnings, TimedOut> {
    let status = M::STATUS.on(bus).get();
    if status == u32::MAX {
        return Err(TimedOut { register: M::STATUS.offset(), value: status });
    }
    M::EIMC.on(bus).set(u32::MAX);
    stop_queues::<M, B>(bus, delay);
    let mut warnings =
        Warnings { master_not_quiet: stop_master::<M, B>(bus, delay).is_err(), ..Default::default() };
    // A device whose requests did not end needs a second reset.
    let resets = if warnings.master_not_quiet { 2 } else { 1 };
    for _ in 0..resets {
        M::CTRL.on(bus).modify(CTRL::RST::SET);
        delay.delay_ms(1);
        let ctrl = M::CTRL.on(bus);
        until(M::CTRL.offset(), 100, 1000, delay, || ctrl.get(), |value| !CTRL::RST.is_set(value))?;
        delay.delay_ms(50);
    }
    M::after_reset(bus);
    let eec = M::EEC.on(bus);
    warnings.nvm_not_read =
        until(M::EEC.offset(), 10, 1000, delay, || eec.get(), |value| EEC::ARD.is_set(value)).is_err();
    let receive = M::RDRXCTL.on(bus);
    until(M::RDRXCTL.offset(), 10, 1000, delay, || receive.get(), |value| RDRXCTL::DMAIDONE.is_set(value))?;
    M::EIMC.on(bus).set(u32::MAX);
    M::EICR.on(bus).clear(u32::MAX);
    Ok(warnings)
}

/// Brings the device from reset to a known state; receiver and transmitter are off.
pub(crate) fn init<M: Model, B: Bus>(bus: &B, config: &Config) {
    // A reset does not clear these tables.
    for i in 0..M::VFTA.len() {
        M::VFTA.at(i).on(bus).set(0);
    }
    // Entry 0 is the port's own address, loaded from NVM.
    for entry in 1..M::RAH.len() {
        // AV off first.
        M::RAH.at(entry).on(bus).set(0);
        M::RAL.at(entry).on(bus).set(0);
    }
    M::MCSTCTRL.on(bus).set(0);
    for i in 0..M::MTA.len() {
        M::MTA.at(i).on(bus).set(0);
    }
    M::init(bus);
    // Required on the 82598 ("specification change 4").
    M::CTRL_EXT.on(bus).modify(CTRL_EXT::NS_DIS::SET + CTRL_EXT::DRV_LOAD::SET);
    // Relaxed ordering of writes would let a descriptor overtake its frame.
    for i in 0..M::DCA_RXCTRL.len() {
        M::DCA_RXCTRL.at(i).on(bus).modify(DCA_RXCTRL::DATA_WRO_EN::CLEAR + DCA_RXCTRL::HEAD_WRO_EN::CLEAR);
    }
    for i in 0..M::DCA_TXCTRL.len() {
        M::DCA_TXCTRL.at(i).on(bus).modify(DCA_TXCTRL::DESC_WRO_EN::CLEAR);
    }
    M::HLREG0
        .on(bus)
        .modify(HLREG0::TXCRCEN::SET + HLREG0::RXCRCSTRP::SET + HLREG0::JUMBOEN::SET + HLREG0::TXPADEN::SET);
    M::MAXFRS.on(bus).modify(MAXFRS::MFS.val(hardware_limit(config)));
}
