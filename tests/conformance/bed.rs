//! The test beds, and what a check must know of them beyond [`Testbed`].

use embedded_hal::delay::DelayNs;
use vmdq::MacAddress;
use vmdq::bus::{Bus, Offset};
use vmdq_sim::{InjectedFault, Qemu, Sim, Testbed};

/// A test bed for conformance checks.
pub(crate) trait Bed: Testbed {
    /// Makes another controller of the same model.
    fn another(&self) -> Self;

    /// Returns the controller's own address, as the bed's maker set it.
    fn own(&self) -> MacAddress;
}

/// A model: its interrupts can be seen, and its cable can be pulled.
pub(crate) trait Model: Bed {
    /// Takes the messages since the last call.
    fn messages(&mut self) -> Vec<u16>;

    /// Plugs the cable in, or pulls it.
    fn cable(&mut self, plugged: bool);

    /// Resets the function as somebody else would, behind the driver's back.
    fn reset_from_outside(&mut self);

    /// Makes the device continue with DMA after a master disable.
    fn never_rests(&mut self);
}

impl Model for Sim {
    fn messages(&mut self) -> Vec<u16> {
        self.take_interrupts()
    }

    fn cable(&mut self, plugged: bool) {
        self.set_link(plugged);
    }

    fn reset_from_outside(&mut self) {
        /// CTRL.RST, at the same place on all devices.
        const RST: u32 = 1 << 26;
        // SAFETY: a reset takes memory away from the device and gives it none.
        unsafe { self.bus().write32(Offset::new(0), RST) };
        self.delay().delay_ms(100);
        // Whoever it is does not keep to the order of a driver.
        self.forget_violations();
    }

    fn never_rests(&mut self) {
        self.inject_fault(InjectedFault::MasterNeverStops);
    }
}

impl Bed for Sim {
    fn another(&self) -> Self {
        Self::new(self.kind())
    }

    fn own(&self) -> MacAddress {
        MacAddress(self.mac())
    }
}

impl Bed for Qemu {
    fn another(&self) -> Self {
        Self::start().expect("QEMU started before")
    }

    fn own(&self) -> MacAddress {
        MacAddress(Self::MAC)
    }
}

/// Starts QEMU, or says once that its checks are left out.
pub(crate) fn qemu() -> Option<Qemu> {
    crate::common::qemu("conformance on QEMU and its departures")
}
