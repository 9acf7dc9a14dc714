//! A test bed on a machine whose caches the controller does not see.

use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
use std::alloc::Layout;

use vmdq_hal::dma::Direction;

use crate::bouncing::Bouncing;
use crate::testbed::{Settled, Testbed, WireFrame};
use crate::violation::Violation;

/// Memory for copies: buffers for all pools of a controller.
const AREA: usize = 16 << 20;

/// A test bed whose controller has [copies](Bouncing) of the buffers. What is [placed](Testbed::place) is
/// coherent: descriptor rings.
///
/// # Examples
///
/// ```
/// use vmdq_sim::{Incoherent, Sim, Testbed};
///
/// let bed = Incoherent::new(Sim::i82576());
/// // A driver runs on `bed.platform()`, and in the end has forgotten nothing.
/// assert!(bed.mistakes().is_empty());
/// ```
#[derive(Debug)]
pub struct Incoherent<T: Testbed> {
    bed: T,
    memory: Bouncing<T::Dma>,
}

impl<T: Testbed> Incoherent<T> {
    /// Puts a controller on such a machine.
    #[must_use]
    pub fn new(bed: T) -> Self {
        let memory = Bouncing::new(bed.dma(), bed.alloc_bytes(AREA));
        Self { bed, memory }
    }

    /// Returns what the driver did against the contract of `DmaSpace`: [`Bouncing::mistakes`].
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        self.memory.mistakes()
    }
}

impl<T: Testbed> Deref for Incoherent<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.bed
    }
}

impl<T: Testbed> DerefMut for Incoherent<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.bed
    }
}

impl<T: Testbed> Testbed for Incoherent<T> {
    type Bus = T::Bus;
    type Dma = Bouncing<T::Dma>;
    type Delay = T::Delay;

    fn name(&self) -> &'static str {
        self.bed.name()
    }

    fn bus(&self) -> T::Bus {
        self.bed.bus()
    }

    fn dma(&self) -> Bouncing<T::Dma> {
        self.memory.clone()
    }

    fn delay(&self) -> T::Delay {
        self.bed.delay()
    }

    fn alloc(&self, layout: Layout) -> NonNull<u8> {
        self.bed.alloc(layout)
    }

    fn place<V: 'static>(&self, value: V) -> &'static mut V {
        let placed = self.bed.place(value);
        self.memory.coherent(&*placed);
        placed
    }

    fn inject(&mut self, frame: &[u8]) {
        self.bed.inject(frame);
    }

    fn settle(&mut self) -> Settled {
        self.bed.settle()
    }

    fn take_sent(&mut self) -> Vec<WireFrame> {
        self.bed.take_sent()
    }

    fn uncounted_drops(&self) -> u64 {
        self.bed.uncounted_drops()
    }

    fn may_swallow(&self, frame: &[u8]) -> bool {
        self.bed.may_swallow(frame)
    }

    fn mapped(&self) -> Vec<(u64, usize, Direction)> {
        self.bed.mapped()
    }

    fn violations(&self) -> Vec<Violation> {
        self.bed.violations()
    }
}
