//! Reset, initialisation, and the end of all DMA.

use super::Io;
use crate::config::Config;
use crate::fault::Fault;
use crate::platform::Platform;
use vmdq_core::MacAddress;

/// Waits of a reset that timed out, which does no harm.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Warnings {
    /// The controller did not report that it has read its NVM (EECD.AUTO_RD, EEC.ARD).
    pub nvm_not_read: bool,
    /// The controller did not report that its DMA had stopped before the reset.
    pub master_not_quiet: bool,
}

/// Reset, initialisation and shutdown of a device.
///
/// # Safety
///
/// See [`Model`](super::Model).
pub unsafe trait Life: Copy {
    /// Stops all DMA and interrupts and resets the device.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it is gone, or the reset does not end.
    fn reset<P: Platform>(self, io: Io<'_, P>) -> Result<Warnings, Fault>;

    /// Writes patterns to registers that must hold them, and returns whether they did.
    ///
    /// One of the registers has another offset in the other family. The device has just been reset; `init`
    /// writes the registers again.
    fn holds_what_is_written<P: Platform>(self, io: Io<'_, P>) -> bool;

    /// Brings the device from reset to a known state, receiver and transmitter off.
    fn init<P: Platform>(self, io: Io<'_, P>, config: &Config);

    /// Reads the port's own address, as it was loaded from NVM.
    fn address<P: Platform>(self, io: Io<'_, P>) -> MacAddress;

    /// Turns every queue off, then all DMA, and waits until it has stopped.
    ///
    /// Only a reset starts it again.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the device is gone or does not report that it has stopped.
    fn quiesce<P: Platform>(self, io: Io<'_, P>) -> Result<(), Fault>;

    /// Returns whether the device is gone: a register that is never all ones reads all ones.
    fn is_gone<P: Platform>(self, io: Io<'_, P>) -> bool;
}
