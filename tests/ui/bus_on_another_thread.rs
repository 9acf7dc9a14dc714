//! A ring goes to another core only if its bus does.

use std::rc::Rc;

use vmdq::bus::{Bus, Offset, PortId};
use vmdq::dma::Identity;
use vmdq::ring::RxRing;
use vmdq::{Host, WaitWith};

#[derive(Clone)]
struct Local(Rc<u32>);

unsafe impl Bus for Local {
    fn read32(&self, _: Offset) -> u32 {
        *self.0
    }
    unsafe fn write32(&self, _: Offset, _: u32) {}
    fn id(&self) -> PortId {
        PortId(0)
    }
}

fn elsewhere(rx: RxRing<Host<Local, Identity, WaitWith>>) {
    std::thread::spawn(move || drop(rx));
}

fn main() {}
