//! The test bed of a driver: registers, memory that the controller can access, a wire.

use core::ptr::NonNull;
use std::alloc::Layout;

use embedded_hal::delay::DelayNs;
use vmdq_hal::Host;
use vmdq_hal::bus::Bus;
use vmdq_hal::dma::{Direction, DmaSpace};

use crate::violation::Violation;

/// A controller on a test bed, of any implementation.
///
/// One body of driver and test code runs on the in-process models ([`Sim`](crate::Sim)) and on
/// QEMU's `igb` ([`Qemu`](crate::Qemu)).
pub trait Testbed {
    /// The register window.
    type Bus: Bus + Send + 'static;
    /// The DMA space of the controller.
    type Dma: DmaSpace + Send + 'static;
    /// The controller's time.
    type Delay: DelayNs + Clone + Send + 'static;

    /// Returns the name of the implementation: `"sim"` or `"qemu"`.
    fn name(&self) -> &'static str;

    /// Returns a handle to the registers.
    fn bus(&self) -> Self::Bus;

    /// Returns the DMA space through which the controller accesses memory.
    fn dma(&self) -> Self::Dma;

    /// Returns a delay that lets the controller's time pass.
    fn delay(&self) -> Self::Delay;

    /// Returns the platform from which the controller is driven.
    fn platform(&self) -> PlatformOf<Self>
    where
        Self: Sized,
    {
        self.platform_over(self.bus())
    }

    /// Returns the platform from which the controller is driven, over another bus to it.
    fn platform_over<B: Bus>(&self, bus: B) -> Host<B, Self::Dma, Self::Delay> {
        // SAFETY: the controller's time passes as long as the delay says.
        unsafe { Host::new(bus, self.dma(), self.delay()) }
    }

    /// Allocates zeroed memory that can be mapped for the controller; it is never freed.
    ///
    /// # Panics
    ///
    /// If the test bed's memory is used up.
    fn alloc(&self, layout: Layout) -> NonNull<u8>;

    /// Puts a value into allocated memory.
    fn place<T: 'static>(&self, value: T) -> &'static mut T {
        let at = self.alloc(Layout::new::<T>()).cast::<T>();
        // SAFETY: `alloc` returned fresh memory of this layout that is never freed.
        unsafe {
            at.write(value);
            &mut *at.as_ptr()
        }
    }

    /// Allocates `len` zeroed bytes, aligned to 4096.
    fn alloc_bytes(&self, len: usize) -> &'static mut [u8] {
        let at = self.alloc(Layout::from_size_align(len, 4096).expect("length overflows"));
        // SAFETY: `alloc` returned `len` fresh zeroed bytes that are never freed.
        unsafe { core::slice::from_raw_parts_mut(at.as_ptr(), len) }
    }

    /// Puts a frame (without FCS) on the wire towards the controller. It may wait there until
    /// [`settle`](Self::settle).
    fn inject(&mut self, frame: &[u8]);

    /// Lets the controller work until nothing is left to do.
    ///
    /// Every injected frame is then sorted or dropped, and every descriptor that software handed over is
    /// transmitted.
    fn settle(&mut self) -> Settled;

    /// Takes the frames that the controller has put on the wire since the last call, in order.
    fn take_sent(&mut self) -> Vec<WireFrame>;

    /// Returns how many frames this test bed dropped without counting them in any register, since the start.
    ///
    /// Always 0 on the models.
    fn uncounted_drops(&self) -> u64;

    /// Tells whether this test bed may throw a frame away that a controller would send. Never on the
    /// models.
    fn may_swallow(&self, frame: &[u8]) -> bool {
        let _ = frame;
        false
    }

    /// Returns what is mapped for the controller: bus address, length in bytes, and which way data moves.
    /// Nothing, once a driver has taken all of its memory back.
    fn mapped(&self) -> Vec<(u64, usize, Direction)>;

    /// Returns the driver's violations of the datasheet so far; always empty on QEMU, which does not check.
    fn violations(&self) -> Vec<Violation>;
}

/// The platform from which a controller on a test bed `T` is driven.
pub type PlatformOf<T> = Host<<T as Testbed>::Bus, <T as Testbed>::Dma, <T as Testbed>::Delay>;

/// How [`Testbed::settle`] ended.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Settled {
    /// Nothing is left to do.
    Idle,
    /// Frames wait on the wire: the receiver is off, or a queue without descriptors blocks.
    Blocked {
        /// How many frames wait, where the test bed knows.
        waiting: usize,
    },
}

/// A frame that the controller put on the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WireFrame {
    /// The frame without FCS.
    pub bytes: Vec<u8>,
    /// The transmit queue it came from, where the test bed knows (the models do).
    pub queue: Option<usize>,
}
