//! A descriptor ring: setting it up, enabling and disabling it, and knowing that it stopped.
//!
//! The address, length, head and tail of a ring are written while it is disabled. Head and tail are equal, so
//! that no descriptor belongs to the device yet. The control register (RXDCTL, TXDCTL) enables the ring. It
//! reads what the device does, not what was written, so a ring counts as enabled or disabled only when that
//! was read. Writes in flight when ENABLE clears still complete, within [`IN_FLIGHT`].
//!
//! A ring that reads as disabled proves that it was stopped only if it was seen enabled before: some
//! devices read 0 for other reasons. A register that no device decodes reads 0 as well: so the ring's length,
//! which is never 0, is read after ENABLE.

use super::regs::{RDT, RXDCTL, SharedRegs, TDT};
use crate::bus::Offset;
use crate::device::{RingKind, RingSetup, RingState};
use crate::fault::Fault;
use crate::index::RingIndex;
use crate::platform::Platform;
use crate::reg::io::Io;
use crate::reg::{Dma, Reg, RegArray};

/// Size of a descriptor in bytes.
const DESCRIPTOR: u32 = 16;
/// How often a ring's control register is polled.
const TRIES: u32 = 10;
/// Time between two polls, in microseconds.
const BETWEEN: u32 = 1000;
/// How long writes that are in flight when a ring stops take to complete, in microseconds.
pub const IN_FLIGHT: u32 = 100;
/// The bit of RXDCTL and TXDCTL that enables a ring.
const ENABLE: tock_registers::fields::Field<u32, ()> = RXDCTL::ENABLE;

// One field serves both directions.
const _: () = assert!(ENABLE.shift == super::regs::TXDCTL::ENABLE.shift && RDT::RDT.mask == TDT::TDT.mask);

/// The registers of a ring.
#[derive(Clone, Copy)]
pub struct Ring {
    base_low: Reg<(), Dma>,
    base_high: Reg<(), Dma>,
    length: Reg<(), Dma>,
    head: Reg<(), Dma>,
    tail: Reg<(), Dma>,
    control: Reg<(), Dma>,
}

impl Ring {
    /// Names the registers of a ring on a device.
    #[inline(always)]
    #[must_use]
    pub fn of<R: SharedRegs>(kind: RingKind, ring: RingIndex) -> Self {
        let i = ring.number();
        match kind {
            RingKind::Receive => Self {
                base_low: R::RDBAL.at(i),
                base_high: R::RDBAH.at(i),
                length: R::RDLEN.at(i),
                head: R::RDH.at(i),
                tail: R::RDT.at(i),
                control: R::RXDCTL.at(i),
            },
            RingKind::Transmit => Self {
                base_low: R::TDBAL.at(i),
                base_high: R::TDBAH.at(i),
                length: R::TDLEN.at(i),
                head: R::TDH.at(i),
                tail: R::TDT.at(i),
                control: R::TXDCTL.at(i),
            },
        }
    }

    /// Names the registers of a receive ring on a device.
    #[inline(always)]
    #[must_use]
    pub fn receive<R: SharedRegs>(ring: RingIndex) -> Self {
        Self::of::<R>(RingKind::Receive, ring)
    }

    /// Names the registers of a transmit ring on a device.
    #[inline(always)]
    #[must_use]
    pub fn transmit<R: SharedRegs>(ring: RingIndex) -> Self {
        Self::of::<R>(RingKind::Transmit, ring)
    }

    /// Returns where the tail is written.
    #[inline(always)]
    #[must_use]
    pub const fn tail(self) -> Offset {
        self.tail.offset()
    }

    /// Reads the tail.
    pub fn read_tail<P: Platform>(self, io: Io<'_, P>) -> u32 {
        self.tail.on(io).read(RDT::RDT)
    }

    /// Reads what the device says of the ring.
    pub fn state<P: Platform>(self, io: Io<'_, P>) -> RingState {
        RingState {
            head: self.head.on(io).read(RDT::RDT),
            tail: self.read_tail(io),
            enabled: ENABLE.is_set(self.control.on(io).get()),
        }
    }

