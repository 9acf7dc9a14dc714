//! One function of the PCI bus that is a controller with VMDq.

use core::fmt;

use pci_types::{CommandRegister, ConfigRegionAccess, HeaderType, PciAddress, PciHeader};

use super::config::{COMMAND, ID, Space};
use crate::any::{Any, NotDriven};
use crate::ids::{INTEL, ModelName, PCI_IDS, PciId};

/// Status, above the command: the function received a master abort or a target abort.
const ABORTS: u32 = 1 << 29 | 1 << 28;

/// A controller with VMDq that was found on the PCI bus.
///
/// [`controllers`](super::controllers) finds them. Configuration space is all that it accesses; the example
/// of the [module](super) shows the order of its methods.
#[derive(Debug)]
#[must_use]
pub struct Function<A> {
    pub(super) space: Space<A>,
    product: &'static PciId,
}

impl<A: ConfigRegionAccess> Function<A> {
    /// Returns the function at an address if it is a known controller.
    ///
    /// It is for a program that lists functions itself; [`controllers`](super::controllers) does it for others.
    ///
    /// # Safety
    ///
    /// As for [`controllers`](super::controllers), for this address.
    pub unsafe fn at(access: A, address: PciAddress) -> Option<Self> {
        // SAFETY: the caller's promise.
        let space = unsafe { Space::new(access, address) };
        let id = space.read(ID);
        let known = |product: &&PciId| id == u32::from(product.device) << 16 | u32::from(INTEL);
        let product = PCI_IDS.iter().find(known)?;
        let endpoint = PciHeader::new(address).header_type(space.access()) == HeaderType::Endpoint;
        endpoint.then_some(Self { space, product })
    }

    /// Returns where the function is: segment, bus, device and function.
    #[must_use]
    pub const fn address(&self) -> PciAddress {
        self.space.address()
    }

    /// Returns the product: PCI device id, model and variant.
    #[must_use]
    pub const fn product(&self) -> &'static PciId {
        self.product
    }

    /// Returns the name of the model, driven or not.
    #[must_use]
    pub const fn name(&self) -> ModelName {
        self.product.model
    }

    /// Returns the model with which a [`Port`](crate::Port) drives the controller.
    ///
    /// # Errors
    ///
    /// [`WhyNotDriven`], if it can't be driven.
    pub fn model(&self) -> Result<Any, WhyNotDriven> {
        let model = Any::new(self.product.model).map_err(|NotDriven(name)| WhyNotDriven::NoDriver(name))?;
        if self.product.link { Ok(model) } else { Err(WhyNotDriven::NoLink(self.product)) }
    }

    /// Reads the command register: whether memory space is decoded, and whether the function may start DMA.
    #[must_use]
    pub fn command(&self) -> CommandRegister {
        PciHeader::new(self.address()).command(self.space.access())
    }

    /// Turns memory space and bus mastering on: registers can be mapped then, and the controller may start DMA.
    ///
    /// # Errors
    ///
    /// [`NotEnabled`], if the command register does not show it.
    pub fn enable(&mut self) -> Result<(), NotEnabled> {
        let wanted = CommandRegister::MEMORY_ENABLE | CommandRegister::BUS_MASTER_ENABLE;
        self.set_command(self.command() | wanted);
        let command = self.command();
        // A function that is gone reads as all ones.
        if command.contains(wanted) && self.space.is_there() { Ok(()) } else { Err(NotEnabled) }
    }

    /// Turns bus mastering off, which ends all DMA and all MSI-X interrupts of the function.
    ///
    /// Requests under way may still complete.
    pub fn disable_bus_master(&mut self) {
        self.set_command(self.command() - CommandRegister::BUS_MASTER_ENABLE);
    }

    /// Tells whether a request of the function was refused since the last call, and clears the two bits of the
    /// status register that say so (received master abort, received target abort).
    ///
    /// After a start it means that the controller was given a bus address that reaches no memory: check
    /// that the [`DmaSpace`](crate::dma::DmaSpace) is that of this bus.
    pub fn take_aborts(&mut self) -> bool {
        let status_and_command = self.space.read(COMMAND);
        let aborts = status_and_command & ABORTS;
        // Ones clear status bits; all others are left.
        self.space.write(COMMAND, status_and_command & 0xffff | aborts);
        aborts != 0
    }

    pub(super) fn set_command(&mut self, command: CommandRegister) {
        self.space.write_half(COMMAND, command.bits());
    }
}

/// Why a controller that was found is not driven.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WhyNotDriven {
    /// The model is not driven yet: use an 82575, an 82576 or an 82598.
    NoDriver(ModelName),
    /// The model is driven, but the link of this variant is not set up (SerDes, SFP+, external PHY): use another
    /// variant. Where something else sets the link up, [`Any::new`] makes the model.
    NoLink(&'static PciId),
}

impl fmt::Display for WhyNotDriven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDriver(name) => NotDriven(*name).fmt(f),
            Self::NoLink(product) => write!(
                f,
                "the {} is driven, but not the link of this variant ({}): use another one, or set the link up",
                product.model, product.name
            ),
        }
    }
}
impl core::error::Error for WhyNotDriven {}

/// Memory space or bus mastering did not stay on: check that the function is still there and in power state
/// D0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NotEnabled;

impl fmt::Display for NotEnabled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "memory space or bus mastering did not stay on: check that the function is there and in D0",
        )
    }
}
impl core::error::Error for NotEnabled {}
