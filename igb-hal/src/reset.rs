//! Reset and a known state: facts on "Reset" and "Initialisation" of the 82575 and 82576.

use embedded_hal::delay::DelayNs;
use vmdq_hal::bus::Bus;
use vmdq_hal::wait::until;
use vmdq_hal::{TimedOut, Warnings};

use crate::model::Model;
use crate::regs::{CTRL, EECD, GCR, RCTL, RFCTL, RXDCTL, STATUS, TCTL, TCTL_EXT, TXDCTL};

/// Stops the device from starting PCIe requests, and sees that none is under way.
pub(crate) fn stop_master<M: Model, B: Bus>(bus: &B, delay: &mut impl DelayNs) -> Result<(), TimedOut> {
    M::CTRL.on(bus).modify(CTRL::GIO_MASTER_DISABLE::SET);
    let status = M::STATUS.on(bus);
    until(
        M::STATUS.offset(),
        800,
        100,
        delay,
        || status.get(),
        |value| !STATUS::GIO_MASTER_ENABLE.is_set(value),
    )
}

/// Masks every interrupt cause.
fn mask_all<M: Model, B: Bus>(bus: &B) {
    M::EIMC.on(bus).set(u32::MAX);
    M::IMC.on(bus).set(u32::MAX);
}

/// Waits until earlier writes have reached the device: a read can't overtake them.
fn flush<M: Model, B: Bus>(bus: &B) {
    let _ = M::STATUS.on(bus).get();
}

/// Resets the device.
pub(crate) fn reset<M: Model, B: Bus>(bus: &B, delay: &mut impl DelayNs) -> Result<Warnings, TimedOut> {
    let status = M::STATUS.on(bus).get();
    if status == u32::MAX {
        return Err(TimedOut { register: M::STATUS.offset(), value: status });
    }
    let mut warnings =
        Warnings { master_not_quiet: stop_master::<M, B>(bus, delay).is_err(), ..Default::default() };
    // The time-out that PCIe devices start with is below what PCIe recommends (erratum).
    let gcr = M::GCR.on(bus);
    let mut control = gcr.get();
    if GCR::CMPL_TMOUT.read(control) == 0 && !GCR::CAP_VER2.is_set(control) {
        control = GCR::CMPL_TMOUT::MS10.modify(control);
    }
    gcr.set(GCR::CMPL_TMOUT_RESEND::CLEAR.modify(control));

    mask_all::<M, B>(bus);
    M::RCTL.on(bus).set(0);
    M::TCTL.on(bus).write(TCTL::PSP::SET);
    flush::<M, B>(bus);
    // What is in the packet buffer leaves it.
    delay.delay_ms(10);

    M::before_reset(bus);
    M::CTRL.on(bus).modify(CTRL::RST::SET);
    // The device does not answer for a moment after the reset.
    delay.delay_ms(1);
    let ctrl = M::CTRL.on(bus);
    until(M::CTRL.offset(), 100, 1000, delay, || ctrl.get(), |value| !CTRL::RST.is_set(value))?;
    // Not fatal: QEMU's igb never says so.
    let eecd = M::EECD.on(bus);
    warnings.nvm_not_read =
        until(M::EECD.offset(), 10, 1000, delay, || eecd.get(), |value| EECD::AUTO_RD.is_set(value)).is_err();
    mask_all::<M, B>(bus);
    let _ = M::ICR.on(bus).take();
    M::WUC.on(bus).set(0);
    Ok(warnings)
}

/// Brings the device from reset to a known state; receiver and transmitter are off.
pub(crate) fn init<M: Model, B: Bus>(bus: &B, delay: &mut impl DelayNs) {
    // Queue 0 is enabled out of reset, with no ring.
    M::RXDCTL.at(0).on(bus).modify(RXDCTL::ENABLE::CLEAR);
    M::TXDCTL.at(0).on(bus).modify(TXDCTL::ENABLE::CLEAR);
    for i in 0..M::VFTA.len() {
        M::VFTA.at(i).on(bus).set(0);
    }
    // Entry 0 is the port's own address, loaded from NVM.
    for entry in 1..M::RAH.len() {
        // AV off first.
        M::RAH.at(entry).on(bus).set(0);
        M::RAL.at(entry).on(bus).set(0);
    }
    for i in 0..M::MTA.len() {
        M::MTA.at(i).on(bus).set(0);
    }
    M::init(bus);
    // Flow control is off; MAC control frames are delivered (RCTL.PMCF, `controller.rs`).
    M::CTRL.on(bus).modify(CTRL::RFCE::CLEAR + CTRL::TFCE::CLEAR);
    // Erratum: IPv6 extension headers are parsed wrongly.
    M::RFCTL.on(bus).modify(RFCTL::IPV6_EX_DIS::SET);
    // What Intel's drivers set for all links.
    M::TCTL_EXT.on(bus).modify(TCTL_EXT::COLD.val(63));
    M::RCTL.on(bus).write(RCTL::RXEN::CLEAR);
    flush::<M, B>(bus);
    delay.delay_us(100);
}
