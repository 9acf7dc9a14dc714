//! Reset, initialisation, and the end of all DMA.
//!
//! Order of a reset (`FACTS.md` section 2.1; for the rings "Intel 82598EB 10 Gigabit Ethernet Controller
//! Datasheet", PDF page 136):
//!
//! 1. Interrupts off (EIMC), all rings off, 2 ms for what is in flight, then the receiver off: it may be turned
//!    off
//!    only after all rings are.
//! 2. Master disable (CTRL.GIO_MASTER_DISABLE): the device starts no more PCIe requests, and STATUS shows
//!    when none is outstanding. If it never does, the reset is done twice.
//! 3. CTRL.RST, which clears itself; 1 ms before the first read, since the device does not answer at once, and
//!    50 ms after it.
//! 4. What the reset leaves wrong (the model's errata), then EEC.ARD (NVM read; without it the address of the
//!    port is not loaded) and RDRXCTL.DMAIDONE (the receive DMA is ready).
//!
//! Traps: a reset does not clear receive addresses, the multicast table and VLAN tables: earlier software's
//! would match. CTRL_EXT.NS_DIS has to be set on the 82598 ("specification change 4"). Relaxed ordering of
//! writes (DCA_RXCTRL, DCA_TXCTRL) would let a descriptor overtake its frame, and a driver would take a buffer
//! that is not filled yet. Most of HLREG0 is reserved and keeps its value.
//!
//! Master disable frees the memory of a device whose rings can't be seen to stop one by one, which on the 82598
//! is every device without a link. Only a reset lets it move data again.

use vmdq_hal::device::shared::filters::{own_address, remove_all};
use vmdq_hal::device::shared::master::Master;
use vmdq_hal::device::shared::rings::IN_FLIGHT;
use vmdq_hal::device::shared::{SharedRegs, tables};
use vmdq_hal::device::{Io, Life, Vlans, Warnings};
use vmdq_hal::reg::{Dma, RegArray};
use vmdq_hal::{Config, Fault, FrameLimit, MacAddress, Platform};

use crate::model::{Hooks, Ixgbe};
use crate::regs::{
    CTRL, CTRL_EXT, Common, DCA_RXCTRL, DCA_TXCTRL, EEC, HLREG0, MAXFRS, RDRXCTL, RXDCTL, Regs, TXDCTL,
};

/// How long rings take to stop when all are turned off at once, in microseconds.
const RINGS_STOP: u32 = 2_000;
/// How long the device does not answer after a reset, in microseconds.
const SILENT: u32 = 1_000;
/// How long the device takes to settle after that, in microseconds.
const SETTLES: u32 = 50_000;

/// The control registers of all rings.
#[derive(Clone, Copy)]
struct Controls {
    receive: RegArray<RXDCTL::Register, Dma>,
    transmit: RegArray<TXDCTL::Register, Dma>,
}

impl Controls {
    fn of<M: Regs>() -> Self {
        Self { receive: M::RXDCTL, transmit: M::TXDCTL }
    }
}

/// Turns all rings off, then the receiver: it may be turned off only after all rings are.
fn stop_rings<P: Platform>(io: Io<'_, P>, controls: Controls) {
    for i in 0..controls.transmit.len() {
        // SAFETY: without ENABLE the device uses less memory than before, never more.
        unsafe { controls.transmit.at(i).on(io).give_fields(TXDCTL::SWFLSH::SET) };
    }
    for i in 0..controls.receive.len() {
        // SAFETY: without ENABLE the device uses less memory than before, never more.
        unsafe { controls.receive.at(i).on(io).change(RXDCTL::ENABLE::CLEAR + RXDCTL::SWFLSH::SET) };
    }
    flush(io);
    io.wait_us(RINGS_STOP);
    Common::RXCTRL.on(io).set(0);
}

/// Waits until earlier writes have reached the device: a read can't overtake them.
pub(crate) fn flush<P: Platform>(io: Io<'_, P>) {
    let _ = Common::STATUS.on(io).get();
}

/// Masks every interrupt cause.
pub(crate) fn mask_all<P: Platform>(io: Io<'_, P>) {
    Common::EIMC.on(io).set(u32::MAX);
}

