//! An error that brings back what was passed.

use core::fmt;

/// Why something was not done, and the move-only value that was passed for it.
///
/// It is itself an error for any type of value, so that `?` carries it whole into `Box<dyn Error>`, and
/// the value with it.
///
/// # Examples
///
/// ```
/// use vmdq_hal::{Gone, Refused};
///
/// struct Slot; // no Debug
///
/// fn use_up(slot: Slot) -> Result<(), Refused<Gone, Slot>> {
///     Err(Refused::new(Gone, slot))
/// }
///
/// fn main_loop() -> Result<(), Box<dyn std::error::Error>> {
///     if let Err(Refused { error: Gone, value: slot }) = use_up(Slot) {
///         use_up(slot)?; // once more
///     }
///     Ok(())
/// }
///
/// assert!(main_loop().unwrap_err().is::<Refused<Gone, Slot>>());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refused<E, T> {
    /// Why.
    pub error: E,
    /// What was passed.
    pub value: T,
}

impl<E, T> Refused<E, T> {
    /// Joins an error and what was passed.
    #[must_use]
    pub const fn new(error: E, value: T) -> Self {
        Self { error, value }
    }

    /// Keeps the error and drops the value. Dropping a buffer, a slot or memory loses it.
    #[must_use]
    pub fn into_error(self) -> E {
        self.error
    }

    /// Keeps the value and drops the error.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }

    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Refused<E, U> {
        Refused { error: self.error, value: change(self.value) }
    }
}

impl<E: fmt::Debug, T> fmt::Debug for Refused<E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("error", &self.error).finish_non_exhaustive()
    }
}
impl<E: fmt::Display, T> fmt::Display for Refused<E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}
impl<E: core::error::Error, T> core::error::Error for Refused<E, T> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.error.source()
    }
}
#[cfg(feature = "defmt")]
impl<E: defmt::Format, T> defmt::Format for Refused<E, T> {
    fn format(&self, f: defmt::Formatter<'_>) {
        self.error.format(f);
    }
}
