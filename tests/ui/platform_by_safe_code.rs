//! A machine is relied on: it is implemented by `unsafe` alone, and so are its parts.

use core::ptr::NonNull;

use vmdq::Platform;
use vmdq::bus::{Bus, Mmio, Offset, PortId};
use vmdq::dma::{Direction, DmaSpace, Identity};

#[derive(Clone)]
struct Machine(Mmio, Identity);

impl Platform for Machine {
    type Bus = Mmio;
    type Dma = Identity;

    fn bus(&self) -> &Mmio {
        &self.0
    }
    fn dma(&self) -> &Identity {
        &self.1
    }
    fn wait_us(&self, _: u32) {}
}

#[derive(Clone)]
struct Nowhere;

impl Bus for Nowhere {
    fn read32(&self, _: Offset) -> u32 {
        0
    }
    unsafe fn write32(&self, _: Offset, _: u32) {}
    fn id(&self) -> PortId {
        PortId(0)
    }
}

impl DmaSpace for Nowhere {
    fn map(&self, _: NonNull<u8>, _: usize, _: Direction) -> Option<u64> {
        Some(0)
    }
}

fn main() {}
