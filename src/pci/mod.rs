//! Finding a controller on the PCI bus, and enabling it.
//!
//! [`controllers`] lists the controllers with VMDq on a range of buses. Each is a [`Function`], which says what
//! it is ([`Function::model`]), where its registers are ([`Function::bar`]), and where its table of MSI-X
//! vectors is ([`Function::msix`]); it can be woken, reset and enabled.
//!
//! The program brings the access to configuration space, a [`ConfigRegionAccess`](pci_types::ConfigRegionAccess) of
//! the crate [`pci_types`], which is re-exported here. Where the machine has ECAM that is one read or write of
//! memory, as below; on an old PC it is one of the ports 0xCF8 and 0xCFC.
//!
//! # Examples
//!
//! From an unknown machine to a port that is initialised, on a machine that maps devices at their physical
//! addresses:
//!
//! ```no_run
//! use core::ptr::NonNull;
//! use vmdq::bus::Mmio;
//! use vmdq::dma::Identity;
//! use vmdq::msix::MsixTable;
//! use vmdq::pci::pci_types::{ConfigRegionAccess, PciAddress};
//! use vmdq::pci::{MemoryWindow, MsixState, controllers};
//! use vmdq::{Any, Config, Host, Port, Ready, WaitWith};
//!
//! /// The configuration space of bus 0 and its successors, as memory: 4 KiB for each function.
//! #[derive(Clone, Copy)]
//! struct Ecam(*mut u32);
//!
//! impl Ecam {
//!     fn at(self, function: PciAddress, offset: u16) -> *mut u32 {
//!         let (bus, device) = (usize::from(function.bus()), usize::from(function.device()));
//!         let function = bus << 20 | device << 15 | usize::from(function.function()) << 12;
//!         self.0.wrapping_byte_add(function | usize::from(offset))
//!     }
//! }
//!
//! impl ConfigRegionAccess for Ecam {
//!     unsafe fn read(&self, function: PciAddress, offset: u16) -> u32 {
//!         // SAFETY: it is inside the range that was promised (below).
//!         unsafe { self.at(function, offset).read_volatile() }
//!     }
//!
//!     unsafe fn write(&self, function: PciAddress, offset: u16, value: u32) {
//!         // SAFETY: as above.
//!         unsafe { self.at(function, offset).write_volatile(value) }
//!     }
//! }
//!
//! /// Maps a range of device memory.
//! fn map(address: u64) -> Result<NonNull<u32>, Box<dyn std::error::Error>> {
//!     Ok(NonNull::new(usize::try_from(address)? as *mut u32).ok_or("no address")?)
//! }
//!
//! type Machine = Host<Mmio, Identity, WaitWith>;
//!
//! fn first_controller(
//!     ecam: Ecam,
//!     wait_us: fn(u32),
//! ) -> Result<(Port<Any, Machine, Ready>, Option<MsixTable>), Box<dyn std::error::Error>> {
//!     // SAFETY: bus 0 is there, the controllers on it are this program's, and no firmware has used them.
//!     let mut found = unsafe { controllers(ecam, 0, 0..=0) };
//!     let mut nic = found.next().ok_or("no controller with VMDq on bus 0")?;
//!     let model = nic.model()?; // says why not
//!     nic.wake(wait_us)?;
//!
//!     let mut registers = nic.bar(0)?;
//!     if !registers.is_assigned() {
//!         // No firmware: QEMU's `virt` for RISC-V has its window here.
//!         // SAFETY: as the machine's description says; nobody else gives addresses out.
//!         let mut window = unsafe { MemoryWindow::new(0x4000_0000, 0x4000_0000) };
//!         registers = nic.assign(0, &mut window)?;
//!         nic.assign(3, &mut window)?; // the table of MSI-X vectors
//!     }
//!     nic.enable()?; // memory space and bus mastering
//!
//!     let mut table = None;
//!     if let Some(layout) = nic.msix() {
//!         let at = layout.table_in(&nic.bar(layout.table.bar)?).ok_or("the table is nowhere")?;
//!         // SAFETY: the table is mapped there, for this program alone.
//!         table = Some(unsafe { MsixTable::new(map(at)?, layout.entries) });
//!         nic.set_msix(MsixState::Masked)?; // `On` when the entries are written
//!     }
//!
//!     // SAFETY: BAR 0 is mapped there, for this driver alone; bus addresses are pointers, caches are coherent;
//!     // and the function waits as long as it is asked to.
//!     let machine = unsafe { Host::new(Mmio::new(map(registers.address)?), Identity::new(), WaitWith(wait_us)) };
//!     // SAFETY: the PCI id says that it is this model, and it accesses only memory that it is given.
//!     let port = unsafe { Port::new(model, machine) };
//!     Ok((port.init(&Config::DEFAULT)?, table))
//! }
//! ```
//!
//! # Limits
//!
//! The bridges above a controller are the firmware's: their bus numbers and windows are not set up. Nor is an
//! IOMMU, or the maximum payload of PCI Express.
#![allow(
    unsafe_code,
    reason = "accesses to configuration space are unsafe; what they rely on is promised once"
)]

mod bar;
mod config;
mod function;
mod msix;
mod reset;
mod scan;

pub use bar::{BarError, MemoryBar, MemoryWindow, NotAssigned};
pub use function::{Function, NotEnabled, WhyNotDriven};
pub use msix::{BarOffset, MsixLayout, MsixState, NoMsix};
pub use pci_types;
pub use reset::{NotAwake, ResetError};
pub use scan::{Controllers, controllers};