    /// Gives the ring's memory to the device.
    ///
    /// `tail` says whether the tail can be written while the ring is disabled. Otherwise `setup.first` is
    /// what the tail reads.
    ///
    /// # Safety
    ///
    /// The ring was seen disabled, and its descriptors stay mapped at `setup.base` until that is seen again.
    pub unsafe fn hand_over<P: Platform>(self, io: Io<'_, P>, setup: RingSetup, tail: bool) {
        // SAFETY: the caller's promise.
        unsafe { self.base_low.on(io).give(setup.base as u32) };
        // SAFETY: the caller's promise.
        unsafe { self.base_high.on(io).give((setup.base >> 32) as u32) };
        // SAFETY: the caller's promise: the ring has that many descriptors.
        unsafe { self.length.on(io).give(setup.descriptors * DESCRIPTOR) };
        // SAFETY: the ring is disabled; head and tail are going to be equal.
        unsafe { self.head.on(io).give(setup.first) };
        if tail {
            // SAFETY: head and tail are equal: no descriptor belongs to the device.
            unsafe { self.tail.on(io).give(setup.first) };
        }
    }

    /// Writes the control register without ENABLE.
    pub fn turn_off<P: Platform>(self, io: Io<'_, P>, control: u32) {
        // SAFETY: without ENABLE the device uses less memory than before, never more.
        unsafe { self.control.on(io).give(control & !ENABLE.val(1).value) };
    }

    /// Clears ENABLE and leaves the rest of the control register.
    pub fn clear_enable<P: Platform>(self, io: Io<'_, P>) {
        let control = self.control.on(io).get();
        self.turn_off(io, control);
    }

    /// Enables the ring, with `control` as the rest of its control register.
    ///
    /// # Safety
    ///
    /// The ring was [handed over](Self::hand_over), and the promise made there holds.
    pub unsafe fn enable<P: Platform>(self, io: Io<'_, P>, control: u32) {
        // SAFETY: the caller's promise.
        unsafe { self.control.on(io).give(control | ENABLE.val(1).value) };
    }

    /// Waits until the ring reports that it is enabled, 10 ms at most.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the device is gone or does not report it.
    pub fn see_enabled<P: Platform>(self, io: Io<'_, P>) -> Result<(), Fault> {
        io.until(self.control, TRIES, BETWEEN, |value| ENABLE.is_set(value)).map(|_| ())
    }

    /// Waits until the ring reports that it is disabled, 10 ms at most.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the device is gone or does not report it.
    pub fn see_disabled<P: Platform>(self, io: Io<'_, P>) -> Result<(), Fault> {
        io.until(self.control, TRIES, BETWEEN, |value| !ENABLE.is_set(value)).map(|_| ())
    }

    /// Disables the ring and waits until it reads as disabled.
    ///
    /// Writes in flight may still complete ([`IN_FLIGHT`]). A ring that was not `seen` enabled has to read as
    /// enabled first, because a 0 that was there before would prove nothing. Then `seen` is set, so that
    /// another try can succeed with a ring that is slow to stop.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the device is gone, its window is not decoded, or the ring was not seen enabled and then
    /// disabled.
    pub fn disable<P: Platform>(self, io: Io<'_, P>, seen: &mut bool) -> Result<(), Fault> {
        if !*seen {
            io.until(self.control, 1, 1, |value| ENABLE.is_set(value))?;
            *seen = true;
        }
        self.clear_enable(io);
        self.see_disabled(io)?;
        // Not 0 because no device decodes the window any more, while it goes on writing to memory.
        io.until(self.length, 0, 0, |value| value != 0).map(|_| ())
    }

    /// Waits until the device has sent what a transmit ring holds, 10 ms at most.
    ///
    /// Without a link the device never sends it.
    pub fn drain<P: Platform>(self, io: Io<'_, P>) {
        let last = self.tail.on(io).get();
        let _ = io.until(self.head, TRIES, BETWEEN, |value| value == last);
    }
}

/// Writes 0 to the control register of every ring, so that none is enabled again.
pub fn turn_all_off<P: Platform>(io: Io<'_, P>, controls: RegArray<(), Dma>) {
    for ring in 0..controls.len() {
        // SAFETY: without ENABLE the device uses less memory than before, never more.
        unsafe { controls.at(ring).on(io).give(0) };
    }
}
