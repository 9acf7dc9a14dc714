//! The internal PHY, reached through MDIC under the semaphore that driver and firmware share (FACTS.md
//! sections 3.3 and 3.13).
//!
//! MDIC carries one 16-bit register of the PHY at a time: written with operation, address and data, it
//! reports READY, and ERROR besides if the PHY refused. The PHY is the port's own bit of SW_FW_SYNC, in the
//! low half for drivers and in the high half for the firmware; a side that finds both clear sets its own.
//! SW_FW_SYNC in turn is read and written under two locks in SWSM: SMBI among drivers, which a read that
//! returns 0 has just taken, and SWESMBI against the firmware, which is taken if it reads back 1.
//!
//! Traps:
//! - Any read of SWSM takes SMBI: an unintended read locks out all others.
//! - A holder that crashed leaves its bit set for ever. So every wait here is bounded, the waits for the
//!   semaphore have one bound together, and all of [`negotiate`] takes less than a second.
//! - Done does not mean success: READY may come with ERROR.

use vmdq_hal::bus::Offset;
use vmdq_hal::device::Io;
use vmdq_hal::{Fault, Platform, TimedOut};

use crate::regs::{BMCR, Common, MDIC, STATUS, SW_FW_SYNC, SWSM};

/// Address of the internal PHY.
const PHY: u32 = 1;
/// Number of the PHY's basic mode control register.
const BMCR_NUMBER: u32 = 0;

/// How long to wait for the PHY's semaphore in all, in microseconds.
const ACQUIRE: u32 = 700_000;
/// How long to wait for the locks when the semaphore is given back, in microseconds.
const RELEASE: u32 = 200_000;
/// How long to leave the locks alone when the semaphore is taken, in microseconds.
const PAUSE: u32 = 5000;
/// How long to wait before a lock is tried again, in microseconds.
const BETWEEN: u32 = 50;
/// How often MDIC is polled, and the time between two polls in microseconds.
const MDI: (u32, u32) = (640, 50);

/// Makes the PHY negotiate the link; waits 0.94 s at most.
///
/// A write that the PHY refuses is reported as a time-out, with the value of MDIC.
pub(super) fn negotiate<P: Platform>(io: Io<'_, P>) -> Result<(), Fault> {
    let status = Common::STATUS.on(io).get();
    if status == u32::MAX {
        return Err(Fault::Gone);
    }
    let own = ownership(STATUS::LAN_ID.read(status));
    acquire(io, own)?;
    let command = BMCR::AUTONEG_ENABLE::SET + BMCR::RESTART_AUTONEG::SET;
    Common::MDIC.on(io).write(
        MDIC::OP::WRITE + MDIC::PHY.val(PHY) + MDIC::REG.val(BMCR_NUMBER) + MDIC::DATA.val(command.value),
    );
    let done = io.until(Common::MDIC, MDI.0, MDI.1, |value| MDIC::READY.is_set(value));
    release(io, own);
    match done? {
        value if MDIC::ERROR.is_set(value) => Err(not_in_time(Common::MDIC.offset(), value)),
        _ => Ok(()),
    }
}

/// The driver's bit of SW_FW_SYNC that stands for a port's PHY.
fn ownership(port: u32) -> u32 {
    let own = match port {
        0 => SW_FW_SYNC::SW_PHY0::SET,
        1 => SW_FW_SYNC::SW_PHY1::SET,
        2 => SW_FW_SYNC::SW_PHY2::SET,
        _ => SW_FW_SYNC::SW_PHY3::SET,
    };
    own.value
}

/// The rest of a bounded wait, in microseconds.
struct Patience(u32);

impl Patience {
    /// Waits, if enough time is left.
    fn wait<P: Platform>(&mut self, io: Io<'_, P>, micros: u32) -> bool {
        let Some(left) = self.0.checked_sub(micros) else { return false };
        self.0 = left;
        io.wait_us(micros);
        true
    }

    /// Reads SWSM until it is `taken`.
    fn lock<P: Platform>(
        &mut self,
        io: Io<'_, P>,
        read: impl Fn() -> u32,
        taken: impl Fn(u32) -> bool,
    ) -> Result<(), Fault> {
        loop {
            let value = read();
            if value != u32::MAX && taken(value) {
                return Ok(());
            }
            if !self.wait(io, BETWEEN) {
                return Err(not_in_time(Common::SWSM.offset(), value));
            }
        }
    }
}

fn not_in_time(register: Offset, value: u32) -> Fault {
    if value == u32::MAX { Fault::Gone } else { Fault::TimedOut(TimedOut { register, value }) }
}

/// Takes the lock among drivers, then the one against the firmware.
fn lock<P: Platform>(io: Io<'_, P>, patience: &mut Patience) -> Result<(), Fault> {
    let swsm = Common::SWSM.on(io);
    // Reading 0 takes it: the read sets the bit.
    patience.lock(io, || swsm.get(), |value| !SWSM::SMBI.is_set(value))?;
    let ask = || {
        swsm.modify(SWSM::SWESMBI::SET);
        swsm.get()
    };
    patience.lock(io, ask, |value| SWSM::SWESMBI.is_set(value)).inspect_err(|_| unlock(io))
}

fn unlock<P: Platform>(io: Io<'_, P>) {
    Common::SWSM.on(io).modify(SWSM::SMBI::CLEAR + SWSM::SWESMBI::CLEAR);
}

/// Takes the PHY's semaphore.
fn acquire<P: Platform>(io: Io<'_, P>, own: u32) -> Result<(), Fault> {
    let sync = Common::SW_FW_SYNC.on(io);
    let held = own | SW_FW_SYNC::FW.val(own).value;
    let mut patience = Patience(ACQUIRE);
    loop {
        lock(io, &mut patience)?;
        let value = sync.get();
        if value & held == 0 {
            sync.set(value | own);
            unlock(io);
            return Ok(());
        }
        unlock(io);
        if !patience.wait(io, PAUSE) {
            return Err(not_in_time(Common::SW_FW_SYNC.offset(), value));
        }
    }
}

/// Gives the PHY's semaphore back. It is given back even without the lock, because the bit is the driver's own.
fn release<P: Platform>(io: Io<'_, P>, own: u32) {
    let locked = lock(io, &mut Patience(RELEASE)).is_ok();
    let sync = Common::SW_FW_SYNC.on(io);
    sync.set(sync.get() & !own);
    if locked {
        unlock(io);
    }
}
