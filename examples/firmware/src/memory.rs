//! All memory of some size, in `static`s that are taken once without `unsafe`; on the stack it would be in the
//! way.

use static_cell::ConstStaticCell;
use vmdq::ring::{BufferMemory, RingMemory};

use crate::device::Device;
use crate::machine::VirtualMachine;

/// How many queues there are: the default one, and one for each virtual machine.
pub const QUEUES: usize = 4;
/// Descriptors of a ring.
const DESCRIPTORS: usize = 64;
/// Buffers of 2 KiB: the receive rings take one less than they have descriptors, and the rest is under way.
const BUFFERS: usize = QUEUES * DESCRIPTORS + 64;

/// What the controller reaches.
pub struct Memory {
    /// Receive rings.
    pub rx: [RingMemory<DESCRIPTORS>; QUEUES],
    /// Transmit rings.
    pub tx: [RingMemory<DESCRIPTORS>; QUEUES],
    /// Buffers of all queues.
    pub buffers: BufferMemory<BUFFERS, 2>,
}

/// All zeros, so that the image does not have it.
pub static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory {
    rx: [const { RingMemory::new() }; QUEUES],
    tx: [const { RingMemory::new() }; QUEUES],
    buffers: BufferMemory::new(),
});

/// What this program knows.
pub struct State {
    /// What runs on the default queue, then the virtual machines.
    pub machines: [VirtualMachine; QUEUES],
    /// The controller, while VMDq is on.
    pub device: Option<Device>,
}

/// The program's state.
pub static STATE: ConstStaticCell<State> =
    ConstStaticCell::new(State { machines: [const { VirtualMachine::new() }; QUEUES], device: None });
