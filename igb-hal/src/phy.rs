//! The internal PHY, reached through MDIC under the semaphore that driver and firmware share.

use embedded_hal::delay::DelayNs;
use vmdq_hal::TimedOut;
use vmdq_hal::bus::Bus;
use vmdq_hal::wait::until;

use crate::model::Model;
use crate::regs::{MDIC, STATUS, SWSM};

/// Address of the internal PHY.
const PHY: u32 = 1;
/// PHY register 0: basic mode control.
const BMCR: u32 = 0;
/// Negotiate, and begin now.
const RESTART_AUTONEGOTIATION: u32 = 0x1200;

/// The bits of SW_FW_SYNC that stand for a port's PHY: the driver's, and above it the firmware's.
fn ownership(port: u32) -> (u32, u32) {
    let bit: u32 = [1, 2, 5, 6][port as usize & 3];
    (1 << bit, 1 << (bit + 16))
}

/// Makes the PHY negotiate the link. A write that the PHY refuses is reported as one that never
/// ended, with what MDIC says.
pub(crate) fn negotiate<M: Model, B: Bus>(bus: &B, delay: &mut impl DelayNs) -> Result<(), TimedOut> {
    let (own, firmware) = ownership(M::STATUS.on(bus).read(STATUS::LAN_ID));
    acquire::<M, B>(bus, own, firmware, delay)?;
    M::MDIC.on(bus).write(
        MDIC::OP::WRITE + MDIC::PHY.val(PHY) + MDIC::REG.val(BMCR) + MDIC::DATA.val(RESTART_AUTONEGOTIATION),
    );
    let mdic = M::MDIC.on(bus);
    let done = until(M::MDIC.offset(), 640, 50, delay, || mdic.get(), |value| MDIC::READY.is_set(value));
    let value = mdic.get();
    release::<M, B>(bus, own, delay);
    // Done is not done well.
    if MDIC::ERROR.is_set(value) { Err(TimedOut { register: M::MDIC.offset(), value }) } else { done }
}

/// Takes the semaphore among drivers, then the one towards the firmware.
fn lock<M: Model, B: Bus>(bus: &B, delay: &mut impl DelayNs) -> Result<(), TimedOut> {
    let swsm = M::SWSM.on(bus);
    // Reading 0 takes it: the read sets the bit.
    until(M::SWSM.offset(), 2000, 50, delay, || swsm.get(), |value| !SWSM::SMBI.is_set(value))?;
    until(
        M::SWSM.offset(),
        2000,
        50,
        delay,
        || {
            swsm.modify(SWSM::SWESMBI::SET);
            swsm.get()
        },
        |value| SWSM::SWESMBI.is_set(value),
    )
    .inspect_err(|_| unlock::<M, B>(bus))
}

fn unlock<M: Model, B: Bus>(bus: &B) {
    M::SWSM.on(bus).modify(SWSM::SMBI::CLEAR + SWSM::SWESMBI::CLEAR);
}

/// Takes a shared resource.
fn acquire<M: Model, B: Bus>(
    bus: &B,
    own: u32,
    firmware: u32,
    delay: &mut impl DelayNs,
) -> Result<(), TimedOut> {
    let sync = M::SW_FW_SYNC.on(bus);
    let mut value = 0;
    for _ in 0..200 {
        lock::<M, B>(bus, delay)?;
        value = sync.get();
        if value & (own | firmware) == 0 {
            sync.set(value | own);
            unlock::<M, B>(bus);
            return Ok(());
        }
        unlock::<M, B>(bus);
        delay.delay_ms(5);
    }
    Err(TimedOut { register: M::SW_FW_SYNC.offset(), value })
}

/// Gives a shared resource back. Without the lock it is given back all the same: the bit is ours.
fn release<M: Model, B: Bus>(bus: &B, own: u32, delay: &mut impl DelayNs) {
    let locked = lock::<M, B>(bus, delay).is_ok();
    let sync = M::SW_FW_SYNC.on(bus);
    sync.set(sync.get() & !own);
    if locked {
        unlock::<M, B>(bus);
    }
}
