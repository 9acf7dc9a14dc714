//! What a driver needs from the machine that it runs on: registers, memory and time.

use core::cell::RefCell;

use embedded_hal::delay::DelayNs;

use crate::bus::Bus;
use crate::dma::DmaSpace;

/// The machine that drives a port: access to its registers, the map of memory for its DMA, and a clock.
///
/// They are one value because a port, its pools and its rings need them together. [`Host`] makes one from
/// ready-made parts.
///
/// # Safety
///
/// - [`bus`](Self::bus) and [`dma`](Self::dma) belong together: the map is that of the controller whose
///   registers the bus reaches. They always return handles to the same two, those of a clone as well.
/// - [`wait_us`](Self::wait_us) returns no earlier than it says: memory that a stopped queue had is
///   released after such a wait, in which writes that the controller has in flight complete.
/// - No method panics but [`is_bus_master`](Self::is_bus_master), which is called while the device has no
///   memory.
pub unsafe trait Platform: Clone {
    /// The bus to the controller's registers.
    type Bus: Bus;
    /// The map of memory for the controller.
    type Dma: DmaSpace;

    /// Returns the bus to the controller's registers.
    fn bus(&self) -> &Self::Bus;

    /// Returns the map of memory for the controller.
    fn dma(&self) -> &Self::Dma;

    /// Waits for at least `micros` microseconds.
    fn wait_us(&self, micros: u32);

    /// Tells whether the PCI function may start DMA (bus master enable of its command register), where
    /// the platform can see it.
    ///
    /// Without it the link comes up but no frame ever arrives. [`Port::init`](crate::Port::init) reports it
    /// where it is known.
    fn is_bus_master(&self) -> Option<bool> {
        None
    }
}

/// A [`Platform`] that is made of a bus, a DMA space and a clock.
///
/// # Examples
///
/// ```no_run
/// use core::ptr::NonNull;
/// use vmdq_hal::bus::Mmio;
/// use vmdq_hal::dma::Identity;
/// use vmdq_hal::{Host, WaitWith};
///
/// fn wait_us(micros: u32) {
///     // Such as a loop over a timer of the processor.
/// #   let _ = micros;
/// }
///
/// fn host(registers: NonNull<u32>) -> Host<Mmio, Identity, WaitWith> {
///     // SAFETY: BAR 0 of the controller is mapped here, for this driver alone.
///     let bus = unsafe { Mmio::new(registers) };
///     // SAFETY: no IOMMU, identity paging, coherent caches.
///     let dma = unsafe { Identity::new() };
///     // SAFETY: `wait_us` waits as long as it is asked to.
///     unsafe { Host::new(bus, dma, WaitWith(wait_us)) }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Host<B, D, W, F = fn() -> bool> {
    bus: B,
    dma: D,
    clock: W,
    bus_master: Option<F>,
}

impl<B: Bus, D: DmaSpace, W: DelayNs + Clone> Host<B, D, W> {
    /// Makes a platform of its parts.
    ///
    /// # Safety
    ///
    /// - `dma` is the map of the controller that `bus` reaches.
    /// - `clock`, and each clone of it, waits at least as long as it is asked to, and does not panic.
    #[must_use]
    pub const unsafe fn new(bus: B, dma: D, clock: W) -> Self {
        Self { bus, dma, clock, bus_master: None }
    }

    /// Lets [`Port::init`](crate::Port::init) ask whether the PCI function may start DMA: `bus_master`
    /// reads bus master enable in its command register. A closure may hold the access to it.
    ///
    /// # Panics
    ///
    /// `init` panics if `bus_master` does.
    ///
    /// # Examples
    ///
    /// ```
    /// use vmdq_hal::bus::Mmio;
    /// use vmdq_hal::dma::Identity;
    /// use vmdq_hal::{Host, Platform, WaitWith};
    ///
    /// /// `command` reads the command register of the controller's function.
    /// fn watched(
    ///     host: Host<Mmio, Identity, WaitWith>,
    ///     command: impl Fn() -> u16 + Clone,
    /// ) -> impl Platform {
    ///     host.with_bus_master(move || command() & 1 << 2 != 0)
    /// }
    /// ```
    #[must_use]
    pub fn with_bus_master<F: Fn() -> bool + Clone>(self, bus_master: F) -> Host<B, D, W, F> {
        let Self { bus, dma, clock, .. } = self;
        Host { bus, dma, clock, bus_master: Some(bus_master) }
    }
}

// SAFETY: `bus` and `dma` are fields, whose clones are handles to the same (contracts of `Bus` and
// `DmaSpace`); the clock is the promise of `Host::new`.
unsafe impl<B: Bus, D: DmaSpace, W: DelayNs + Clone, F: Fn() -> bool + Clone> Platform for Host<B, D, W, F> {
    type Bus = B;
    type Dma = D;

    #[inline(always)]
    fn bus(&self) -> &B {
        &self.bus
    }

    #[inline(always)]
    fn dma(&self) -> &D {
        &self.dma
    }

    fn wait_us(&self, micros: u32) {
        self.clock.clone().delay_us(micros);
    }

    fn is_bus_master(&self) -> Option<bool> {
        self.bus_master.as_ref().map(|asked| asked())
    }
}

/// A clock that is a function, which waits for a number of microseconds.
#[derive(Clone, Copy, Debug)]
pub struct WaitWith(pub fn(u32));

impl DelayNs for WaitWith {
    fn delay_ns(&mut self, ns: u32) {
        (self.0)(ns.div_ceil(1000));
    }

    fn delay_us(&mut self, us: u32) {
        (self.0)(us);
    }
}

/// A clock that is shared by reference, for delays of `embedded-hal` that can't be cloned.
///
/// # Panics
///
/// A wait panics while the cell is borrowed. That the program keeps no borrow while the driver works is part
/// of what it promises to [`Host::new`].
#[derive(Clone, Copy, Debug)]
pub struct SharedDelay<'d, D>(pub &'d RefCell<D>);

impl<D: DelayNs> DelayNs for SharedDelay<'_, D> {
    fn delay_ns(&mut self, ns: u32) {
        self.0.borrow_mut().delay_ns(ns);
    }

    fn delay_us(&mut self, us: u32) {
        self.0.borrow_mut().delay_us(us);
    }
}

#[cfg(test)]
mod tests {
    use core::ptr::NonNull;

    use super::*;
    use crate::bus::Mmio;
    use crate::dma::Identity;

    #[test]
    fn bus_mastering_is_asked_for_each_time() {
        // SAFETY: no register is read or written.
        let bus = unsafe { Mmio::new(NonNull::dangling()) };
        // SAFETY: nothing is mapped.
        let dma = unsafe { Identity::new() };
        // SAFETY: nobody waits.
        let host = unsafe { Host::new(bus, dma, WaitWith(|_| {})) };
        assert_eq!(host.is_bus_master(), None);
        let on = core::cell::Cell::new(false);
        let host = host.with_bus_master(|| on.get());
        assert_eq!(host.is_bus_master(), Some(false));
        on.set(true);
        assert_eq!(host.clone().is_bus_master(), Some(true));
    }
}
