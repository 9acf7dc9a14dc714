//! Reset, a known state, and the end of all DMA (FACTS.md sections 3.1, 3.2 and 3.12).
//!
//! What the device was doing is unknown when a driver comes: a boot loader may have left rings behind. So
//! its DMA is stopped first, then it is reset, then every register that a reset leaves undefined is written.
//!
//! The order of a reset: the master disable, so that no PCIe request is cut in two; the completion
//! time-out (erratum: it starts with less than PCIe recommends); interrupts masked, receiver and
//! transmitter off, 10 ms for the packet buffer to drain; CTRL.RST, which clears itself; EECD.AUTO_RD, with
//! which the device says that it has read its NVM again.
//!
//! Traps:
//! - The device answers nothing for a moment after CTRL.RST: the driver waits before it asks.
//! - EECD.AUTO_RD may never come (QEMU's igb): that is a warning and no error.
//! - Queue 0 is enabled out of reset, with no ring behind it.
//! - The 82575's split of the packet buffer (PBA) takes effect with the reset, so it is written before.
//! - MTA, VFTA, UTA, VLVF and the receive addresses but entry 0 keep their contents.
//! - RFCTL.IPV6_EX_DIS: IPv6 extension headers are parsed wrongly (erratum).
//!
//! Section 5.4 of the *82575EB Gigabit Ethernet Controller Software Developer's Manual* is the nearest that
//! Intel published; the sequence itself is that of all open drivers.

use vmdq_hal::device::shared::filters::{own_address, remove_all};
use vmdq_hal::device::shared::master::Master;
use vmdq_hal::device::shared::rings::{IN_FLIGHT, Ring, turn_all_off};
use vmdq_hal::device::shared::tables;
use vmdq_hal::device::{Io, Life, SharedRegs, Vlans, Warnings};
use vmdq_hal::{Config, Fault, MacAddress, Platform, RingIndex};

use crate::model::{Hooks, Igb};
use crate::regs::{CTRL, Common, EECD, GCR, RCTL, RFCTL, TCTL, TCTL_EXT};

/// How long the packet buffer takes to drain once the receiver is off, in microseconds.
const DRAIN: u32 = 10_000;
/// How long the device answers nothing after a reset, in microseconds.
const SILENT: u32 = 1000;

// SAFETY: no ring is handed over here; `quiesce` turns all rings off, sees the master quiet and waits for
// what is under way.
unsafe impl<M: Hooks> Life for Igb<M> {
    fn reset<P: Platform>(self, io: Io<'_, P>) -> Result<Warnings, Fault> {
        let master_not_quiet = come_to_rest(io, Master::of::<M::Shared>())?;
        M::before_reset(io);
        let nvm_not_read = reset(io)?;
        Ok(Warnings { nvm_not_read, master_not_quiet })
    }

    fn holds_what_is_written<P: Platform>(self, io: Io<'_, P>) -> bool {
        // The receiver is off, and `init` clears the tables. The second is elsewhere in the other family.
        tables::holds_what_is_written(io, Common::MTA)
            && tables::holds_what_is_written(io, Common::VFTA)
            && M::is_this_model(io)
    }

    fn init<P: Platform>(self, io: Io<'_, P>, _: &Config) {
        let queue = RingIndex::new(0);
        Ring::receive::<M::Shared>(queue).clear_enable(io);
        Ring::transmit::<M::Shared>(queue).clear_enable(io);
        Vlans::clear(self, io);
        remove_all(io, M::Shared::RAL, M::Shared::RAH);
        tables::fill(io, Common::MTA, 0);
        M::init(io);
        init(io, Master::of::<M::Shared>());
    }

    fn address<P: Platform>(self, io: Io<'_, P>) -> MacAddress {
        own_address(io, M::Shared::RAL.at(0), M::Shared::RAH.at(0))
    }

    fn quiesce<P: Platform>(self, io: Io<'_, P>) -> Result<(), Fault> {
        // No queue may come to life again should the receiver be turned on.
        turn_all_off(io, M::Shared::RXDCTL);
        turn_all_off(io, M::Shared::TXDCTL);
        receiver_and_transmitter_off(io);
        Master::of::<M::Shared>().stop(io)?;
        io.wait_us(IN_FLIGHT);
        Ok(())
    }

    fn is_gone<P: Platform>(self, io: Io<'_, P>) -> bool {
        Master::of::<M::Shared>().is_gone(io)
    }
}

/// Turns receiver and transmitter off.
pub(crate) fn receiver_and_transmitter_off<P: Platform>(io: Io<'_, P>) {
    Common::RCTL.on(io).set(0);
    Common::TCTL.on(io).write(TCTL::PSP::SET);
}

/// Masks every interrupt cause.
pub(crate) fn mask_all<P: Platform>(io: Io<'_, P>) {
    Common::EIMC.on(io).set(u32::MAX);
    Common::IMC.on(io).set(u32::MAX);
}

/// Stops the device's DMA; returns whether its PCIe requests did not end in time.
fn come_to_rest<P: Platform>(io: Io<'_, P>, master: Master) -> Result<bool, Fault> {
    if master.is_gone(io) {
        return Err(Fault::Gone);
    }
    let master_not_quiet = master.stop(io).is_err();
    // The time-out that PCIe devices start with is below what PCIe recommends (erratum).
    let gcr = Common::GCR.on(io);
    let mut control = gcr.get();
    if GCR::CMPL_TMOUT.read(control) == 0 && !GCR::CAP_VER2.is_set(control) {
        control = GCR::CMPL_TMOUT::MS10.modify(control);
    }
    gcr.set(GCR::CMPL_TMOUT_RESEND::CLEAR.modify(control));

    mask_all(io);
    receiver_and_transmitter_off(io);
    master.flush(io);
    io.wait_us(DRAIN);
    Ok(master_not_quiet)
}

/// Resets the device; returns whether it did not report that it has read its NVM.
fn reset<P: Platform>(io: Io<'_, P>) -> Result<bool, Fault> {
    Common::CTRL.on(io).modify(CTRL::RST::SET);
    io.wait_us(SILENT);
    io.until(Common::CTRL, 100, 1000, |value| !CTRL::RST.is_set(value))?;
    // Not fatal: QEMU's igb never reports it.
    let nvm_not_read = io.until(Common::EECD, 10, 1000, |value| EECD::AUTO_RD.is_set(value)).is_err();
    mask_all(io);
    let _ = Common::ICR.on(io).take();
    Common::WUC.on(io).set(0);
    Ok(nvm_not_read)
}

/// Sets what is the same on all models.
fn init<P: Platform>(io: Io<'_, P>, master: Master) {
    // Flow control is off; MAC control frames are delivered (RCTL.PMCF, `pools`).
    Common::CTRL.on(io).modify(CTRL::RFCE::CLEAR + CTRL::TFCE::CLEAR);
    Common::RFCTL.on(io).modify(RFCTL::IPV6_EX_DIS::SET);
    // What Intel's drivers set for all links.
    Common::TCTL_EXT.on(io).modify(TCTL_EXT::COLD.val(63));
    Common::RCTL.on(io).write(RCTL::RXEN::CLEAR);
    master.flush(io);
    io.wait_us(100);
}
