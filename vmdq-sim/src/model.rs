//! A model with its board, and the handle by which several share it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vmdq_hal::bus::PortId;

use crate::board::{Board, Device};
use crate::fault::InjectedFault;

/// A model and its board.
pub(crate) struct Model {
    pub(crate) board: Board,
    pub(crate) device: Box<dyn Device>,
}

impl Model {
    pub(crate) fn elapse(&mut self, ns: u64) {
        self.board.now += ns;
        self.device.tick(&mut self.board);
    }

    /// Lets everything happen that only waits for time.
    pub(crate) fn catch_up(&mut self) {
        while let Some(due) = self.device.due() {
            self.board.now = self.board.now.max(due);
            self.device.tick(&mut self.board);
        }
    }

    pub(crate) fn step(&mut self) -> bool {
        if self.board.removed() {
            return false;
        }
        let struck =
            self.board.faults.has(InjectedFault::SpuriousDone) && self.device.spurious_done(&mut self.board);
        if struck {
            self.board.faults.strike(InjectedFault::SpuriousDone);
        }
        self.device.step(&mut self.board) || struck
    }

    pub(crate) fn check_unmap(&mut self, bus: u64, len: usize) {
        self.device.check_unmap(&mut self.board, bus, len);
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("now", &self.board.now).finish_non_exhaustive()
    }
}

/// A model that several handles share.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Mutex<Model>>);

impl Shared {
    pub(crate) fn new(device: Box<dyn Device>) -> Self {
        Self(Arc::new(Mutex::new(Model { board: Board::default(), device })))
    }

    /// Returns a number that no other model has while this one is there.
    pub(crate) fn id(&self) -> PortId {
        PortId(Arc::as_ptr(&self.0).addr())
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Model> {
        // A panic in one test thread must not hide what the model has to say in another.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
