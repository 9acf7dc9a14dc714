//! The search for controllers on a range of buses.

use core::ops::RangeInclusive;

use pci_types::{ConfigRegionAccess, PciAddress, PciHeader};

use super::function::Function;

/// Devices of a bus.
const DEVICES: u8 = 32;
/// Functions of a device.
const FUNCTIONS: u8 = 8;
/// The vendor id that reads where no function is.
const NO_VENDOR: u16 = 0xffff;

/// Finds the controllers with VMDq on a range of buses, driven or not.
///
/// Each function is yielded once. Bridges are not followed: the firmware has numbered the buses behind them,
/// and `buses` says which there are. Functions 1 to 7 are looked at where function 0 says that there are more.
///
/// # Safety
///
/// - `access` reaches the configuration space of each function on these buses, and reads all ones where none
///   is.
/// - Nothing else drives the controllers that are found, or changes their configuration space, as long as a
///   [`Function`] is used.
/// - No [`Port`](crate::Port) of a controller is in use while its BARs are sized or assigned, or it is woken or
///   reset: its registers are elsewhere meanwhile, and what reads 0 there is no proof that it has stopped.
/// - The controllers have no memory from earlier software when bus mastering or MSI-X is turned on: it has
///   stopped them, as firmware does before it starts a system, or [`Function::reset`] comes first.
pub unsafe fn controllers<A: ConfigRegionAccess + Clone>(
    access: A,
    segment: u16,
    buses: RangeInclusive<u8>,
) -> Controllers<A> {
    Controllers { access, segment, buses, bus: 0, device: DEVICES, function: 0, functions: 0 }
}

/// The iterator over controllers that [`controllers`] makes.
#[derive(Debug)]
#[must_use]
pub struct Controllers<A> {
    access: A,
    segment: u16,
    /// The buses that were not begun.
    buses: RangeInclusive<u8>,
    bus: u8,
    device: u8,
    function: u8,
    /// How many functions the device has at most.
    functions: u8,
}

impl<A: ConfigRegionAccess + Clone> Controllers<A> {
    fn at(&self, function: u8) -> PciAddress {
        // `new` panics on other numbers: the compiler has to see that there are none.
        PciAddress::new(self.segment, self.bus, self.device % DEVICES, function % FUNCTIONS)
    }

    /// Returns the next place where a function may be.
    fn place(&mut self) -> Option<PciAddress> {
        loop {
            if self.function < self.functions {
                let at = self.at(self.function);
                self.function += 1;
                return Some(at);
            }
            // It may be asked again after its end.
            self.device = self.device.saturating_add(1);
            if self.device >= DEVICES {
                self.bus = self.buses.next()?;
                self.device = 0;
            }
            let first = PciHeader::new(self.at(0));
            let there = first.id(&self.access).0 != NO_VENDOR;
            self.function = 0;
            self.functions = match there {
                true if first.has_multiple_functions(&self.access) => FUNCTIONS,
                true => 1,
                false => 0,
            };
        }
    }
}

impl<A: ConfigRegionAccess + Clone> Iterator for Controllers<A> {
    type Item = Function<A>;

    fn next(&mut self) -> Option<Function<A>> {
        loop {
            let address = self.place()?;
            // SAFETY: the promise that was made to `controllers`; each place comes once.
            if let Some(function) = unsafe { Function::at(self.access.clone(), address) } {
                return Some(function);
            }
        }
    }
}
