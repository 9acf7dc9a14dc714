//! The model that the PCI id names, as a type: the choice is made once, and all that follows is
//! compiled for each model, without trait objects.

use core::fmt;

use vmdq_hal::Controller;

use crate::ids::Model;

/// Work that is written once for every controller.
///
/// What the work needs (the bus, memory) are fields of the implementing type.
///
/// # Examples
///
/// ```
/// use vmdq::{Controller, ForController, Model};
///
/// /// How many virtual machines get a queue of their own.
/// struct Guests;
///
/// impl ForController for Guests {
///     type Output = usize;
///
///     fn run<C: Controller>(self) -> usize {
///         C::QUEUES - 1
///     }
/// }
///
/// let model = Model::from_pci_id(0x8086, 0x10c9).unwrap();
/// assert_eq!(model.with(Guests).ok(), Some(7));
/// assert!(Model::X540.with(Guests).is_err());
/// ```
pub trait ForController {
    /// What comes out.
    type Output;

    /// Does the work on a controller of model `C`.
    fn run<C: Controller>(self) -> Self::Output;
}

impl Model {
    /// Does the work on the type that stands for this model.
    ///
    /// # Errors
    ///
    /// [`NotDriven`] and the work, if this crate family does not drive the model.
    pub fn with<W: ForController>(self, work: W) -> Result<W::Output, (NotDriven, W)> {
        match self {
            Self::I82575 => Ok(work.run::<igb_hal::I82575>()),
            Self::I82576 => Ok(work.run::<igb_hal::I82576>()),
            Self::I82598 => Ok(work.run::<ixgbe_hal::I82598>()),
            Self::I350 | Self::I82599 | Self::X540 => Err((NotDriven(self), work)),
        }
    }
}

/// This crate family does not drive the model yet: use an 82575, an 82576 or an 82598.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NotDriven(pub Model);

impl fmt::Display for NotDriven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} is not driven yet: use an 82575, an 82576 or an 82598", self.0)
    }
}
impl core::error::Error for NotDriven {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PCI_IDS;

    struct Name;
    impl ForController for Name {
        type Output = &'static str;

        fn run<C: Controller>(self) -> &'static str {
            C::NAME
        }
    }

    #[test]
    fn a_driven_model_runs_as_itself() {
        for known in &PCI_IDS {
            match known.model.with(Name) {
                Ok(name) => {
                    assert!(known.model.is_driven());
                    assert_eq!(name, known.model.name());
                }
                Err((NotDriven(model), _)) => assert!(!model.is_driven() && model == known.model),
            }
        }
    }
}
