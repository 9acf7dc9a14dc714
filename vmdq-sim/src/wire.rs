//! The wire: frames towards the controller in order of arrival, and what it sent.

use std::collections::VecDeque;

use crate::testbed::WireFrame;

/// Both directions of the cable, and the controller's receive FIFO, which the models don't limit.
#[derive(Default, Debug)]
pub(crate) struct Wire {
    pub(crate) incoming: VecDeque<Vec<u8>>,
    pub(crate) sent: Vec<WireFrame>,
    /// Whether waiting frames are in the FIFO, so that a reset loses them. By default they wait outside.
    pub(crate) in_fifo: bool,
}

impl Wire {
    /// The controller was reset; returns how many frames are lost.
    pub(crate) fn reset(&mut self) -> usize {
        if self.in_fifo { core::mem::take(&mut self.incoming).len() } else { 0 }
    }
}

/// Frames that a model did not deliver, by reason.
///
/// Real controllers count only some of these; the models count all of them, so that a test can account for
/// every frame.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ModelDrops {
    /// No filter accepted the frame.
    pub filtered: u64,
    /// Longer than the limit (also in ROC).
    pub too_long: u64,
    /// Shorter than 64 bytes with FCS (also in RUC).
    pub too_short: u64,
    /// The queue had no descriptor and drops then (also in RQDPC; 82598: MPC and RNBC).
    pub no_descriptor: u64,
    /// The queue, or its pool, was disabled.
    pub disabled: u64,
    /// Lost in a reset while it waited for a descriptor; of an [`Emulated`](crate::Emulated) device, all that
    /// waited.
    pub reset: u64,
    /// The receive format of the queue is unknown to the device or its model, or a DMA was not granted.
    pub broken: u64,
}
