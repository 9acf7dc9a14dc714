//! Which controllers there are to choose from, and what each can be asked for.

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

/// What a device can be asked for.
pub(crate) struct Range {
    /// Virtual machines: every queue but the default one.
    pub(crate) vms: usize,
    pub(crate) max_frame: u16,
}

/// Asks for the [`Range`] of a model.
pub(crate) struct Limits;

impl ForController for Limits {
    type Output = Range;

    fn run<C: Controller>(self) -> Range {
        Range { vms: C::QUEUES - 1, max_frame: C::MAX_FRAME }
    }
}
