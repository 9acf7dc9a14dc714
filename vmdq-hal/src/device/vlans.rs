//! 802.1Q tags of received frames.

use super::Io;
use crate::platform::Platform;

/// Removal of 802.1Q tags, and the VLAN filter tables.
///
/// The tables are cleared and off: tags make no difference to where a frame goes.
///
/// # Safety
///
/// See [`Model`](super::Model).
pub unsafe trait Vlans: Copy {
    /// Clears the VLAN filter tables. The receiver is off.
    fn clear<P: Platform>(self, io: Io<'_, P>);

    /// Sets whether the controller removes tags; the receiver is off.
    ///
    /// On devices where each pool has its own setting, [`Pools::enable`](super::Pools::enable) sets that.
    fn strip<P: Platform>(self, io: Io<'_, P>, strip: bool);
}
