//! Configuration space that is mapped into the address space (ECAM): 4 KiB for each function.

use vmdq::pci::pci_types::{ConfigRegionAccess, PciAddress};

/// Configuration space of one segment.
#[derive(Clone, Copy)]
pub struct Ecam(usize);

impl Ecam {
    /// Names the configuration space at an address.
    ///
    /// # Safety
    ///
    /// The machine has configuration space of 256 buses there.
    pub const unsafe fn at(address: usize) -> Self {
        Self(address)
    }

    fn register(self, address: PciAddress, offset: u16) -> *mut u32 {
        let function = usize::from(address.device()) << 3 | usize::from(address.function());
        (self.0 + (usize::from(address.bus()) << 20 | function << 12 | usize::from(offset & 0xffc)))
            as *mut u32
    }
}

impl ConfigRegionAccess for Ecam {
    unsafe fn read(&self, address: PciAddress, offset: u16) -> u32 {
        // SAFETY: inside configuration space (`at`).
        unsafe { self.register(address, offset).read_volatile() }
    }

    unsafe fn write(&self, address: PciAddress, offset: u16, value: u32) {
        // SAFETY: inside configuration space (`at`); what the value does is the caller's to know.
        unsafe { self.register(address, offset).write_volatile(value) }
    }
}
