//! What a driver needs in order to be tried: registers, memory that the controller reaches, a wire.

use core::ptr::NonNull;
use std::alloc::Layout;

use embedded_hal::delay::DelayNs;
use vmdq_hal::Host;
use vmdq_hal::bus::Bus;
use vmdq_hal::dma::{Direction, DmaSpace};

use crate::violation::Violation;

/// A controller on a test bed, whatever stands behind it.
///
/// One body of driver and test code runs on the in-process models ([`Sim`](crate::Sim)) and on
/// QEMU's `igb` ([`Qemu`](crate::Qemu)).
pub trait Testbed {
    /// The register window.
    type Bus: Bus + Send + 'static;
    /// How the controller reaches lent memory.
    type Dma: DmaSpace + Send + 'static;
    /// Time as the controller knows it.
    type Delay: DelayNs + Clone + Send + 'static;

    /// Returns the name of what stands behind: `"sim"` or `"qemu"`.
    fn name(&self) -> &'static str;

    /// Returns a handle to the registers.
    fn bus(&self) -> Self::Bus;

    /// Returns the map through which the controller reaches memory.
    fn dma(&self) -> Self::Dma;

    /// Returns a delay that lets the controller's time pass.
    fn delay(&self) -> Self::Delay;

    /// Returns the machine that the controller is driven from.
    fn platform(&self) -> PlatformOf<Self>
    where
        Self: Sized,
    {
        self.platform_over(self.bus())
    }

    /// Returns the machine that the controller is driven from, over a bus that leads to it.
    fn platform_over<B: Bus>(&self, bus: B) -> Host<B, Self::Dma, Self::Delay> {
        // SAFETY: the controller's time passes as long as the delay says.
        unsafe { Host::new(bus, self.dma(), self.delay()) }
    }

    /// Lends zeroed memory that the controller can be given. It is never taken back.
    ///
    /// # Panics
    ///
    /// If the test bed's memory is used up.
    fn lend(&self, layout: Layout) -> NonNull<u8>;

    /// Puts a value into lent memory.
    fn place<T: 'static>(&self, value: T) -> &'static mut T {
        let at = self.lend(Layout::new::<T>()).cast::<T>();
        // SAFETY: `lend` returned fresh memory of this layout that is never taken back.
        unsafe {
            at.write(value);
            &mut *at.as_ptr()
        }
    }

    /// Lends `len` zeroed bytes, aligned to 4096.
    fn lend_bytes(&self, len: usize) -> &'static mut [u8] {
        let at = self.lend(Layout::from_size_align(len, 4096).expect("length overflows"));
        // SAFETY: `lend` returned `len` fresh zeroed bytes that are never taken back.
        unsafe { core::slice::from_raw_parts_mut(at.as_ptr(), len) }
    }

    /// Puts a frame (without FCS) on the wire towards the controller. It may wait there until
    /// [`settle`](Self::settle).
    fn inject(&mut self, frame: &[u8]);

    /// Lets the controller work until it has nothing left that it could do: every injected frame
    /// sorted or dropped, every descriptor that software handed over transmitted.
    fn settle(&mut self) -> Settled;

    /// Takes the frames that the controller has put on the wire since the last call, in order.
    fn take_sent(&mut self) -> Vec<Sent>;

    /// Returns the frames that this test bed dropped without any counter of the controller telling
    /// so, since the start. Always 0 on the models.
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

    /// Returns what the driver did against the datasheet so far. Always empty on QEMU, which does
    /// not check.
    fn violations(&self) -> Vec<Violation>;
}

/// The machine that a controller on a test bed `T` is driven from.
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
pub struct Sent {
    /// The frame without FCS.
    pub bytes: Vec<u8>,
    /// The transmit queue it came from, where the test bed knows (the models do).
    pub queue: Option<usize>,
}
