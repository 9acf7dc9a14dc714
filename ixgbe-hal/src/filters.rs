//! Exact address filters: the receive addresses, each with its pool.
//!
//! An entry is a pair of registers. RAL has bytes 0 to 3 of the address, little endian; RAH bytes 4 and 5, on
//! the 82598 the pool (VIND, bits 21:18), and AV, which makes the entry valid. The 82598 has 16 entries, of
//! which entry 0 is the port's own address, loaded from NVM: no filter slot.
//!
//! Order: RAL, then RAH with pool and AV in one write, so that the entry is complete when it becomes valid; the
//! datasheet asks for the pool before AV, which one write satisfies. A filter is moved by one write of RAH.
//! When it is removed, RAH is cleared first, because half an address must not match. After an interruption at
//! any write the device has the old table or the new one.
//!
//! Traps: a reset does not clear the entries, so that addresses of earlier software would match; all but entry
//! 0 are cleared at initialisation (`life`), and the pool of entry 0 is set when VMDq is turned on
//! (`pools`). On the 82599 an entry names a set of pools in two registers more (MPSAR), and its receive
//! addresses stand where the 82598 has its VLAN table.
//!
//! Facts: "Intel 82598EB 10 Gigabit Ethernet Controller Datasheet", PDF page 333 (RAH); `FACTS.md` sections 1.4
//! and 2.6.

use vmdq_hal::device::shared::filters::Entry;
use vmdq_hal::device::{Filters, Io};
use vmdq_hal::{FilterIndex, MacAddress, Platform, PoolIndex};

use crate::model::{Hooks, Ixgbe};

// SAFETY: the two registers of the entry and no other are written; they name no memory.
unsafe impl<M: Hooks> Filters for Ixgbe<M> {
    fn add<P: Platform>(self, io: Io<'_, P>, entry: FilterIndex, address: MacAddress, pool: PoolIndex) {
        Entry::of::<M::Shared>(entry).add(io, address, M::destination(pool).value);
    }

    fn redirect<P: Platform>(self, io: Io<'_, P>, entry: FilterIndex, address: MacAddress, pool: PoolIndex) {
        Entry::of::<M::Shared>(entry).redirect(io, address, M::destination(pool).value);
    }

    fn remove<P: Platform>(self, io: Io<'_, P>, entry: FilterIndex) {
        Entry::of::<M::Shared>(entry).remove(io);
    }
}
