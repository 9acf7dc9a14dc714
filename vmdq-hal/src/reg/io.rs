//! Access to a device's registers for the sequences of a family crate, and bounded waits.

use super::{PureRead, Reg};
use crate::bus::{Bus, Offset};
use crate::fault::{Fault, TimedOut};
use crate::platform::Platform;

/// The right to read and write a device's registers.
///
/// A register token can't be used without it, and only this crate makes it, for the duration of one
/// operation on a port. So no program without `unsafe` writes registers that the port manages.
#[derive(Debug)]
pub struct Io<'p, P>(&'p P);

impl<P> Clone for Io<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for Io<'_, P> {}

impl<'p, P: Platform> Io<'p, P> {
    /// Grants access to the registers behind a platform: for debuggers and tests.
    ///
    /// # Safety
    ///
    /// The holder writes no register in a way that lets the controller access memory that it was not
    /// given, or that changes what a port on the same registers relies on.
    #[inline(always)]
    #[must_use]
    pub const unsafe fn new(platform: &'p P) -> Self {
        Self(platform)
    }

    #[inline(always)]
    pub(crate) fn bus(self) -> &'p P::Bus {
        self.0.bus()
    }

    #[inline(always)]
    pub(crate) fn read32(self, at: Offset) -> u32 {
        self.bus().read32(at)
    }

    #[inline(always)]
    pub(crate) fn write32(self, at: Offset, value: u32) {
        // SAFETY: whoever made this `Io` answers for what is written (`Io::new`); registers that hand
        // memory to the device are reached through the unsafe `give` alone.
        unsafe { self.bus().write32(at, value) };
    }

    /// Waits for at least `micros` microseconds.
    #[inline(always)]
    pub fn wait_us(self, micros: u32) {
        self.0.wait_us(micros);
    }

    /// Reads a register until it is `done`, and returns the value.
    ///
    /// After the first read there are at most `tries` more, with `micros` microseconds before each.
    ///
    /// # Errors
    ///
    /// [`Fault::TimedOut`] with the last value if it never was `done`, [`Fault::Gone`] if the value is
    /// all ones: then no bit of it means anything.
    pub fn until<T, A: PureRead>(
        self,
        register: Reg<T, A>,
        tries: u32,
        micros: u32,
        done: impl Fn(u32) -> bool,
    ) -> Result<u32, Fault> {
        self.until_with(register.offset(), tries, micros, || self.read32(register.offset()), done)
    }

    /// Waits as [`until`](Self::until) does, for a value at `at` that takes more than one read.
    ///
    /// # Errors
    ///
    /// As [`until`](Self::until).
    pub fn until_with(
        self,
        at: Offset,
        tries: u32,
        micros: u32,
        read: impl Fn() -> u32,
        done: impl Fn(u32) -> bool,
    ) -> Result<u32, Fault> {
        let mut left = tries;
        loop {
            let value = read();
            if value != u32::MAX && done(value) {
                return Ok(value);
            }
            if left == 0 {
                return Err(match value {
                    u32::MAX => Fault::Gone,
                    value => Fault::TimedOut(TimedOut { register: at, value }),
                });
            }
            left -= 1;
            self.wait_us(micros);
        }
    }
}
