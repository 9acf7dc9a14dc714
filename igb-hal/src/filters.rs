//! Exact address filters: RAL and RAH (FACTS.md sections 2.3 and 3.6).
//!
//! 16 entries on the 82575, 24 on the 82576 (the last 8 in a window of their own). Each holds an address,
//! where it leads, and AV, which makes it count. Entry 0 is the port's own address, loaded from NVM, which
//! PAUSE frames are matched against as well: it is no filter and is never freed.
//!
//! Where an entry leads is in RAH and differs by generation: the 82575 has two bits with the number of one
//! queue (QSEL), the 82576 eight bits with a set of pools (POOLSEL). This driver leads an address to one
//! pool on both. The same address in two entries would unite pools on the 82576 and is undocumented on the
//! 82575, so the filter table above refuses it.
//!
//! The order of writes is RAL, a read, RAH; RAH alone to lead an address elsewhere; RAH, then RAL to remove
//! it. A change "takes effect on a packet boundary but not at a precise time" (*82575EB Software Developer's
//! Manual*, page 121): frames that are in the packet buffer already still go the old way.

use vmdq_hal::device::shared::filters::Entry;
use vmdq_hal::device::{Filters, Io};
use vmdq_hal::{FilterIndex, MacAddress, Platform, PoolIndex};

use crate::model::{Hooks, Igb};

// SAFETY: the sequences write RAL and RAH of their own entry, and hand no memory over.
unsafe impl<M: Hooks> Filters for Igb<M> {
    fn add<P: Platform>(self, io: Io<'_, P>, entry: FilterIndex, address: MacAddress, pool: PoolIndex) {
        Entry::of::<M::Shared>(entry).add(io, address, M::destination(pool));
    }

    fn redirect<P: Platform>(self, io: Io<'_, P>, entry: FilterIndex, address: MacAddress, pool: PoolIndex) {
        Entry::of::<M::Shared>(entry).redirect(io, address, M::destination(pool));
    }

    fn remove<P: Platform>(self, io: Io<'_, P>, entry: FilterIndex) {
        Entry::of::<M::Shared>(entry).remove(io);
    }
}
