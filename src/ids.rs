//! PCI ids of the controllers with VMDq, and the model that each of them is.
//!
//! Device ids: `E1000_DEV_ID_*` and `IXGBE_DEV_ID_*` of DPDK's base drivers. Virtual functions (such as 10CA
//! of the 82576) have ids of their own and no VMDq, so they are not listed.

use core::fmt;

/// The PCI vendor id of Intel.
pub const INTEL: u16 = 0x8086;

/// The name of a controller with VMDq, driven or not, as its PCI id gives it.
///
/// [`Any::new`](crate::Any::new) makes the model of it that a port takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ModelName {
    /// 82575: 4 pools, a filter names one of them.
    I82575,
    /// 82576: 8 pools, a filter names a set of them.
    I82576,
    /// I350: 8 pools. Not driven yet.
    I350,
    /// 82598: 16 pools, a filter names one of them.
    I82598,
    /// 82599 and X520: 64 pools. Not driven yet.
    I82599,
    /// X540: 64 pools. Not driven yet.
    X540,
}

impl ModelName {
    /// Finds the model of a PCI function, or `None` if it is not a controller with VMDq.
    ///
    /// # Examples
    ///
    /// ```
    /// use vmdq::ModelName;
    ///
    /// assert_eq!(ModelName::from_pci_id(0x8086, 0x10c9), Some(ModelName::I82576));
    /// assert_eq!(ModelName::from_pci_id(0x8086, 0x100e), None); // 82540EM: no VMDq
    /// ```
    #[must_use]
    pub const fn from_pci_id(vendor: u16, device: u16) -> Option<Self> {
        if vendor != INTEL {
            return None;
        }
        // A loop that a `const fn` can run.
        let mut i = 0;
        while i < PCI_IDS.len() {
            if PCI_IDS[i].device == device {
                return Some(PCI_IDS[i].model);
            }
            i += 1;
        }
        None
    }

    /// Tells whether this crate family drives the model; [`Any::new`](crate::Any::new) takes it then.
    #[must_use]
    pub const fn is_driven(self) -> bool {
        matches!(self, Self::I82575 | Self::I82576 | Self::I82598)
    }

    /// Returns Intel's name of the model.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::I82575 => "82575",
            Self::I82576 => "82576",
            Self::I350 => "I350",
            Self::I82598 => "82598",
            Self::I82599 => "82599",
            Self::X540 => "X540",
        }
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One product: its PCI device id and its model. The vendor is [`INTEL`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct PciId {
    /// The PCI device id.
    pub device: u16,
    /// The model of the controller.
    pub model: ModelName,
    /// The variant: package, port type or board.
    pub name: &'static str,
    /// Whether the link of this variant is set up where the model is driven: not on igb's SerDes ports, nor
    /// where the 82598 has an external PHY or an SFP+ module.
    pub link: bool,
}

const fn id(device: u16, model: ModelName, name: &'static str) -> PciId {
    PciId { device, model, name, link: true }
}

/// A variant of a driven model whose link is not set up.
const fn without_link(device: u16, model: ModelName, name: &'static str) -> PciId {
    PciId { link: false, ..id(device, model, name) }
}

/// Every known controller with VMDq, by model.
pub static PCI_IDS: [PciId; 46] = [
    id(0x10a7, ModelName::I82575, "82575EB copper"),
    without_link(0x10a9, ModelName::I82575, "82575EB fiber/SerDes"),
    id(0x10d6, ModelName::I82575, "82575GB quad copper"),
    id(0x10c9, ModelName::I82576, "82576 copper"),
    without_link(0x10e6, ModelName::I82576, "82576 fiber"),
    without_link(0x10e7, ModelName::I82576, "82576 SerDes"),
    id(0x10e8, ModelName::I82576, "82576 quad copper"),
    id(0x150a, ModelName::I82576, "82576NS"),
    without_link(0x150d, ModelName::I82576, "82576 quad SerDes"),
    without_link(0x1518, ModelName::I82576, "82576NS SerDes"),
    id(0x1526, ModelName::I82576, "82576 quad copper ET2"),
    id(0x1521, ModelName::I350, "I350 copper"),
    id(0x1522, ModelName::I350, "I350 fiber"),
    id(0x1523, ModelName::I350, "I350 SerDes"),
    id(0x1524, ModelName::I350, "I350 SGMII"),
    id(0x1546, ModelName::I350, "I350 DA4"),
    id(0x10b6, ModelName::I82598, "82598 backplane"),
    id(0x10c6, ModelName::I82598, "82598AF dual port"),
    id(0x10c7, ModelName::I82598, "82598AF single port"),
    without_link(0x10c8, ModelName::I82598, "82598AT"),
    without_link(0x10db, ModelName::I82598, "82598EB SFP LOM"),
    id(0x10dd, ModelName::I82598, "82598EB CX4"),
    without_link(0x10e1, ModelName::I82598, "82598 SR dual port EM"),
    id(0x10ec, ModelName::I82598, "82598 CX4 dual port"),
    without_link(0x10f1, ModelName::I82598, "82598 DA dual port"),
    id(0x10f4, ModelName::I82598, "82598EB XF LR"),
    id(0x1508, ModelName::I82598, "82598 BX"),
    without_link(0x150b, ModelName::I82598, "82598AT2"),
    id(0x10f7, ModelName::I82599, "82599 KX4"),
    id(0x10f8, ModelName::I82599, "82599 combo backplane"),
    id(0x10f9, ModelName::I82599, "82599 CX4"),
    id(0x10fb, ModelName::I82599, "82599 SFP (X520)"),
    id(0x10fc, ModelName::I82599, "82599 XAUI LOM"),
    id(0x1507, ModelName::I82599, "82599 SFP EM"),
    id(0x1514, ModelName::I82599, "82599 KX4 mezzanine"),
    id(0x1517, ModelName::I82599, "82599 KR"),
    id(0x151c, ModelName::I82599, "82599 T3 LOM"),
    id(0x1529, ModelName::I82599, "82599 SFP FCoE"),
    id(0x152a, ModelName::I82599, "82599 backplane FCoE"),
    id(0x154a, ModelName::I82599, "82599 SFP quad port"),
    id(0x154d, ModelName::I82599, "82599 SFP SF2"),
    id(0x154f, ModelName::I82599, "82599 LS"),
    id(0x1557, ModelName::I82599, "82599EN SFP"),
    id(0x1558, ModelName::I82599, "82599 QSFP quad port"),
    id(0x1528, ModelName::X540, "X540-T"),
    id(0x1560, ModelName::X540, "X540-T1"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_listed_once_and_found() {
        for (i, known) in PCI_IDS.iter().enumerate() {
            assert_eq!(ModelName::from_pci_id(INTEL, known.device), Some(known.model));
            assert!(
                PCI_IDS[i + 1..].iter().all(|other| other.device != known.device),
                "{:04x}",
                known.device
            );
        }
    }

    #[test]
    fn others_are_not_found() {
        assert_eq!(ModelName::from_pci_id(INTEL, 0x10ca), None, "a virtual function");
        assert_eq!(ModelName::from_pci_id(0x1af4, 0x10c9), None, "another vendor");
        assert_eq!(ModelName::from_pci_id(0xffff, 0xffff), None, "an empty slot");
    }
}
