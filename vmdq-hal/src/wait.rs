//! Bounded waits, for the family crates.

use crate::bus::Offset;
use crate::controller::TimedOut;
use embedded_hal::delay::DelayNs;

/// Reads until `done`, at most `tries` times with `micros` microseconds between.
///
/// # Errors
///
/// [`TimedOut`] with the last value seen if it never was `done`. All ones never are: then the
/// device is gone, and no bit of the answer means anything.
pub fn until(
    at: Offset,
    tries: u32,
    micros: u32,
    delay: &mut impl DelayNs,
    read: impl Fn() -> u32,
    done: impl Fn(u32) -> bool,
) -> Result<(), TimedOut> {
    let mut value = read();
    for _ in 0..tries {
        if value != u32::MAX && done(value) {
            return Ok(());
        }
        delay.delay_us(micros);
        value = read();
    }
    if value != u32::MAX && done(value) { Ok(()) } else { Err(TimedOut { register: at, value }) }
}