/// Stops rings and DMA, and resets.
fn reset<P: Platform>(io: Io<'_, P>, controls: Controls, master: Master) -> Result<Warnings, Fault> {
    if master.is_gone(io) {
        return Err(Fault::Gone);
    }
    mask_all(io);
    stop_rings(io, controls);
    let warnings = Warnings { master_not_quiet: master.stop(io).is_err(), ..Default::default() };
    // A device whose requests did not end needs a second reset.
    let resets = if warnings.master_not_quiet { 2 } else { 1 };
    for _ in 0..resets {
        Common::CTRL.on(io).modify(CTRL::RST::SET);
        io.wait_us(SILENT);
        io.until(Common::CTRL, 100, 1000, |value| !CTRL::RST.is_set(value))?;
        io.wait_us(SETTLES);
    }
    Ok(warnings)
}

/// Waits until the device is ready after a reset.
fn see_ready<P: Platform>(io: Io<'_, P>, warnings: &mut Warnings) -> Result<(), Fault> {
    // Not fatal: the address shows whether the NVM was read.
    warnings.nvm_not_read = io.until(Common::EEC, 10, 1000, |value| EEC::ARD.is_set(value)).is_err();
    io.until(Common::RDRXCTL, 10, 1000, |value| RDRXCTL::DMAIDONE.is_set(value))?;
    mask_all(io);
    Common::EICR.on(io).clear(u32::MAX);
    Ok(())
}

/// Sets up what is the same for all pools.
fn set_up_mac<P: Platform>(io: Io<'_, P>, config: &Config) {
    // `Port::init` has refused what is out of range; saturate all the same.
    let longest = FrameLimit::new(config.max_frame, u16::MAX).map_or(FrameLimit::LEAST, FrameLimit::hardware);
    Common::HLREG0
        .on(io)
        .modify(HLREG0::TXCRCEN::SET + HLREG0::RXCRCSTRP::SET + HLREG0::JUMBOEN::SET + HLREG0::TXPADEN::SET);
    Common::MAXFRS.on(io).modify(MAXFRS::MFS.val(longest.into()));
}

// SAFETY: no memory is handed to the device; `quiesce` returns `Ok` only after STATUS said that no request is
// under way after the master disable.
unsafe impl<M: Hooks> Life for Ixgbe<M> {
    fn reset<P: Platform>(self, io: Io<'_, P>) -> Result<Warnings, Fault> {
        let mut warnings = reset(io, Controls::of::<M>(), Master::of::<M::Shared>())?;
        M::after_reset(io);
        see_ready(io, &mut warnings)?;
        Ok(warnings)
    }

    fn holds_what_is_written<P: Platform>(self, io: Io<'_, P>) -> bool {
        // The second is elsewhere in the other family.
        tables::holds_what_is_written(io, M::Shared::MTA)
            && tables::holds_what_is_written(io, M::Shared::VFTA)
    }

    fn init<P: Platform>(self, io: Io<'_, P>, config: &Config) {
        self.clear(io);
        remove_all(io, M::Shared::RAL, M::Shared::RAH);
        Common::MCSTCTRL.on(io).set(0);
        tables::fill(io, M::Shared::MTA, 0);
        M::FCTRL.on(io).set(0);
        M::init(io);
        Common::CTRL_EXT.on(io).modify(CTRL_EXT::NS_DIS::SET + CTRL_EXT::DRV_LOAD::SET);
        for i in 0..M::DCA_RXCTRL.len() {
            let ordered = DCA_RXCTRL::DATA_WRO_EN::CLEAR + DCA_RXCTRL::HEAD_WRO_EN::CLEAR;
            M::DCA_RXCTRL.at(i).on(io).modify(ordered);
        }
        for i in 0..M::DCA_TXCTRL.len() {
            M::DCA_TXCTRL.at(i).on(io).modify(DCA_TXCTRL::DESC_WRO_EN::CLEAR);
        }
        set_up_mac(io, config);
    }

    fn address<P: Platform>(self, io: Io<'_, P>) -> MacAddress {
        own_address(io, M::Shared::RAL.at(0), M::Shared::RAH.at(0))
    }

    fn quiesce<P: Platform>(self, io: Io<'_, P>) -> Result<(), Fault> {
        stop_rings(io, Controls::of::<M>());
        Master::of::<M::Shared>().stop(io)?;
        io.wait_us(IN_FLIGHT);
        Ok(())
    }

    fn is_gone<P: Platform>(self, io: Io<'_, P>) -> bool {
        Master::of::<M::Shared>().is_gone(io)
    }
}
