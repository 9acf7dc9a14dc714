//! Initialisation: from an unknown state to a configured device.

use core::marker::PhantomData;

use vmdq_core::FrameLimit;

use super::{InitError, Known, Port, Ready, Reset};
use crate::config::Config;
use crate::device::Model;
use crate::fault::{Fault, TimedOut};
use crate::fmt::{event, warning};
use crate::platform::Platform;
use crate::refused::Refused;
use crate::statistics::Statistics;

impl<M: Model, P: Platform> Port<M, P, Reset> {
    /// Makes a port of a controller in any state.
    ///
    /// # Safety
    ///
    /// - `platform` reaches a controller of this model, and the [`id`](crate::bus::Bus::id) of its bus
    ///   differs from that of every other controller's.
    /// - Nothing else drives the controller: no other handle to its registers is written, and no ring
    ///   of an earlier port on it is used again.
    /// - The controller touches only memory that it was given, writes no more to a buffer once it has written
    ///   back the buffer's descriptor, and touches none after it has reported that it stopped. What it writes
    ///   there and what its registers say is not trusted.
    pub const unsafe fn new(model: M, platform: P) -> Self {
        Self { model, platform, life: 0, known: Known::NOTHING, state: PhantomData }
    }

    /// Resets the device and configures it; receiver and transmitter stay off.
    ///
    /// Also checks that the device can be driven: registers hold what is written, the port has a unicast
    /// address, and DMA is allowed, where the platform can see it.
    ///
    /// # Errors
    ///
    /// [`InitError`] and the port, if the configuration is out of range, the device does not answer
    /// like one of this model, or the reset does not end in time.
    pub fn init(mut self, config: &Config) -> Result<Port<M, P, Ready>, Refused<InitError, Self>> {
        match self.try_init(config) {
            Ok(()) => Ok(self.into_state()),
            Err(error) => {
                warning!("{}: not initialised: {}", self.model.limits().name, error);
                Err(Refused::new(error, self))
            }
        }
    }

    fn try_init(&mut self, config: &Config) -> Result<(), InitError> {
        let model = self.model;
        let most = model.limits().max_frame;
        let limit = FrameLimit::new(config.max_frame, most);
        let limit = limit.ok_or(InitError::MaxFrame { least: FrameLimit::LEAST, most })?;
        if self.platform.is_bus_master() == Some(false) {
            return Err(InitError::NotBusMaster);
        }
        let reset = model.reset(self.io());
        match reset {
            // Where no device decodes, all reads are zero, and no wait for a bit ends: see below.
            Ok(_) | Err(Fault::TimedOut(TimedOut { value: 0, .. })) => {}
            Err(fault) => return Err(fault.into()),
        }
        if !model.holds_what_is_written(self.io()) {
            return Err(if model.is_gone(self.io()) { InitError::Gone } else { InitError::NotDecoded });
        }
        let warnings = reset?;
        event!("{}: reset", model.limits().name);
        if warnings.master_not_quiet {
            warning!(
                "{}: the controller did not report that its DMA had ended before the reset",
                model.limits().name
            );
        }
        if warnings.nvm_not_read {
            warning!("{}: the controller did not report that it has read its NVM", model.limits().name);
        }
        model.init(self.io(), config);
        let address = model.address(self.io());
        // The device may have gone after the first half of the address.
        if model.is_gone(self.io()) {
            return Err(InitError::Gone);
        }
        if !address.is_station() {
            return Err(InitError::Address(address));
        }
        // Counts from before are discarded.
        model.add_to(self.io(), &mut Statistics::default());
        self.known = Known { config: *config, limit, address, warnings, ..Known::NOTHING };
        event!("{}: initialised, address {}", model.limits().name, address);
        Ok(())
    }
}
