//! The link.

use super::Io;
use crate::fault::Fault;
use crate::link::Link;
use crate::platform::Platform;

/// The link: bringing it up, and its state.
///
/// # Safety
///
/// See [`Model`](super::Model).
pub unsafe trait LinkControl: Copy {
    /// Starts bringing the link up; takes a second at most, however long firmware holds the PHY.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the device is gone or its PHY does not answer; the link may come up all the same.
    fn start<P: Platform>(self, io: Io<'_, P>) -> Result<(), Fault>;

    /// Reads the state of the link.
    fn state<P: Platform>(self, io: Io<'_, P>) -> Link;
}
