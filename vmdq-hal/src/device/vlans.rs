//! 802.1Q tags on the way in.

use super::Io;
use crate::platform::Platform;

/// Removal of 802.1Q tags, and the VLAN filter tables, which are cleared and off: tags make no difference
/// to where a frame goes.
///
/// # Safety
///
/// See [`Model`](super::Model).
pub unsafe trait Vlans: Copy {
    /// Clears the VLAN filter tables. The receiver is off.
    fn clear<P: Platform>(self, io: Io<'_, P>);

    /// Has the controller remove tags, or leave them. The receiver is off; where pools decide, they follow
    /// when they are set up ([`Pools::enable`](super::Pools::enable)).
    fn strip<P: Platform>(self, io: Io<'_, P>, strip: bool);
}
