//! Which controllers there are to choose from.

use clap::ValueEnum;
use vmdq::{Controller, ForController, Model};

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
    pub(crate) fn model(self) -> Model {
        match self {
            Self::I82575 => Model::I82575,
            Self::I82576 => Model::I82576,
            Self::I82598 => Model::I82598,
        }
    }
}

/// Asks how many virtual machines a model serves: one for every queue but the default one.
pub(crate) struct Vms;

impl ForController for Vms {
    type Output = usize;

    fn run<C: Controller>(self) -> usize {
        C::QUEUES - 1
    }
}
