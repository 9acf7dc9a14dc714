//! The controller on the PCI bus: found, placed, enabled, and its interrupts as messages.

use core::ops::Range;
use core::ptr::NonNull;

use pci_types::{ConfigRegionAccess, PciAddress};
use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::{Host, ModelName, Port, Reset, WaitWith};

use crate::arch;
use crate::ecam::Ecam;
use crate::report::{Stop, say};

/// The machine that drives the port.
pub type Machine = Host<Mmio, Identity, WaitWith>;

/// The model of the controller: any that is found.
#[cfg(not(feature = "i82576"))]
pub type Model = vmdq::Any;
/// The model of the controller: one alone, known while compiling.
#[cfg(feature = "i82576")]
pub type Model = vmdq::igb::I82576;

/// The controller's function.
pub struct Nic {
    ecam: Ecam,
    at: PciAddress,
    name: ModelName,
}

impl Nic {
    /// Finds a controller on bus 0, gives it a place for its registers if nobody did, and lets it start DMA.
    pub fn find() -> Result<Self, Stop> {
        let ecam = arch::ecam().ok_or(Stop("configuration space is not mapped"))?;
        let nic = (0..32).find_map(|device| {
            let at = PciAddress::new(0, 0, device, 0);
            let id = unsafe { ecam.read(at, 0) };
            let name = ModelName::from_pci_id(id as u16, (id >> 16) as u16)?;
            Some(Self { ecam, at, name })
        });
        let nic = nic.ok_or(Stop("there is no controller with VMDq"))?;
        if let Some(window) = arch::WINDOW {
            nic.place(window);
        }
        nic.write(4, nic.read(4) & 0xffff | 6);
        say!("{} at {}, registers at {:#x}", nic.name, nic.at, nic.bar(0));
        Ok(nic)
    }

    /// Makes the platform that drives it.
    pub fn machine(&self) -> Result<Machine, Stop> {
        let registers = NonNull::new(self.bar(0) as *mut u32).ok_or(Stop("the registers have no place"))?;
        // SAFETY: BAR 0 is there, for this driver alone; memory is mapped one to one, no IOMMU, coherent
        // caches; and the function waits as long as it is asked to.
        Ok(unsafe { Host::new(Mmio::new(registers), Identity::new(), WaitWith(arch::wait_us)) })
    }

    /// Makes the port.
    pub fn port(&self, machine: Machine) -> Result<Port<Model, Machine, Reset>, Stop> {
        #[cfg(not(feature = "i82576"))]
        let model = vmdq::Any::new(self.name).map_err(crate::report::because("another model is needed"))?;
        #[cfg(feature = "i82576")]
        let model = match self.name {
            ModelName::I82576 => vmdq::igb::I82576,
            _ => return Err(Stop("this was built for an 82576")),
        };
        // SAFETY: the PCI id says that it is this model, and it accesses only memory that it is given.
        Ok(unsafe { Port::new(model, machine) })
    }

    /// Turns MSI-X on, if the machine takes messages; tells whether it does.
    pub fn listen(&self, messages: Option<(u64, u32)>) -> bool {
        let Some((address, data)) = messages else { return false };
        let mut at = self.read(0x34) & 0xfc;
        while at != 0 && self.read(at as u16) & 0xff != 0x11 {
            at = self.read(at as u16) >> 8 & 0xfc;
        }
        if at == 0 {
            return false;
        }
        let at = at as u16;
        let table = self.read(at + 4);
        let entries = self.bar((table & 7) as u16) + u64::from(table & !7);
        for vector in 0..arch::VECTORS as u64 {
            let words = [address as u32, (address >> 32) as u32, data + vector as u32, 0];
            for (word, place) in words.into_iter().zip(0..) {
                let to = (entries + 16 * vector + 4 * place) as *mut u32;
                unsafe { to.write_volatile(word) };
            }
        }
        self.write(at, self.read(at) | 1 << 31);
        true
    }

    fn place(&self, window: Range<u32>) {
        let mut next = window.start;
        let mut bar = 0x10;
        while bar < 0x28 {
            self.write(bar, !0);
            let sizes = self.read(bar);
            let wide = sizes & 6 == 4;
            if sizes & 1 == 0 && sizes & !0xf != 0 {
                let size = (sizes & !0xf).wrapping_neg();
                next = next.next_multiple_of(size);
                self.write(bar, next);
                if wide {
                    self.write(bar + 4, 0);
                }
                next += size;
            }
            bar += if wide { 8 } else { 4 };
        }
    }

    fn bar(&self, bar: u16) -> u64 {
        let low = self.read(0x10 + 4 * bar);
        let high = if low & 6 == 4 { self.read(0x14 + 4 * bar) } else { 0 };
        u64::from(high) << 32 | u64::from(low & !0xf)
    }

    fn read(&self, offset: u16) -> u32 {
        unsafe { self.ecam.read(self.at, offset) }
    }

    fn write(&self, offset: u16, value: u32) {
        unsafe { self.ecam.write(self.at, offset, value) }
    }
}
