//! What a driver reaches a model through: its register window, memory that is mapped for it, and its time.

use core::ptr::NonNull;

use embedded_hal::delay::DelayNs;
use vmdq_hal::bus::{Bus, Offset, PortId};
use vmdq_hal::dma::{Direction, DmaSpace};

use crate::model::Shared;

/// The register window of a model.
#[derive(Clone, Debug)]
pub struct SimBus(pub(crate) Shared);

// SAFETY: the address of what all handles share names the controller, and stays where it is; accesses
// are done one after the other.
unsafe impl Bus for SimBus {
    fn read32(&self, at: Offset) -> u32 {
        let model = &mut *self.0.lock();
        if model.board.removed() {
            return u32::MAX;
        }
        model.device.read(&mut model.board, at.bytes())
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        let model = &mut *self.0.lock();
        if !model.board.removed() {
            model.device.write(&mut model.board, at.bytes(), value);
            while model.board.eager && model.step() {}
        }
    }

    fn id(&self) -> PortId {
        self.0.id()
    }
}

/// Maps memory for a model.
#[derive(Clone, Debug)]
pub struct SimDma(pub(crate) Shared);

// SAFETY: a grant leads bus addresses `[a, a + len)` to exactly the mapped range until `unmap`
// (`Memory::reach`), and models run on the processor, so that its caches need no care.
unsafe impl DmaSpace for SimDma {
    fn map(&self, at: NonNull<u8>, len: usize, direction: Direction) -> Option<u64> {
        Some(self.0.lock().board.memory.map(at, len, direction))
    }

    unsafe fn unmap(&self, bus: u64, len: usize, _: Direction) {
        let mut model = self.0.lock();
        model.check_unmap(bus, len);
        let board = &mut model.board;
        board.memory.unmap(bus, len, &mut board.log);
    }
}

/// Lets a model's time pass.
#[derive(Clone, Debug)]
pub struct SimDelay(pub(crate) Shared);

impl DelayNs for SimDelay {
    fn delay_ns(&mut self, ns: u32) {
        self.0.lock().elapse(u64::from(ns));
    }
}
