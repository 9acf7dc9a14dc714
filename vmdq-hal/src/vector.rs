//! MSI-X vectors.
//!
//! The platform programs the MSI-X table of the PCI function; here a vector is told apart from the
//! others, routed ([`Port::route`](crate::Port::route)), masked and unmasked. A vector writes only
//! write-one registers, so that it can be used on the core that it interrupts.

use core::fmt;
use core::marker::PhantomData;

use crate::bus::{Bus, PortId};
use crate::controller::{Controller, OTHERS};

/// One MSI-X vector of a port: move-only.
#[must_use = "a dropped vector is gone until the port is made anew"]
pub struct Vector<C, B> {
    bus: B,
    index: u8,
    /// The queues that are routed here, as a set, with `OTHERS` for all other causes.
    queues: u64,
    controller: PhantomData<fn() -> C>,
}

impl<C: Controller, B: Bus> Vector<C, B> {
    pub(crate) fn new(bus: B, index: u8) -> Self {
        Self { bus, index, queues: 0, controller: PhantomData }
    }

    /// Returns the vector's place in the MSI-X table.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index as usize
    }

    pub(crate) fn port(&self) -> PortId {
        self.bus.id()
    }

    pub(crate) fn serves(&mut self, queue: usize) {
        self.queues |= 1 << queue;
    }

    pub(crate) fn serves_others(&mut self) {
        self.queues |= OTHERS;
    }

    /// Lets the vector interrupt.
    ///
    /// Once: the device masks the queue causes that fired, until this is called again. (The cause for
    /// all other events of the 82598 stays unmasked; QEMU's `igb` masks nothing.)
    pub fn unmask(&self) {
        C::unmask(&self.bus, self.mask_bits());
    }

    /// Keeps the vector from interrupting.
    pub fn mask(&self) {
        C::mask(&self.bus, self.mask_bits());
    }

    /// Raises the vector by software.
    pub fn fire(&self) {
        C::fire(&self.bus, self.mask_bits());
    }

    fn mask_bits(&self) -> u32 {
        C::vector_mask(&self.bus, self.index, self.queues)
    }
}

impl<C, B> fmt::Debug for Vector<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Vector").field(&self.index).finish()
    }
}
