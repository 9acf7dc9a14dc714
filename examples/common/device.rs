//! Which controllers there are to choose from.

use clap::ValueEnum;
use vmdq::device::Model;
use vmdq::{Any, ModelName};

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Device {
    #[value(name = "82575")]
    I82575,
    #[value(name = "82576")]
    I82576,
    #[value(name = "82598")]
    I82598,
}

impl Device {
    fn name(self) -> ModelName {
        match self {
            Self::I82575 => ModelName::I82575,
            Self::I82576 => ModelName::I82576,
            Self::I82598 => ModelName::I82598,
        }
    }

    /// Returns the model, as a driver takes it that learns it while running.
    pub(crate) fn model(self) -> Result<Any, String> {
        Any::new(self.name()).map_err(|error| format!("--device: {error}"))
    }
}

/// Returns how many virtual machines a model serves: one for every pool but the default one.
pub(crate) fn machines(model: Any) -> usize {
    usize::from(model.limits().pools) - 1
}
