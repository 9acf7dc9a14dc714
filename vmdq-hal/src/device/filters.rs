//! Exact address filters.

use super::Io;
use crate::index::{FilterIndex, PoolIndex};
use crate::platform::Platform;
use vmdq_core::MacAddress;

/// The receive address registers (RAL, RAH), each with the pool that its frames go to.
///
/// # Safety
///
/// See [`Model`](super::Model).
pub unsafe trait Filters: Copy {
    /// Adds a filter that sends an address to a pool; `entry` is at least 1 and free.
    fn add<P: Platform>(self, io: Io<'_, P>, entry: FilterIndex, address: MacAddress, pool: PoolIndex);

    /// Moves a filter to another pool, in one register write.
    fn redirect<P: Platform>(self, io: Io<'_, P>, entry: FilterIndex, address: MacAddress, pool: PoolIndex);

    /// Removes a filter.
    fn remove<P: Platform>(self, io: Io<'_, P>, entry: FilterIndex);
}
