//! What the device counts.

use super::Io;
use crate::platform::Platform;
use crate::statistics::Statistics;

/// The device's counters, each of which a read clears.
///
/// # Safety
///
/// See [`Model`](super::Model).
pub unsafe trait Counters: Copy {
    /// Adds what the device counted since the last call; nothing if it is gone.
    fn add_to<P: Platform>(self, io: Io<'_, P>, statistics: &mut Statistics);
}
