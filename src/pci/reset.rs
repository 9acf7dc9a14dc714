//! Power state D0, and the function-level reset.
//!
//! Leaving D3hot takes 10 ms, and unless the function says No_Soft_Reset it forgets its configuration space on
//! the way (PCI Power Management 1.2, sections 3.2.4 and 5.4.1). A function-level reset waits until no request
//! is pending, takes 100 ms and forgets the same (PCI Express Base 2.0, section 6.6.2).

use core::fmt;

use pci_types::{CommandRegister, ConfigRegionAccess};

use super::config::{EXPRESS, INITIATE_RESET, POWER, Saved};
use super::function::Function;

/// Power management: the register of the state.
const STATE: u16 = 0x04;
/// The state: 0 is D0, 3 is D3hot.
const STATE_MASK: u16 = 0b11;
/// Interrupt by power management: its status, which a 1 clears.
const PME_STATUS: u16 = 1 << 15;
/// How long leaving D3hot takes, in microseconds.
const WAKE: u32 = 10_000;
/// PCI Express: device capabilities, of which one bit says that there is a function-level reset.
const CAPABILITIES: u16 = 0x04;
const CAN_RESET: u32 = 1 << 28;
/// Device control, with the device status above it.
const CONTROL: u16 = 0x08;
/// Device status: requests are pending.
const PENDING: u32 = 1 << 21;
/// How long a reset takes, in microseconds, and a wait for requests at most.
const RESET: u32 = 100_000;
/// A poll, in microseconds.
const POLL: u32 = 1_000;
/// How often it is looked whether the function answers after a reset: one second in all.
const TRIES: u32 = 1_000;

impl<A: ConfigRegionAccess> Function<A> {
    /// Brings the function to power state D0, and waits 10 ms if it was in another.
    ///
    /// Addresses, the command register and the settings of its bus are restored if it lost them; MSI-X is off
    /// then. `wait_us` waits for that many microseconds.
    ///
    /// # Errors
    ///
    /// [`NotAwake`], if the function does not report D0.
    pub fn wake(&mut self, mut wait_us: impl FnMut(u32)) -> Result<(), NotAwake> {
        let Some(at) = self.space.capability(POWER) else {
            // Without the capability it is always in D0.
            return if self.space.is_there() { Ok(()) } else { Err(NotAwake) };
        };
        let state = self.space.read_half(at + STATE);
        if state & STATE_MASK != 0 {
            let (command, saved) = (self.command(), Saved::of(&self.space));
            self.space.write_half(at + STATE, state & !STATE_MASK & !PME_STATUS);
            wait_us(WAKE);
            self.set_command(command - DECODED);
            saved.restore(&self.space);
            self.set_command(command);
        }
        let now = self.space.read_half(at + STATE);
        if now & STATE_MASK == 0 && self.space.is_there() { Ok(()) } else { Err(NotAwake) }
    }

    /// Resets the function: all of its DMA ends, and it is as after power-on.
    ///
    /// Addresses and the settings of its bus are restored; memory space, bus mastering and MSI-X are off, so that
    /// [`enable`](Self::enable) comes next, and each entry of the table of vectors is masked. Takes 100 ms; 1.2 s at most. `wait_us` waits for that many
    /// microseconds, and no less.
    ///
    /// A [`Port`](crate::Port) that was in use goes on with [`quiesce`](crate::Port::quiesce) and
    /// [`reset`](crate::Port::reset).
    ///
    /// # Errors
    ///
    /// [`ResetError`]: after the first two nothing but bus mastering was changed.
    pub fn reset(&mut self, mut wait_us: impl FnMut(u32)) -> Result<(), ResetError> {
        let at = self.space.capability(EXPRESS).ok_or(ResetError::NoReset)?;
        if self.space.read(at + CAPABILITIES) & CAN_RESET == 0 {
            return Err(ResetError::NoReset);
        }
        let saved = Saved::of(&self.space);
        let command = self.command();
        self.disable_bus_master();
        let mut waited = 0;
        while self.space.read(at + CONTROL) & PENDING != 0 {
            if waited >= RESET {
                return Err(ResetError::Pending);
            }
            wait_us(POLL);
            waited += POLL;
        }
        let control = self.space.read_half(at + CONTROL);
        self.space.write_half(at + CONTROL, control | INITIATE_RESET);
        wait_us(RESET);
        let mut left = TRIES;
        while !self.is_back() {
            left = left.checked_sub(1).ok_or(ResetError::Silent)?;
            wait_us(POLL);
        }
        self.set_command(command - DECODED - CommandRegister::BUS_MASTER_ENABLE);
        saved.restore(&self.space);
        Ok(())
    }

    /// Tells whether the function answers, with an id that is its own.
    fn is_back(&self) -> bool {
        (self.space.read(super::config::ID) >> 16) as u16 == self.product().device
    }
}

/// Memory and I/O space.
const DECODED: CommandRegister = CommandRegister::MEMORY_ENABLE.union(CommandRegister::IO_ENABLE);

/// The function does not report power state D0: check that it is still there, and power-cycle it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NotAwake;

impl fmt::Display for NotAwake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the function does not report power state D0: check that it is there, and power-cycle it")
    }
}
impl core::error::Error for NotAwake {}

/// Why a function was not reset.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ResetError {
    /// It has no function-level reset: [`Port::init`](crate::Port::init) resets the controller all the same.
    NoReset,
    /// Requests stay pending: bus mastering is off now; reset the bus, or power-cycle the device.
    Pending,
    /// It does not answer after the reset: it is gone.
    Silent,
}

impl fmt::Display for ResetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoReset => "the function has no reset of its own: initialise the port, which resets it",
            Self::Pending => {
                "requests of the function stay pending: reset the bus, or power-cycle the device"
            }
            Self::Silent => "the function does not answer after its reset: it is gone",
        })
    }
}
impl core::error::Error for ResetError {}
