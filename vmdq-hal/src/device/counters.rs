//! The device's statistics counters.

use super::Io;
use crate::platform::Platform;
use crate::statistics::Statistics;

/// The device's statistics counters, which clear on read.
///
/// # Safety
///
/// See [`Model`](super::Model).
pub unsafe trait Counters: Copy {
    /// Adds what the device counted since the last call, or nothing if the device is gone.
    fn add_to<P: Platform>(self, io: Io<'_, P>, statistics: &mut Statistics);
}
