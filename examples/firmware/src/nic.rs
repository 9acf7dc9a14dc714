//! The controller on the PCI bus: found, enabled, and its interrupts led to this processor.

use core::ptr::NonNull;

use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::msix::{MsixMessage, MsixTable};
use vmdq::pci::{Function, MsixState, controllers};
use vmdq::{Host, Port, Reset, VectorIndex, WaitWith};

use crate::arch;
use crate::ecam::Ecam;
use crate::report::{Stop, because, say};

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
    function: Function<Ecam>,
    registers: NonNull<u32>,
}

impl Nic {
    /// Finds a controller on bus 0 and enables it.
    pub fn find() -> Result<Self, Stop> {
        let ecam = arch::ecam().ok_or(Stop("configuration space is not mapped"))?;
        // SAFETY: bus 0 is there, the controllers on it are this program's, and no firmware has used them.
        let found = unsafe { controllers(ecam, 0, 0..=0) }.next();
        let mut function = found.ok_or(Stop("there is no controller with VMDq"))?;
        function.wake(arch::wait_us).map_err(because("the controller does not wake"))?;
        if let Some(mut window) = arch::window() {
            function.assign(0, &mut window).map_err(because("the registers get no address"))?;
        }
        let registers = function.bar(0).map_err(because("there are no registers"))?;
        function.enable().map_err(because("the controller can't be enabled"))?;
        say!("{} at {}, registers at {:#x}", function.product().name, function.address(), registers.address);
        Ok(Self { function, registers: mapped(registers.address)? })
    }

    /// Makes the platform that drives it.
    pub fn machine(&self) -> Machine {
        // SAFETY: BAR 0 is there, for this driver alone.
        let bus = unsafe { Mmio::new(self.registers) };
        // SAFETY: memory is mapped one to one, there is no IOMMU, and caches are coherent.
        let dma = unsafe { Identity::new() };
        // SAFETY: the function waits as long as it is asked to.
        unsafe { Host::new(bus, dma, WaitWith(arch::wait_us)) }
    }

    /// Makes the port.
    pub fn port(&self, machine: Machine) -> Result<Port<Model, Machine, Reset>, Stop> {
        let model = self.function.model().map_err(because("another controller is needed"))?;
        #[cfg(feature = "i82576")]
        let model = match model.name() {
            vmdq::ModelName::I82576 => vmdq::igb::I82576,
            _ => return Err(Stop("this was built for an 82576")),
        };
        // SAFETY: the PCI id says that it is this model, and it accesses only memory that it is given.
        Ok(unsafe { Port::new(model, machine) })
    }

    /// Gives each vector its message, and lets the controller send them.
    pub fn listen(&mut self, messages: &[MsixMessage]) -> Result<(), Stop> {
        const NONE: &str = "the controller sends no messages";
        let layout = self.function.msix().ok_or(Stop(NONE))?;
        let bar = self.function.bar(layout.table.bar).map_err(because(NONE))?;
        let at = layout.table_in(&bar).ok_or(Stop(NONE))?;
        // SAFETY: the table is there, for this program alone.
        let mut table = unsafe { MsixTable::new(mapped(at)?, layout.entries) };
        self.function.set_msix(MsixState::Masked).map_err(because(NONE))?;
        for (&message, vector) in messages.iter().zip(0..) {
            table.set(VectorIndex::new(vector), message).map_err(because(NONE))?;
            table.unmask(VectorIndex::new(vector)).map_err(because(NONE))?;
        }
        self.function.set_msix(MsixState::On).map_err(because(NONE))
    }
}

/// Finds a device in the address space: all of it is mapped one to one.
fn mapped(address: u64) -> Result<NonNull<u32>, Stop> {
    NonNull::new(address as *mut u32).ok_or(Stop("the controller has no address"))
}
